"""Ranks untrained networks by how much the loss hangs on their single weights."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Snip(ProbeScorer):
    """The sum over all weights of |weight x gradient of the loss|.

    Source: Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity" (ICLR 2019), eq. 5, summed
    over the weights as a score by Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS" (ICLR 2021). Not
    normalised; weights are the parameters of two or more dimensions.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "snip"
    metric: ClassVar[Metric] = Metric("snip")
    cost: ClassVar[float] = 0.4
