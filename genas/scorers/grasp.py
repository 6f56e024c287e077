"""Ranks untrained networks by how removing weights would change the flow of gradients."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Grasp(ProbeScorer):
    """Minus the sum over all weights of weight x (Hessian x gradient).

    Source: Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow" (ICLR 2020), eq. 8, as a
    score by Abdelfattah et al. (ICLR 2021), with temperature 1 and one batch. It varies strongly with the seed:
    on NAS-Bench-201 cells two published runs agree to a Spearman of .70.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "grasp"
    metric: ClassVar[Metric] = Metric("grasp")
    cost: ClassVar[float] = 1.0
