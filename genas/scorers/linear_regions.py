"""Ranks untrained networks by how many linear pieces they are made of between examples."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class LinearRegions(ProbeScorer):
    """The log of how many borders of linear regions a straight line between two examples crosses.

    Source: Chen et al. (TE-NAS, ICLR 2021), section 3.1.2, counts the distinct activation patterns of inputs of 3x3
    pixels in a tiny network; the network as it stands tells all inputs apart, so here the switches along two lines of
    16 points are counted, as in Hanin & Rolnick, "Complexity of Linear Regions in Deep Networks" (ICML 2019). Graphs
    and texts fail: there is no line between them.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "linear_regions"
    metric: ClassVar[Metric] = Metric("linear_regions")
    cost: ClassVar[float] = 0.5
