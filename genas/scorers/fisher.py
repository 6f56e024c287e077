"""Ranks untrained networks by how much the loss hangs on their channels."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Fisher(ProbeScorer):
    """The sum over weights of the saliency of the channel that each belongs to.

    Source: Turner et al., "BlockSwap: Fisher-guided Block Substitution for Network Compression" (ICLR 2020), eq. 2, as
    a score by Abdelfattah et al. (ICLR 2021): half the mean over examples of the squared sum of activation x gradient,
    at the outputs of convolutions and linear layers. As in the latter's code, which hands a channel's saliency to each
    of its weights before it sums, a channel counts as often as it has weights; the paper counts it once.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "fisher"
    metric: ClassVar[Metric] = Metric("fisher")
    cost: ClassVar[float] = 0.4
