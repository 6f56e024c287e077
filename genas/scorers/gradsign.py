"""Ranks untrained networks by how much single examples agree on the direction of training."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class GradSign(ProbeScorer):
    """The sum over weights of |sum over examples of the sign of the loss's gradient|.

    Source: Zhang & Jia, "GradSign: Model Performance Inference with Theoretical Insights" (ICLR 2022), algorithm 1, on
    up to 16 examples. Batch norms hold the statistics of the batch, where the authors' code normalises each example by
    itself.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "gradsign"
    metric: ClassVar[Metric] = Metric("gradsign")
    cost: ClassVar[float] = 2.0
