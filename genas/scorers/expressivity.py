"""Ranks untrained networks by how many independent directions their features have; a part of AZ-NAS."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Expressivity(ProbeScorer):
    """The sum over blocks of the entropy of the spectrum of their features.

    Source: Lee & Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search" (CVPR 2024), eqs. 1 to 3,
    on Gaussian inputs and weights after Kaiming. Blocks are the longest list of composite modules; a network that is no
    chain of blocks fails.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "expressivity"
    metric: ClassVar[Metric] = Metric("expressivity")
    cost: ClassVar[float] = 0.5
