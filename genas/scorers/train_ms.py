"""Milliseconds that training takes per example on this device, forward and backward."""

from __future__ import annotations

import time
from typing import ClassVar

from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import TRAIN_TIME, Metric
from genas.core.ranges import Batch, Count
from genas.core.records import Architecture, Measurement


class TrainMs(Scorer):
    """The median time of a training step divided by its batch; the optimizer's share is left out.

    Args:
        batch: examples per step.
        runs: steps that are counted, after one that is not.
    """

    metric: ClassVar[Metric] = TRAIN_TIME
    cost: ClassVar = 0.6
    repeatable: ClassVar = False

    def __init__(
        self, space: SearchSpace, task: Task, device: str = "auto", *, batch: Batch = 16, runs: Count = 2
    ) -> None:
        if batch < 2 or runs < 1:
            raise RequestError("train_ms needs a batch of at least 2 and at least 1 run.")
        self.space, self.task, self.device, self.batch, self.runs = space, task, device, batch, runs

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The time; it differs a little from one measurement to the next."""
        from genas.core.building import build
        from genas.training.fresh import guarded, is_tensor_task
        from genas.training.timing import seconds_per_example

        if not is_tensor_task(self.task):
            raise ScoreFailed(f"{self.task.name} has no batches of examples to time")
        start = time.perf_counter()
        with guarded():
            network = build(self.space, arch, self.task, seed)
            each = seconds_per_example(network, self.task, self.device, batch_size=self.batch, runs=self.runs)
        return Measurement(self.metric.name, 1e3 * each, time.perf_counter() - start, fidelity, seed)
