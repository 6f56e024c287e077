"""Ranks untrained networks by how well gradients keep their size from block to block; a part of AZ-NAS."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Trainability(ProbeScorer):
    """The mean over blocks of 2 - s - 1/s, s the estimated spectral norm of the block's Jacobian.

    Source: Lee & Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search" (CVPR 2024), eqs. 5 to 9;
    see `expressivity` for the features. A block that changes nothing is a failed score, where the authors give minus
    infinity. The fourth part, complexity, is `flops`.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "trainability"
    metric: ClassVar[Metric] = Metric("trainability")
    cost: ClassVar[float] = 0.5
