"""Values that need no training: what the tables of the task, and of other tasks, hold about architectures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core import phrases, registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.metrics import is_on_test
from genas.core.records import Architecture, Use
from genas.predictors.gaussian_process import Floats


class Figures:
    """Looks up zero-cost proxies, and the metrics of other tasks; never the task's own metric.

    Args:
        task: its tables are read.
        proxies: metrics to use as features; those without a table are left out.
        wanted: metrics of objectives and limits; exact where the task has a table of them.
        transfer: other tasks, as `table:<task>:<option>=...`.
        space: the search space.

    Raises:
        RequestError: a value would reveal the searched metric, or a source of `transfer` is not a table.
    """

    def __init__(
        self, task: Task, proxies: Sequence[str], wanted: Sequence[str], transfer: Sequence[str], space: SearchSpace
    ) -> None:
        if secret := [name for name in proxies if name == task.metric.name or is_on_test(name)]:
            raise RequestError(f"auto: {secret[0]} is the searched metric; it cannot be a proxy.")
        others = [_task(source, space) for source in transfer]
        if any(task.data_id == other.data_id for other in others):
            raise RequestError("auto: transfer names the task that is searched on; name other tasks.")
        exact = [name for name in wanted if name != task.metric.name and not is_on_test(name)]
        self._tables = {name: (task, name) for name in dict.fromkeys((*exact, *proxies))}
        self._tables |= {source: (other, other.metric.name) for source, other in zip(transfer, others, strict=True)}
        self.exact, self.transfer, self._proxies = set(exact), tuple(transfer), set(proxies)
        self._read: dict[tuple[str, Architecture], float] = {}
        self._last: tuple[Sequence[Architecture], dict[str, Floats]] | None = None

    def columns(self, archs: Sequence[Architecture]) -> dict[str, Floats]:
        """By metric or source, the value of each architecture (nan if there is none); empty columns are left out."""
        if self._last is None or self._last[0] is not archs:
            table = {
                name: np.array([self._one(name, a) for a in archs]) for name in self._tables if self._has(name, archs)
            }
            self._last = archs, {name: values for name, values in table.items() if not np.isnan(values).all()}
        return self._last[1]

    def features(self, columns: dict[str, Floats]) -> list[Floats]:
        """The columns that are features of the model: proxies and metrics of other tasks."""
        return [values for name, values in columns.items() if name in self._proxies or name in self.transfer]

    def _has(self, name: str, archs: Sequence[Architecture]) -> bool:
        return any(not np.isnan(self._one(name, arch)) for arch in archs[:: max(1, len(archs) // 8)])

    def _one(self, name: str, arch: Architecture) -> float:
        if (name, arch) not in self._read:
            task, metric = self._tables[name]
            try:
                self._read[name, arch] = task.lookup(arch, metric).value
            except ScoreFailed:
                self._read[name, arch] = float("nan")
        return self._read[name, arch]


def _task(source: str, space: SearchSpace) -> Task:
    try:
        table = phrases.parse_table(source)
    except RequestError as error:
        raise RequestError(f"auto: transfer takes tables only. {error}") from error
    options = {key: value for key, value in table.options.items() if key not in {"sample", "seed"}}
    task: Task = registry.create("tasks", Use(table.name, options), space=space, device="cpu", seed=0)
    return task
