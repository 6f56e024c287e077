"""Looks up the energy of one inference in the published table of the task."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from genas.core.interfaces import Scorer, Task
from genas.core.metrics import ENERGY, Metric
from genas.core.records import Architecture, Measurement


class EnergyMj(Scorer):
    """Millijoules of one inference on the device that the task's option `latency_device` names.

    Energy is looked up, never measured or estimated here: only tasks whose tables hold it have a figure.

    Args:
        task: holds the table.
    """

    name = "energy_mj"
    metric: ClassVar[Metric] = ENERGY
    cost: ClassVar[float] = 1e-4

    def __init__(self, task: Task) -> None:
        self._task = task

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The table's figure, the same for every seed and fidelity.

        Raises:
            ScoreFailed: where the task has no table of energies, or not of this architecture or device.
        """
        return replace(self._task.lookup(arch, self.metric.name), fidelity=fidelity, seed=seed)
