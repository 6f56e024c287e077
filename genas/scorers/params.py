"""Counts the trainable parameters of the built network."""

from __future__ import annotations

import time
from typing import ClassVar

from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import outline


class Params(Scorer):
    """The number of parameters of the network, counted on the built module.

    The module is built without memory (torch's meta device); one that cannot be built there is built for real.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
    """

    name = "params"
    metric: ClassVar[str] = "params"
    larger_is_better: ClassVar[bool] = False
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
        count = sum(p.numel() for p in network.parameters())
        return Measurement(self.metric, float(count), time.perf_counter() - start, fidelity, seed)
