"""A search for what you measure yourself: genas proposes architectures, you measure them, genas learns from that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from genas.core import declared, pareto, registry, wire
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Executor, Proposer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.meter import Meter
from genas.core.paths import own_files
from genas.core.phrases import parse_executor
from genas.core.progress import Progress, Silence
from genas.core.records import (
    Architecture,
    Candidate,
    Constraint,
    Measurement,
    Objective,
    Request,
    Trial,
    Use,
)
from genas.run.claim import claim
from genas.run.laboratory import context_of
from genas.run.transcript import Transcript

Figures = float | Mapping[str, float]
_IN_VAIN = 10_000  # candidates in a row that break a limit


class Study:
    """A search over a space for what you measure yourself.

    The ledger keeps what was asked and told, in this order. A study made again over the same folder goes through that
    once more and goes on where it was stopped; nothing is measured twice.

    Example:
        >>> import genas
        >>> def narrow(candidate):
        ...     return candidate.arch.ops.count("nor_conv_1x1")
        >>> study = genas.Study("nasbench201", narrow, refiner="local_search", trials=150)
        >>> study.run().value("objective")
        6.0

    Args:
        space: where to search: a space's name, with or without options, or a SearchSpace of your own (class or
            instance).
        objective: measures a Candidate: returns the value of the objective, or one for each of `objectives` by name. It
            raises ScoreFailed where there is no value, which makes a failed trial; nan is one too. None: `ask` and
            `tell`; or, where the task is a benchmark table, its figures.
        task: what the networks are built for, and the table that proxies are looked up in. None: nothing is known of
            the task, so that networks can't be counted or timed.
        objectives: what is measured, the leading one first; the metric of the task's table, else "objective", where
            none is named.
        limits: hard limits, on objectives or on what a scorer measures ("params"). A candidate that breaks one of the
            latter is not measured and costs no trial.
        refiner: who proposes: a refiner's or proposer's name, with or without options, or one of your own.
        trials: how many candidates `run` measures in all, those that failed included.
        seed: of the refiner; the same seed and the same figures give the same candidates.
        out: the folder of the ledger; None keeps the study in memory only.
        executor: where `run` measures, as for `genas.design`. Workers need an objective that pickle can name, such as
            a function of a module, and measure as many candidates at a time as there are workers.
        device: of the refiner's models and of scorers that time networks.
        progress: told about each trial.

    Raises:
        RequestError: a plug-in, an option or a limit is wrong, or the folder belongs to another study.
    """

    def __init__(
        self,
        space: str | Use | SearchSpace | type[SearchSpace],
        objective: Callable[[Candidate], Figures] | None = None,
        *,
        task: str | Use | Task | type[Task] | None = None,
        objectives: Sequence[Objective] = (),
        limits: Sequence[Constraint] = (),
        refiner: str | Use | Proposer | type[Proposer] = "auto",
        trials: int = 50,
        seed: int = 0,
        out: str | Path | None = None,
        executor: str | Use = "serial",
        device: str = "cpu",
        progress: Progress | None = None,
    ) -> None:
        if isinstance(trials, bool) or not isinstance(trials, int) or trials < 1:
            raise RequestError(f"trials must be a whole number from 1 on, not {trials!r:.60}.")
        self.objective, self.wanted, self._executor = objective, trials, executor
        self._progress = progress or Silence()
        named = registry.named("spaces", space)
        where = _nothing(named) if task is None else registry.named("tasks", task)
        kind = "proposers" if isinstance(refiner, str | Use) and _name(refiner) in registry.names("proposers") else ""
        use = registry.named(kind or "refiners", refiner)
        table = registry.load("tasks", where.name)
        tabled = task is not None and table.lookup is not Task.lookup
        goals = tuple(objectives) or ((Objective(table.metric.name, table.metric.goal),) if tabled else (_OWN,))
        measured = {goal.metric for goal in goals}
        scorers = tuple(Use(_scorer_of(limit, task)) for limit in limits if limit.metric not in measured)
        request = Request(
            "a study", where, named, goals, tuple(limits), device, seed=seed, refiners=(use,),
            scorers=tuple({scorer.name: scorer for scorer in scorers}.values()),
        )  # fmt: skip
        self.request = wire.checked(request)
        self.ledger = Ledger(None if out is None else own_files(Path(out)) / "ledger.jsonl")
        claim(self.request, self.ledger)
        context = context_of(self.request, self.ledger, device)
        self.space, self.task = context.space, context.task
        self._tabled = tabled and objective is None
        self._transcript = Transcript(registry.create(kind or "refiners", use, context), self.ledger)
        self._screens = [Meter(registry.create("scorers", s, context), s, self.ledger) for s in self.request.scorers]
        self._transcript.replay(self._trial)

    def close(self) -> None:
        """Release the ledger's file; `with genas.Study(...) as study:` does it at the end."""
        self.ledger.close()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is known

    @property
    def trials(self) -> list[Trial]:
        """All trials, in the order told; what broke a limit before it was measured among them."""
        return list(self._transcript.trials.values())

    @property
    def pending(self) -> list[Candidate]:
        """What was asked for and not told of yet, in this order."""
        return list(self._transcript.pending.values())

    @property
    def front(self) -> list[Trial]:
        """The trials that keep the limits and that no other beats in all objectives, best leading objective first."""
        return pareto.front(self.trials, self.request.objectives)

    @property
    def best(self) -> Trial | None:
        """The trial with the best leading objective that keeps the limits; None where there is none."""
        goals = self.request.objectives
        kept = [(point, t) for t in self.trials if t.failure is None and (point := pareto.losses(t, goals)) is not None]
        return min(kept, key=lambda pair: pair[0])[1] if kept else None

    @property
    def measured(self) -> int:
        """How many trials were measured, or failed to be."""
        return sum(map(self._transcript.measured, self._transcript.trials))

    # Ask and tell

    def ask(self, n: int = 1) -> list[Candidate]:
        """At most n new candidates that keep the limits on what scorers measure; fewer where the space has no more.

        Raises:
            RequestError: 10,000 candidates in a row broke a limit.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise RequestError(f"n must be a whole number from 1 on, not {n!r:.60}.")
        chosen: list[Candidate] = []
        in_vain = 0
        while len(chosen) < n:
            asked = [_whole(c) for c in self._transcript.ask(n - len(chosen)) if c.key not in self._transcript.trials]
            if not asked:
                break
            screened = [self._screen(candidate) for candidate in asked]
            self._transcript.tell([trial for trial in screened if trial.failure is not None])
            fresh = [trial.candidate for trial in screened if trial.failure is None]
            in_vain = 0 if fresh else in_vain + len(asked)
            if in_vain >= _IN_VAIN:
                last = screened[-1].failure
                raise RequestError(f"{in_vain:,} candidates in a row broke a limit (the last: {last}). Loosen it.")
            chosen += fresh
        return chosen

    def tell(
        self, candidate: Candidate | Architecture | str, value: Figures | None = None, *, failure: str | None = None
    ) -> Trial:
        """Say what was measured of a candidate: one that `ask` returned, or an architecture of your own.

        Args:
            candidate: also an Architecture, or the text form of one.
            value: the objective's value, or one for each objective by name.
            failure: why there is no value, in place of one.

        Raises:
            RequestError: there is neither or both, the value of an objective is missing, or it was told of before.
        """
        if (value is None) == (failure is None):
            raise RequestError("Tell either a value or a failure.")
        candidate = self._candidate(candidate)
        if candidate.key in self._transcript.trials:
            raise RequestError(f"The candidate {candidate.key[:8]} was told of before; its figures stay as they are.")
        self._transcript.announce(candidate)
        self._transcript.write(candidate, ScoreFailed(failure) if value is None else self._measurements(value))
        trial = self._trial(candidate)
        self._transcript.tell([trial])
        return trial

    def run(self, trials: int | None = None) -> Trial | None:
        """Ask, measure and tell until so many candidates are measured, or the space has no more.

        Args:
            trials: how many in all; None is what the study was made with.

        Returns:
            The best trial; None where none was measured that keeps the limits.

        Raises:
            RequestError: the study has neither an objective nor a table.
        """
        if self.objective is None and not self._tabled:
            raise RequestError(
                "The study has no objective: give it a function that measures a candidate, or use ask and tell."
            )
        wanted = self.wanted if trials is None else trials
        self._progress.stage("study", wanted)
        for _ in range(self.measured):
            self._progress.step()
        use = parse_executor(self._executor) if isinstance(self._executor, str) else self._executor
        if self.objective is None:
            use = Use("serial")  # looking up takes no time
        with registry.create("executors", use) as executor:
            while (missing := wanted - self.measured) > 0:
                batch = (self.pending or self.ask(min(executor.workers, missing)))[: min(executor.workers, missing)]
                if not batch:
                    name = self.request.refiners[0].name
                    self._progress.note(f"{name} has nothing new to propose after {self.measured} of {wanted} trials.")
                    break
                self._measure(batch, executor)
        return self.best

    def _measure(self, batch: Sequence[Candidate], executor: Executor) -> None:
        """What the objective says of candidates, at the same time, told in the order asked."""
        measure = self._look_up if self.objective is None else self.objective
        waiting: list[tuple[Candidate, Future[Figures] | None]] = []
        for candidate in batch:
            measured_before = self._transcript.measured(candidate.key)  # before the study was stopped
            waiting.append((candidate, None if measured_before else executor.submit(_attempt, measure, candidate)))
        for candidate, future in waiting:
            if future is not None:
                result = future.result()
                figures = result if isinstance(result, ScoreFailed) else self._measurements(result)
                self._transcript.write(candidate, figures)
            best = self.best
            leading = self.request.objectives[0].metric
            self._progress.step("" if best is None else f"best {leading} {best.value(leading):.5g}")
        self._transcript.tell([self._trial(candidate) for candidate in batch])

    def _look_up(self, candidate: Candidate) -> Figures:
        return {
            goal.metric: self.task.lookup(candidate.arch, goal.metric, fidelity=candidate.fidelity).value
            for goal in self.request.objectives
        }

    def _candidate(self, given: Candidate | Architecture | str) -> Candidate:
        if isinstance(given, Candidate):
            self.space.check(given.arch)
            return self._transcript.pending.get(given.key, given)
        arch = self.space.from_text(given) if isinstance(given, str) else self.space.check(given)
        return self._transcript.pending.get(arch.key, Candidate(arch, "given"))

    def _measurements(self, value: Figures) -> list[Measurement] | ScoreFailed:
        """The objectives' values as measurements; a failure where one is no finite number."""
        metrics = [goal.metric for goal in self.request.objectives]
        values = value if isinstance(value, Mapping) else {metrics[0]: value}
        if set(values) != set(metrics):
            raise RequestError(f"Measure {', '.join(metrics)}, no more and no less; not {', '.join(map(str, values))}.")
        try:
            return [Measurement(metric, float(values[metric])) for metric in metrics]
        except ScoreFailed as failure:
            return failure

    def _screen(self, candidate: Candidate) -> Trial:
        """A trial with what the limited scorers say; failed where it breaks a limit or can't be measured."""
        trial = Trial(candidate)
        for meter in self._screens:
            (result,) = meter.measure([candidate.arch])
            if isinstance(result, ScoreFailed):
                return replace(trial, failure=str(result))
            trial = replace(trial, measurements=(*trial.measurements, result))
            if wrong := pareto.broken(trial, self.request.constraints):
                return replace(trial, failure="; ".join(wrong))
        return trial

    def _trial(self, candidate: Candidate) -> Trial:
        """A trial with all that the ledger says of it."""
        trial = self._screen(candidate)
        figures = self._transcript.figures(candidate.key, [goal.metric for goal in self.request.objectives])
        if isinstance(figures, ScoreFailed):
            return replace(trial, failure=str(figures))
        trial = replace(trial, measurements=(*trial.measurements, *figures))
        wrong = pareto.broken(trial, self.request.constraints)
        return replace(trial, failure="; ".join(wrong)) if wrong else trial


