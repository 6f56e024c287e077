"""Counts the trainable layers of the built network."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.core.records import Architecture
from genas.scorers._network import NetworkScorer
from genas.training.fresh import outline


class Depth(NetworkScorer):
    """The number of weight tensors of two or more dimensions: convolutions, linear layers, embeddings.

    Source: the baseline "number of trainable layers" of Tybl & Neumann (VKDNW, CVPR 2025), table 1. Norms and biases
    are not counted, and layers beside each other count like layers after each other.

    Args: see `NetworkScorer`.
    """

    metric: ClassVar[Metric] = Metric("depth")
    cost: ClassVar[float] = 0.01

    def figure(self, arch: Architecture) -> float:
        """The count."""
        weights = outline(self._space, self._task, arch).parameters()
        return sum(p.ndim >= 2 and p.requires_grad for p in weights)
