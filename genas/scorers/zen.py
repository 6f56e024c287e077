"""Ranks untrained networks by how much their features change when Gaussian inputs change a little."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Zen(ProbeScorer):
    """The Zen score: log of the features' change under a small change of Gaussian inputs, with normalisation undone.

    Source: Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition" (ICCV 2021), algorithm 1, on
    weights drawn from N(0, 1) with a change of 0.01. One batch in place of 32; features are the last map before
    pooling, or what enters the last linear layer; scaling is undone for batch norms.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "zen"
    metric: ClassVar[Metric] = Metric("zen")
    cost: ClassVar[float] = 0.4