_OWN = Objective("objective")


def _name(use: str | Use) -> str:
    return use if isinstance(use, str) else use.name


def _whole(candidate: Candidate) -> Candidate:
    """The candidate; RequestError where its refiner wants but a part of its training."""
    if candidate.fidelity < 1:
        raise RequestError(
            f"{candidate.origin} asks for parts of trainings, which a study does not know. Name another refiner, such "
            "as auto or regularized_evolution."
        )
    return candidate


def _nothing(space: Use) -> Use:
    """A task of which nothing is known but the kind of networks that are wanted."""
    modality = registry.load("spaces", space.name).modality
    return Use("described", {"modality": modality, "input_shape": [3, 32, 32] if modality == "image" else [16]})


def _scorer_of(limit: Constraint, task: object) -> str:
    if task is None:
        raise RequestError(
            f"The limit {limit} can't be measured without a task: name the task, or measure it yourself."
        )
    scorer = declared.scorer_of(limit.metric)
    if scorer is None:
        raise RequestError(f"No scorer measures {limit.metric}: name it among the objectives, or leave the limit out.")
    return scorer


def _attempt(measure: Callable[[Candidate], Any], candidate: Candidate) -> Any:
    """What the objective returns; a failure of it as a value."""
    try:
        return measure(candidate)
    except ScoreFailed as failure:
        return failure
