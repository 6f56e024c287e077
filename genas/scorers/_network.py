"""What scorers that read a figure off the built network have in common."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.training.fresh import is_tensor_task


class NetworkScorer(Scorer):
    """A figure of the network that no weights and no examples change.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
    """

    def __init__(self, space: SearchSpace, task: Task) -> None:
        self._space, self._task = space, task

    @abstractmethod
    def figure(self, arch: Architecture) -> float:
        """The figure of one architecture, or ScoreFailed."""

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The figure; the same for every seed and fidelity.

        Raises:
            ScoreFailed: where the network cannot be built or run, or the task has no example for it.
        """
        start = time.perf_counter()
        value = float(self.figure(arch))
        return Measurement(self.metric.name, value, time.perf_counter() - start, fidelity, seed)

    def without_memory(self, measure: Callable[[str], int]) -> int:
        """`measure` on torch's meta device, which takes no memory; on the CPU where real numbers are needed."""
        if not is_tensor_task(self._task):
            return measure("cpu")
        try:
            return measure("meta")
        except ScoreFailed:  # an operation without a meta kernel
            return measure("cpu")
