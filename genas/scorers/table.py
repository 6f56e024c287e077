"""Looks a figure up in the published table of the task, charged with the training it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from genas.core import declared
from genas.core.interfaces import Scorer, Task
from genas.core.metrics import ACCURACY, Metric
from genas.core.records import Architecture, Measurement


class TableScorer(Scorer):
    """The figure that a benchmark's authors measured, validation accuracy unless told; for tasks that are tables.

    `seconds` is what the training took its authors, so that budgets mean the same as with real training.

    Args:
        task: holds the table.
        metric: what is looked up, such as latency_ms, energy_mj or naswot; None is the task's own metric.
    """

    name = "table"
    metric: ClassVar[Metric] = ACCURACY
    cost: ClassVar[float] = 1e-4

    def __init__(self, task: Task, *, metric: str | None = None) -> None:
        self._task = task
        vars(self).update(metric=task.metric if metric is None else declared.metric(metric))  # over that of the class

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The table's figure, the same for every seed.

        Raises:
            ScoreFailed: where the table has no figure at this fidelity, or the task no table.
        """
        return replace(self._task.lookup(arch, self.metric.name, fidelity=fidelity), seed=seed)
