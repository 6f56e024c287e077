"""Counts the trainable layers of the built network."""

from __future__ import annotations

import time
from typing import ClassVar

from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import outline


class Depth(Scorer):
    """The number of weight tensors of two or more dimensions: convolutions, linear layers, embeddings.

    Source: the baseline "number of trainable layers" of Tybl & Neumann (VKDNW, CVPR 2025), table 1. Norms and biases
    are not counted, and layers beside each other count like layers after each other.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
    """

    metric: ClassVar[str] = "depth"
    cost: ClassVar[float] = 0.01

    def __init__(self, space: SearchSpace, task: Task) -> None:
        self._space, self._task = space, task

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The count; the same for every seed and fidelity.

        Raises:
            ScoreFailed: where the network cannot be built.
        """
        start = time.perf_counter()
        network = outline(self._space, self._task, arch)
        count = sum(p.ndim >= 2 and p.requires_grad for p in network.parameters())
        return Measurement(self.metric, float(count), time.perf_counter() - start, fidelity, seed)
