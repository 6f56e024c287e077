"""What scorers that look at untrained networks have in common."""

from __future__ import annotations

import time
from typing import ClassVar

from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.ranges import Batch
from genas.core.records import Architecture, Measurement
from genas.probes.probes import Probes


class ProbeScorer(Scorer):
    """A figure of the shared probes, at the weights and examples of a seed.

    Args:
        space: builds the network.
        task: gives the training examples.
        device: where the network runs.
        probes: shared with the other scorers of a run, so that one pass serves all; None makes its own.
        batch: examples looked at.
    """

    figure: ClassVar[str]

    def __init__(
        self, space: SearchSpace, task: Task, device: str = "cpu", probes: Probes | None = None, *, batch: Batch = 16
    ) -> None:
        self._probes = Probes(space, task, device) if probes is None else probes
        self._probes.expect(self.figure, batch)
        self._batch = batch

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The figure; a pass that serves several scorers is charged to the one that asks first.

        Raises:
            ScoreFailed: where the network cannot be built or run, or the figure makes no sense for it.
        """
        start = time.perf_counter()
        value = self._probes.value(arch, self.figure, seed=seed, batch=self._batch)
        return Measurement(self.metric.name, value, time.perf_counter() - start, fidelity, seed)
