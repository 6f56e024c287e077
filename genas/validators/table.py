"""Validates by the published table of the task: nothing is trained, and there are no weights to export."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from genas.core.interfaces import Task, Validator
from genas.core.metrics import ACCURACY, Metric, on_test
from genas.core.records import Architecture, Measurement


class TableValidator(Validator):
    """The figures that a benchmark's authors measured; for tasks that are tables.

    Tables hold means over the authors' seeds, so every seed of ours gives the same figure.

    Args:
        task: holds the table.
    """

    name = "table"
    metric: ClassVar[Metric] = ACCURACY
    cost: ClassVar[float] = 1e-3

    def __init__(self, task: Task) -> None:
        self._task = task
        vars(self).update(metric=task.metric)  # over that of the class

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The task's metric on the validation split, charged with the seconds of the training; fidelity is always 1.

        Raises:
            ScoreFailed: where the table lacks the architecture, or the task has no table.
        """
        return replace(self._task.lookup(arch, self.metric.name), seed=seed)

    def test(self, arch: Architecture, *, seed: int = 0) -> Measurement:
        """The task's metric on the test split, charged with nothing.

        Raises:
            ScoreFailed: where the table lacks the architecture or has no test figures, or the task has no table.
        """
        return replace(self._task.lookup(arch, on_test(self.metric.name)), seed=seed)
