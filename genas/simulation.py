"""A search over a published table: ask, look up, tell. Nothing is trained, so a hundred runs take seconds.

>>> from genas.core.records import Use
>>> from genas.simulation import simulate
>>> table = Use("nasbench201", {"dataset": "cifar100"})
>>> curve = simulate("nasbench201", table, "local_search", trials=100, seed=0)
>>> [round(float(curve.best[n - 1]), 4) for n in (10, 50, 100)]
[0.6733, 0.6921, 0.6985]
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from genas.core import pareto, registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Candidate, Constraint, Frame, Measurement, Objective, Trial, Use

if TYPE_CHECKING:
    from torch import nn

Floats = npt.NDArray[np.float64]
_IN_VAIN = 10_000  # candidates in a row that cost nothing


@dataclass(frozen=True)
class Curve:
    """What a search was told, in the order asked, and what follows from it.

    Arrays have one row for each measured trial: one whose leading objective was looked up. Candidates that the table
    lacks, or that break a limit before, are among `trials` only.
    """

    trials: tuple[Trial, ...]
    objectives: tuple[Objective, ...]
    asking: tuple[float, ...]  # CPU seconds that each `ask` took
    telling: float  # CPU seconds that making the search and all its `tell` took; look-ups are charged to nobody

    @cached_property
    def measured(self) -> list[Trial]:
        """The trials that count."""
        return [trial for trial in self.trials if trial.value(self.objectives[0].metric) is not None]

    @cached_property
    def values(self) -> Floats:
        """The leading objective of each.  # [n]"""
        return np.array([trial.value(self.objectives[0].metric) for trial in self.measured], dtype=float)

    @cached_property
    def losses(self) -> Floats:
        """All objectives of each, with the sign turned where more is better.  # [n, objectives]"""
        rows = [pareto.losses(trial, self.objectives) for trial in self.measured]
        return np.array(rows, dtype=float).reshape(len(rows), len(self.objectives))

    @cached_property
    def spent(self) -> Floats:
        """Full trainings' worth of epochs up to each.  # [n]"""
        return np.cumsum([trial.candidate.fidelity for trial in self.measured])

    @cached_property
    def best(self) -> Floats:
        """The best leading objective so far, of what was trained in full and keeps the limits; nan before.  # [n]"""
        counts = [t.failure is None and t.candidate.fidelity == 1.0 for t in self.measured]
        best = np.fmax if self.objectives[0].goal == "max" else np.fmin
        return np.asarray(best.accumulate(np.where(counts, self.values, np.nan)), dtype=float)

    @property
    def seconds(self) -> float:
        """CPU seconds that the search itself took."""
        return sum(self.asking) + self.telling

    def best_after(self, spent: float) -> float:
        """The best leading objective once that many full trainings' worth of epochs were spent; nan for none."""
        rows = np.flatnonzero(self.spent <= spent + 1e-9)
        return float(self.best[rows[-1]]) if len(rows) else math.nan

    def regret(self, optimum: float, trials: int) -> Floats:
        """What is missing of the optimum after 1, 2, ... trials; a search that ended stays where it was.  # [trials]"""
        best = self.best[np.minimum(np.arange(trials), len(self.best) - 1)]
        return optimum - best if self.objectives[0].goal == "max" else best - optimum

    def front(self) -> list[Trial]:
        """The measured trials that keep the limits and that no other dominates."""
        return pareto.front(self.measured, self.objectives)

    def volume(
        self, low: npt.ArrayLike, high: npt.ArrayLike, trials: int | None = None, reference: float = 1.05
    ) -> float:
        """The hypervolume after that many trials (all of them), losses being scaled so that `low` is 0 and `high` 1.

        Args:
            low: of the losses, the least in the table.  # [objectives]
            high: the largest.  # [objectives]
            reference: of every objective, on that scale.
        """
        low = np.asarray(low, dtype=float)
        scaled = (self.losses[:trials] - low) / (np.asarray(high, dtype=float) - low)
        return pareto.hypervolume(scaled, np.full(len(self.objectives), reference))


def simulate(
    space: SearchSpace | Use | str,
    task: Task | Use | str,
    refiner: Proposer | Use | str,
    trials: float,
    seed: int = 0,
    *,
    objectives: Sequence[Objective] = (),
    limits: Sequence[Constraint] = (),
    batch: int = 1,
    until: float | None = None,
    ledger: Ledger | None = None,
) -> Curve:
    """Run a refiner or proposer over the task's table; the same arguments give the same curve.

    Limits are looked up before objectives, as a run screens before it measures: what breaks one is told as failed and
    costs nothing, like what the table lacks.

    Args:
        refiner: its name, with options as a Use, or one of your own that is made already.
        trials: full trainings that may be spent; a shorter one counts as the share of its epochs.
        objectives: the leading one first; the task's metric where none is named.
        batch: candidates to ask for before any is told of.
        until: stop once the leading objective is as good as this, measured in full.
        ledger: where a search that asks a chat model keeps the answers.

    Raises:
        RequestError: an unknown plug-in or option, or 10,000 candidates in a row that could not be measured.
    """
    whole: SearchSpace = _made("spaces", space)
    table: Task = _made("tasks", task, space=whole, device="cpu", seed=seed)
    goals = tuple(objectives) or (Objective(table.metric.name, table.metric.goal),)
    start = time.process_time()
    ledger = Ledger() if ledger is None else ledger
    search: Proposer = _made(
        _kind(refiner), refiner, space=whole, task=table, seed=seed, objectives=goals, limits=tuple(limits),
        device="cpu", ledger=ledger,
    )  # fmt: skip
    making = time.process_time() - start
    told, asking, telling = _searched(search, table, trials, goals, limits, batch=batch, until=until)
    return Curve(tuple(told), goals, tuple(asking), making + telling)


