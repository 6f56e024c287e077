"""Measures how large the network's weights are on disk."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import SIZE, Metric
from genas.core.records import Architecture
from genas.scorers._network import NetworkScorer
from genas.training.fresh import outline

_BYTES = 4  # a float32


class SizeMb(NetworkScorer):
    """Size of the stored network in megabytes (10^6 bytes): every weight and buffer as float32.

    Args: see `NetworkScorer`.
    """

    name = "size_mb"
    metric: ClassVar[Metric] = SIZE
    cost: ClassVar[float] = 0.01

    def figure(self, arch: Architecture) -> float:
        """The megabytes."""
        stored = outline(self._space, self._task, arch).state_dict()
        return _BYTES * sum(int(tensor.numel()) for tensor in stored.values()) / 1e6
