"""The trials of a run and how they are compared: which are alive, measured, promising and best.

Only the book writes trials: `keep` and `record` replace a trial by its newer version.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from genas.core import declared, pareto
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.records import Candidate, Constraint, Goal, Measurement, Objective, Trial

_SLACK = 0.02  # that a finalist may lack to the best one: of accuracy, or of the value where it is no fraction
REFERENCE = "reference"  # the origin of hand-made networks


class Book:
    """The trials of a run, in the order they came. A measurement is charged once, however often it is added.

    Args:
        metric: the task's metric.
        goal: what is good of it.
        objectives: what is wanted, the leading one first.
        limits: what must hold.
    """

    def __init__(
        self,
        metric: str,
        goal: Goal,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint],
    ) -> None:
        self.metric, self.goal, self.objectives, self.limits = metric, goal, tuple(objectives), tuple(limits)
        self.early = tuple(limit for limit in limits if limit.metric != metric)
        self.trials: dict[str, Trial] = {}
        self._beside: dict[str, Trial] = {}  # hand-made networks that took no part in the search
        self.seconds = 0.0
        self._charged: set[tuple[object, ...]] = set()
        self._reached: dict[str, float] = {}  # share of the search's measurement, by key, of what was measured

    def __contains__(self, key: object) -> bool:
        return key in self.trials

    def add(self, trial: Trial, result: Measurement | ScoreFailed, *, fatal: bool = True) -> Trial:
        """Add a result to the trial and charge it. A newer figure replaces an older one; `fatal` failures end it."""
        if isinstance(result, ScoreFailed):
            return replace(trial, failure=str(result)) if fatal else trial
        identity = (result.metric, result.fidelity, result.seed)
        charge = (trial.candidate.key, *identity, result.value)
        if charge not in self._charged:
            self._charged.add(charge)
            self.seconds += result.seconds
        others = tuple(m for m in trial.measurements if (m.metric, m.fidelity, m.seed) != identity)
        return replace(trial, measurements=(*others, result))

    def record(self, trial: Trial, result: Measurement | ScoreFailed, *, fatal: bool = True) -> Trial:
        """Add a result to the book's own version of the trial, as `add` does, and keep it."""
        now = self._table(trial).get(trial.candidate.key, trial)
        return self.keep(self.add(now, result, fatal=fatal))

    def keep(self, trial: Trial) -> Trial:
        """Write the trial into the book. If it was measured, its candidate's fidelity says at which."""
        key = trial.candidate.key
        self._table(trial)[key] = trial
        if trial.value(self.metric) is not None:
            self._reached[key] = max(self._reached.get(key, 0.0), trial.candidate.fidelity)
        return trial

    def compare(self, reference: Trial) -> None:
        """Keep a hand-made network beside the search: it is measured and charged, but never chosen."""
        self._beside[reference.candidate.key] = reference

    @property
    def references(self) -> list[Trial]:
        """The hand-made networks, whether they took part in the search or are kept beside it."""
        searched = [trial for trial in self.trials.values() if trial.candidate.origin == REFERENCE]
        return [*searched, *self._beside.values()]

    def _table(self, trial: Trial) -> dict[str, Trial]:
        """The table of a trial. A network that is both searched and kept beside the search is two trials."""
        beside = trial.candidate.origin == REFERENCE and trial.candidate.key in self._beside
        return self._beside if beside else self.trials

    def has(self, candidate: Candidate) -> bool:
        """Whether the candidate failed, or was measured at its fidelity or a higher one."""
        key = candidate.key
        failed = key in self.trials and self.trials[key].failure is not None
        return failed or self._reached.get(key, 0.0) >= candidate.fidelity

    def screened(self, trial: Trial) -> Trial:
        """The trial, failed if it breaks a limit that a cheap scorer measures."""
        broken = [] if trial.failure is not None else pareto.broken(trial, self.early)
        return replace(trial, failure="; ".join(broken)) if broken else trial

    def afford(self, limit: Constraint) -> None:
        """Add a limit on what a trial may cost; candidates that break it are not tried."""
        self.early = (*self.early, limit)

    def alive(self) -> list[Trial]:
        """Trials without a failure."""
        return [trial for trial in self.trials.values() if trial.failure is None]

    def measured(self) -> list[Trial]:
        """Living trials whose task metric is known, at any fidelity."""
        return [trial for trial in self.alive() if trial.value(self.metric) is not None]

    def comparable(self, n: int) -> list[Trial]:
        """Measured trials of the highest fidelity that at least n of them (or all) have reached."""
        measured = self.measured()
        shares = sorted((self._reached.get(t.candidate.key, 1.0) for t in measured), reverse=True)
        least = shares[min(n, len(shares)) - 1] if shares else 1.0
        return [t for t in measured if self._reached.get(t.candidate.key, 1.0) >= least]

    def top(self) -> float | None:
        """The best figure of the task's metric so far."""
        values = [v for t in self.measured() if (v := t.value(self.metric)) is not None]
        return (max(values) if self.goal == "max" else min(values)) if values else None

    def ranked(self, scorers: Sequence[Scorer]) -> list[Trial]:
        """The living, unmeasured trials, the most promising first by all proxies together."""
        living = [trial for trial in self.alive() if trial.value(self.metric) is None]
        limited = {limit.metric for limit in self.early}
        columns = [
            _column(living, scorer)
            for scorer in scorers
            if scorer.metric.promising and scorer.metric.name not in limited
        ]
        if not living or not columns:
            return living
        worth = pareto.log_rank_sum(columns)
        return [living[i] for i in sorted(range(len(living)), key=lambda i: (-worth[i], i))]

    def best(self, trials: Sequence[Trial], n: int) -> list[Trial]:
        """The best n by the objectives, in their order; ties go to the steadier curve, then to the smaller network.

        Where accuracy does not lead and has no limit of its own, only trials near the best accuracy are eligible: the
        smallest network would otherwise always be one that has learned nothing.
        """
        sign = 1.0 if self.goal == "max" else -1.0
        worth = {id(t): sign * v for t in trials if (v := t.value(self.metric)) is not None}
        top = max(worth.values(), default=0.0)
        slack = _SLACK if declared.metric(self.metric).fraction else _SLACK * abs(top)
        free = self.objectives[0].metric == self.metric or any(limit.metric == self.metric for limit in self.limits)
        near = [trial for trial in trials if free or worth.get(id(trial), -math.inf) >= top - slack]

        def loss(trial: Trial) -> tuple[float, ...]:
            wanted = pareto.losses(trial, self.objectives) or ()
            return (*wanted, -sign * trial.settled(self.metric), trial.value("params") or 0.0)

        return sorted(near, key=loss)[:n]

    def choose(self, finalists: Sequence[Trial]) -> str | None:
        """The key of the best finalist that keeps all limits, by its latest figures."""
        now = [self.trials[trial.candidate.key] for trial in finalists]
        kept = [trial for trial in now if trial.failure is None and not pareto.broken(trial, self.limits)]
        return next((trial.candidate.key for trial in self.best(kept, 1)), None)

    def front(self) -> list[Trial]:
        """The trials that no other beats in every objective, among those measured in full if there are any."""
        full = [t for t in self.alive() if any(m.fidelity == 1.0 for m in t.all(self.metric))]
        return pareto.front(full or self.measured(), self.objectives)

    def nearest(self) -> Trial | None:
        """The trial that breaks the limits least; None if all failed for other reasons."""
        tried = [t for t in self.trials.values() if t.failure is None or pareto.broken(t, self.early)]
        return min(tried, key=self.excess, default=None)

    def excess(self, trial: Trial) -> tuple[int, float]:
        """How many limits were not measured, and how far the trial is beyond the others: a sum of logarithms."""
        values = [(limit, trial.value(limit.metric)) for limit in self.early]
        beyond = sum(_beyond(value, limit) for limit, value in values if value is not None)
        return sum(value is None for _, value in values), beyond

    def why_empty(self, silent: str | None = None) -> str:
        """Say why no candidate is left, and what to write instead.

        Args:
            silent: why a proposer brought nothing.
        """
        if silent is not None and not self.trials:
            return f"{silent} Nobody else proposes: add proposers such as uniform, or name another chat model."
        reasons = [trial.failure for trial in self.trials.values() if trial.failure is not None]
        limits = ", ".join(map(str, self.early)) or "none"
        nearest = self.nearest()
        if nearest is not None:
            example = f" The nearest: {nearest.failure}."
        else:
            example = f" For example: {reasons[-1]}." if reasons else ""
        return (
            f"None of {len(reasons)} candidates keeps the limits ({limits}).{example} "
            "Widen the limits, or name another space (genas list spaces)."
        )


