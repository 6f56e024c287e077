"""Measures how large the network's weights are on disk."""

from __future__ import annotations

import time
from typing import ClassVar

from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import outline

_BYTES = 4  # a float32


class SizeMb(Scorer):
    """Size of the stored network in megabytes (10^6 bytes): every weight and buffer as float32.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
    """

    name = "size_mb"
    metric: ClassVar[str] = "size_mb"
    larger_is_better: ClassVar[bool] = False
    cost: ClassVar[float] = 0.01

    def __init__(self, space: SearchSpace, task: Task) -> None:
        self._space, self._task = space, task

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The size; the same for every seed and fidelity.

        Raises:
            ScoreFailed: where the network cannot be built.
        """
        start = time.perf_counter()
        network = outline(self._space, self._task, arch)
        numbers = sum(tensor.numel() for tensor in network.state_dict().values())
        return Measurement(self.metric, numbers * _BYTES / 1e6, time.perf_counter() - start, fidelity, seed)
