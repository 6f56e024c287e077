"""Counts the trainable parameters of the built network."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import PARAMS, Metric
from genas.core.records import Architecture
from genas.scorers._network import NetworkScorer
from genas.training.fresh import outline


class Params(NetworkScorer):
    """The number of parameters of the network, counted on the built module.

    The module is built without memory (torch's meta device); one that cannot be built there is built for real.

    Args: see `NetworkScorer`.
    """

    name = "params"
    metric: ClassVar[Metric] = PARAMS
    cost: ClassVar[float] = 0.01

    def figure(self, arch: Architecture) -> float:
        """The count."""
        return sum(p.numel() for p in outline(self._space, self._task, arch).parameters())
