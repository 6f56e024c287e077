"""Ranks untrained networks by how much the loss hangs on their channels."""

from __future__ import annotations

from typing import ClassVar

from genas.scorers._probe import ProbeScorer


class Fisher(ProbeScorer):
    """The sum over channels of the saliency of their activations.

    Source: Turner et al., "BlockSwap: Fisher-guided Block Substitution for Network Compression" (ICLR 2020), eq. 2, as
    a score by Abdelfattah et al. (ICLR 2021): half the mean over examples of the squared sum of activation x gradient,
    at the outputs of convolutions and linear layers.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "fisher"
    metric: ClassVar[str] = "fisher"
    cost: ClassVar[float] = 0.4