def _beyond(value: float, limit: Constraint) -> float:
    """How far a figure is beyond its limit, as a logarithm of their ratio; 0 where it keeps it."""
    if limit.holds(value):
        return 0.0
    bound = limit.at_most if limit.at_most is not None and value > limit.at_most else limit.at_least
    return abs(math.log(max(value, 1e-12) / max(bound or 0.0, 1e-12)))


def _column(trials: Sequence[Trial], scorer: Scorer) -> list[float]:
    """The scorer's values, larger is better; what it could not score counts as its worst."""
    sign = scorer.metric.sign
    values = [trial.value(scorer.metric.name) for trial in trials]
    worst = min((sign * value for value in values if value is not None), default=0.0)
    return [worst if value is None else sign * value for value in values]


def reference_limits(limits: Sequence[Constraint], finalists: Sequence[Trial]) -> list[Constraint]:
    """The limits for references: those of the request and, if none is on size, the size of the largest finalist."""
    counts = [value for trial in finalists if (value := trial.value("params")) is not None]
    sized = any(limit.metric in {"params", "size_mb"} for limit in limits)
    return [*limits, *([] if sized or not counts else [Constraint("params", at_most=max(counts))])]


def best_reference(references: Sequence[Trial], metric: str, goal: Goal) -> Trial | None:
    """The reference with the best validation figure; None where none has one."""
    sign = 1.0 if goal == "max" else -1.0
    tried = [(sign * v, t) for t in references if t.failure is None and (v := t.value(metric)) is not None]
    return max(tried, key=lambda pair: pair[0])[1] if tried else None
