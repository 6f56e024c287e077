"""Ranks untrained networks by how large and even the gradients of single examples are."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Zico(ProbeScorer):
    """The sum over layers of log of the sum over weights of mean / spread of the gradient's size.

    Source: Li et al., "ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients" (ICLR 2023), eq. 15. Mean
    and spread are over single examples, as in the paper's theory, where its code takes two batches.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "zico"
    metric: ClassVar[Metric] = Metric("zico")
    cost: ClassVar[float] = 2.0
