"""Ranks untrained networks by how much their features gain from block to block; a part of AZ-NAS."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Progressivity(ProbeScorer):
    """The smallest gain of a block over the one before, in the entropy of the spectrum of its features.

    Source: Lee & Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search" (CVPR 2024), eq. 4; see
    `expressivity` for the features.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "progressivity"
    metric: ClassVar[Metric] = Metric("progressivity")
    cost: ClassVar[float] = 0.5