def _searched(
    search: Proposer,
    table: Task,
    trials: float,
    goals: Sequence[Objective],
    limits: Sequence[Constraint],
    *,
    batch: int,
    until: float | None,
) -> tuple[list[Trial], list[float], float]:
    """What was told, in this order; the seconds of each time that it was asked; and those of all telling."""
    told: list[Trial] = []
    asking: list[float] = []
    telling, spent, in_vain, reached = 0.0, 0.0, 0, False
    while spent < trials and in_vain < _IN_VAIN and not reached:
        start = time.process_time()
        asked = search.ask(min(batch, math.ceil(trials - spent)))
        if not asked:
            break
        asking.append(time.process_time() - start)
        answers = [_look_up(table, candidate, goals, limits) for candidate in asked]
        start = time.process_time()
        search.tell(answers)
        telling += time.process_time() - start
        told += answers
        counted = [t for t in answers if t.value(goals[0].metric) is not None]
        in_vain = 0 if counted else in_vain + len(answers)
        for trial in counted:
            spent += trial.candidate.fidelity
        reached = any(_reached(trial, goals[0], until) for trial in counted)
    if in_vain >= _IN_VAIN:
        raise RequestError(
            f"{in_vain:,} candidates in a row could not be measured (the last: {told[-1].failure}). Loosen the limits, "
            "or keep the search within the table by TableSpace."
        )
    return told, asking, telling


def _made(kind: str, given: Any, **context: Any) -> Any:
    return registry.create(kind, given, **context) if isinstance(given, Use | str) else given


def _kind(refiner: Proposer | Use | str) -> str:
    name = refiner if isinstance(refiner, str) else refiner.name
    return "proposers" if name in registry.names("proposers") else "refiners"


def _look_up(task: Task, candidate: Candidate, goals: Sequence[Objective], limits: Sequence[Constraint]) -> Trial:
    """What the table says: first of what is limited and needs no training, then of the rest."""
    figures: list[Measurement] = []
    early = dict.fromkeys(limit.metric for limit in limits if limit.metric != task.metric.name)
    wanted = dict.fromkeys([*(goal.metric for goal in goals), *(limit.metric for limit in limits)])
    try:
        for metric in early:
            figures.append(task.lookup(candidate.arch, metric))
        if wrong := pareto.broken(Trial(candidate, tuple(figures)), limits):
            return Trial(candidate, tuple(figures), "; ".join(wrong))
        for metric in (metric for metric in wanted if metric not in early):
            fidelity = candidate.fidelity if metric == task.metric.name else 1.0
            figures.append(task.lookup(candidate.arch, metric, fidelity=fidelity))
    except ScoreFailed as failure:
        return Trial(candidate, (), str(failure))
    trial = Trial(candidate, tuple(figures))
    wrong = pareto.broken(trial, limits)
    return Trial(candidate, tuple(figures), "; ".join(wrong)) if wrong else trial


def _reached(trial: Trial, goal: Objective, until: float | None) -> bool:
    value = trial.value(goal.metric)
    if until is None or value is None or trial.failure is not None or trial.candidate.fidelity < 1.0:
        return False
    return value >= until if goal.goal == "max" else value <= until


class TableSpace(SearchSpace):
    """The part of a space that a table holds, for tables of a sample; searches then ask for nothing else.

    The neighbours of an architecture are the nearest ones in the table, by the Hamming distance over labels, edges and
    paths from input to output.
    """

    def __init__(self, space: SearchSpace, archs: Sequence[Architecture], near: int = 24) -> None:
        """Keep to the architectures, such as `task.measured`; `near` is how many neighbours each has."""
        from genas.encodings.paths import ArchFeatures

        self._inner, self._archs, self._count = space, list(archs), near
        self.name, self.ops, self.max_nodes = space.name, space.ops, space.max_nodes  # type: ignore[misc]
        self.zero_ops, self.identity_ops = space.zero_ops, space.identity_ops  # type: ignore[misc]
        self._keys = {arch.key for arch in archs}
        self._read = ArchFeatures(space)
        self._rows = self._read.features(self._archs) > 0  # [N, F]
        self._near: dict[Architecture, list[Architecture]] = {}

    def sizes(self) -> Sequence[int]:
        """Those of the whole space."""
        return self._inner.sizes()

    def frame(self, nodes: int) -> Frame:
        """That of the whole space."""
        return self._inner.frame(nodes)

    def problems(self, arch: Architecture) -> list[str]:
        """Those of the whole space, and that the table lacks it."""
        return self._inner.problems(arch) or ([] if arch.key in self._keys else ["the table lacks it"])

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network of the whole space."""
        return self._inner.build(arch, task)

    def to_text(self, arch: Architecture) -> str:
        """The text of the whole space."""
        return self._inner.to_text(arch)

    def from_text(self, text: str) -> Architecture:
        """The architecture of one line, or InvalidArchitecture."""
        return self.check(self._inner.from_text(text))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One that the table holds, all alike likely."""
        return self._archs[int(rng.integers(len(self._archs)))]

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """The nearest ones in the table, the nearest first."""
        if arch not in self._near:
            apart = (self._rows != (self._read.features([arch])[0] > 0)).sum(1)
            order = np.argsort(apart, kind="stable")[: self._count + 1]
            self._near[arch] = [self._archs[i] for i in order if self._archs[i] != arch][: self._count]
        return iter(self._near[arch])
