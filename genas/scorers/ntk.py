"""Ranks untrained networks by the condition number of their neural tangent kernel."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Ntk(ProbeScorer):
    """The largest over the smallest eigenvalue of the tangent kernel of the summed outputs; small is good.

    Source: Chen et al., "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
    Perspective" (TE-NAS, ICLR 2021), eq. 4, on up to 16 examples and one draw of weights. Batch norms hold the
    statistics of the batch.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "ntk"
    metric: ClassVar[Metric] = Metric("ntk", goal="min")
    cost: ClassVar[float] = 2.0
