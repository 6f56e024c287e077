"""Ranks untrained networks by the sum of weight x gradient; a baseline."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Plain(ProbeScorer):
    """The sum over all weights of weight x gradient of the loss.

    Source: Mozer & Smolensky, "Skeletonization" (NeurIPS 1988), as the baseline plain of Abdelfattah et al. (ICLR
    2021). Under a batch norm a layer's own sum is 0 but for rounding, so that little is left but the layers without
    one: it varies strongly with the seed. Two published runs on NAS-Bench-201 cells agree to a Spearman of .19; it
    is here to be compared with, not to be used.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "plain"
    metric: ClassVar[Metric] = Metric("plain")
    cost: ClassVar[float] = 0.4
