"""A run of a request: a search over a published table, or a race of networks that are trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from genas.core import clock, registry, wire
from genas.core.errors import BudgetSpent, RequestError, ScoreFailed
from genas.core.interfaces import Executor, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.progress import Progress, Silence
from genas.core.records import Budget, Candidate, Constraint, Options, Report, Request, Rival, Trial
from genas.core.rng import rng
from genas.report.outcome import number, summarize
from genas.run.book import Book, best_reference, reference_limits
from genas.run.cautions import after_training, cautions, not_followed, too_slow
from genas.run.claim import claim, know_data, mend, need_data, tell
from genas.run.laboratory import Laboratory, at, context_of
from genas.run.mix import mixes, neighbors
from genas.run.plan import Plan, make_plan, placed

if TYPE_CHECKING:
    from torch import Tensor

    from genas.run.race import Race
    from genas.run.schedule import Schedule
    from genas.validators.train import TrainValidator

_DRY = 5  # rounds in a row without a new legal candidate that end a stage
_PATIENT = 48  # candidates in a row that break a limit before the nearest one is walked on from
_NEIGHBORS = 64  # at a time
START = 10.0  # seconds of starting (imports, reading the data) that no budget is charged with
_SEARCH_SHARE = 0.4  # of the seconds that a table charges go to the search


class Designer:
    """One run of one request; made again over the same ledger, it goes on where it was stopped.

    Args:
        request: what is wanted, with proposers, scorers and refiners filled in.
        ledger: the memory of the run.
        progress: told about each stage and step.
        executor: where trainings run; None is this process.

    Raises:
        RequestError: the request does not fit together, or the ledger belongs to another one.
    """

    def __init__(
        self, request: Request, ledger: Ledger, progress: Progress | None = None, executor: Executor | None = None
    ) -> None:
        self._begin = clock.now()
        request = placed(request)
        self.request, self.ledger, self.progress = request, ledger, progress or Silence()
        self.executor: Executor = executor or registry.create("executors", "serial")
        claim(request, ledger)
        from genas.training.timing import pick_device

        context = context_of(request, ledger, str(pick_device(request.device)))
        self.task: Task = context["task"]
        self.space: SearchSpace = context["space"]
        if self.space.modality != self.task.modality:
            raise RequestError(
                f"The space {request.space.name} makes networks for {self.space.modality} tasks, but "
                f"{request.task.name} has {self.task.modality} data. Name another space."
            )
        self.plan = self._plan()
        self.book = Book(self.task.metric.name, self.task.metric.goal, request.objectives, request.constraints)
        self.references: dict[str, Trial] = {}
        self.winner: str | None = None
        self.race: Race | None = None
        self.schedule: Schedule | None = None  # of a race
        for name, text in cautions(request, self.task):
            self.ledger.warn(name, text)
        tell(self.task.notes, ledger, self.progress)
        self.lab = Laboratory(request, self.book, context, self.executor)
        self.proposers, self.refiners = mixes(request, context)

    def check(self) -> None:
        """Find what is wrong with the data or the budget of a design before anything is measured or written.

        Raises:
            RequestError: nothing can be trained, or in too little time, or the data are not those that the run knows.
        """
        self._need_data()
        know_data(self.task, self.ledger)
        if self.races:
            self._plan_race()
        else:
            self._find_table()

    def begin(self) -> None:
        """Write what was held back: from here on the run is kept. What is damaged in its store is made good."""
        self.ledger.begin()
        mend(self.ledger, self.progress)

    def run(self) -> Report:
        """All stages.

        Raises:
            RequestError: nothing can be trained, or no candidate keeps the limits.
        """
        self.check()
        self.begin()
        if self.races:
            self._run_race()
            return self.report()
        for stage in (self.propose, self.refine, self.validate):
            try:
                stage()
            except BudgetSpent as end:
                self.progress.step(str(end))
        return self.report()

    # Stages of a race

    def _plan_race(self) -> None:
        """The schedule; from here on the budget is charged."""
        from genas.training.timing import warm_up

        warm_up()
        started = clock.now()
        self._begin = started - max(0.0, started - self._begin - START)
        self.schedule = self._schedule(self._trains_by())
        for name, text in not_followed(self.request, self.task.metric.name):
            self.ledger.warn(name, text)

    def _trains_by(self) -> TrainValidator:
        """The validator of a race, which bounds its trainings."""
        from genas.validators.train import TrainValidator

        validator = self.lab.validator.scorer
        assert isinstance(validator, TrainValidator)
        return validator

    def _run_race(self) -> None:
        from genas.run.race import Race
        from genas.run.spending import Spending
        from genas.run.trainer import Trainer
        from genas.training.timing import threads

        validator, schedule = self._trains_by(), self.schedule
        assert schedule is not None
        slowest = schedule.slowest
        self.lab.race(None if slowest is None else Constraint("train_ms", at_most=slowest))
        if slowest is not None:
            self.ledger.warn("train_ms", too_slow(slowest))
        self._try_rivals()
        trainer = Trainer(self.space, self.task, validator, self.lab.context["device"], self.ledger.store)
        elapsed = max((float(event.get("clock", 0.0)) for event in self.ledger.read()), default=0.0)
        seconds = self.request.budget.seconds or 0.0
        spending = Spending(schedule, seconds=seconds, elapsed=elapsed, begin=self._begin)
        self.race = Race(
            self.request, self.lab, schedule, trainer, executor=self.executor, proposers=self.proposers,
            refiners=self.refiners, progress=self.progress, spending=spending,
        )  # fmt: skip
        with threads(self.executor.threads):
            self.winner = self.race.run(validator.seeds)
        self.references = {k: t for k, t in self.book.trials.items() if t.candidate.origin == "reference"}
        if self.winner is not None:
            self.lab.finish(self.book.trials[self.winner])
            for name, text in after_training(self.task, self.book.trials[self.winner]):
                self.ledger.warn(name, text)

    def _try_rivals(self) -> None:
        """Models that are no networks, where the task has rows: a second that tells whether a network is needed."""
        from genas.run.classical import classical

        if self.task.modality == "tabular" and self.ledger.find("rivals") is None:
            found = [wire.to_data(rival) for rival in classical(self.task, self.request.seed)]
            self.ledger.append({"kind": "rivals", "id": "rivals", "rivals": found})

    def weights(self) -> dict[str, Tensor] | None:
        """Those of the winner; None where nothing was trained."""
        if self.race is None or self.winner is None:
            return None
        return self.race.weights(self.winner)

    # Stages over a table

    def propose(self) -> None:
        """Ask the proposers, by yield, until enough candidates keep the limits.

        Where they bring none, the candidate that comes nearest is walked on from, for as long as that comes nearer.
        """
        self.progress.stage("propose", self.plan.proposals)
        dry = 0  # candidates in a row that came to nothing
        while (missing := self.plan.proposals - len(self.book.alive())) > 0 and dry < _PATIENT + _DRY * _NEIGHBORS:
            start = self.book.nearest() if dry >= _PATIENT else None
            new = self.lab.screen(self.proposers.ask(min(24, max(missing, 8))) if start is None else self._near(start))
            for _ in (living := [t for t in new if t.failure is None])[:missing]:
                self.progress.step()
            nearer = start is not None and any(self.book.excess(t) < self.book.excess(start) for t in new)
            dry = 0 if living else dry if nearer else dry + max(len(new), 8)
            best = self.lab.ranked()[: max(1, len(self.book.trials) // 4)]
            self.proposers.credit(new, {t.candidate.key for t in best})
        if not self.book.alive():
            raise RequestError(self.book.why_empty(self.proposers.silent))

    def refine(self) -> None:
        """Measure the best-ranked half, then let the refiners ask for the rest, at the fidelity they ask for."""
        total = self.plan.trials
        self.progress.stage("search", total)
        first = total - total // 2 if self.request.refiners else total
        while (missing := first - self._done()) > 0 and (ranked := self.lab.ranked()):
            self.refiners.tell(self._measure(ranked[: min(6, missing)]))
            self.lab.learn()
        dry = 0
        while self.request.refiners and (missing := total - self._done()) > 0 and dry < _DRY:
            asked = self.refiners.ask(min(max(4, self.executor.workers), missing))
            known = [c for c in asked if c.arch.key in self.book]  # proposed, or measured more cheaply, before
            fresh = self.lab.screen(asked)
            wanted = [at(self.book.trials[c.arch.key], c.fidelity) for c in known if not self.book.has(c)]
            told = self._measure([t for t in (*fresh, *wanted) if t.failure is None])
            again = [at(self.book.trials[c.arch.key], c.fidelity) for c in known if self.book.has(c)]
            self.refiners.tell([t for t in fresh if t.failure is not None] + _in_order(asked, [*told, *again]))
            best = self.book.best(self.book.comparable(8), 8)
            self.refiners.credit([*fresh, *wanted], {t.candidate.key for t in best})
            dry = 0 if any(t.failure is None for t in told) else dry + 1

    def validate(self) -> None:
        """Look up the finalists and the references in full, choose on validation, then read their test figures."""
        finalists = self.book.best(self.book.comparable(self.plan.finalists), self.plan.finalists)
        known = self.space.references(self.task, reference_limits(self.request.constraints, finalists))
        self.references = {c.key: self.lab.figures(c) for c in known}
        self.progress.stage("validate", len(finalists) + len(self.references))
        found = [(self.book.trials, t.candidate.key) for t in finalists]
        self._train([*found, *((self.references, key) for key in self.references)], [self.request.seed])
        self.winner = self.book.choose(finalists)
        reference = best_reference(self.references, self.task.metric.name, self.task.metric.goal)
        for trials, key in ((self.book.trials, self.winner), (self.references, reference)):
            if key is not None:
                self._test(trials, key)

    # Single stages

    def candidates(self, n: int) -> list[Trial]:
        """Only the first stage: at most n candidates within the limits, the most promising first."""
        self.remember()
        self.plan = replace(self.plan, proposals=n)
        self.propose()
        return self.lab.ranked()[:n]

    def remember(self) -> None:
        """Begin a single stage; a folder that keeps what is measured also keeps which data it was measured on."""
        if self.ledger.path is not None:
            know_data(self.task, self.ledger)
        self.begin()

    def validated(self, given: Sequence[Candidate], seeds: int = 3) -> list[Trial]:
        """Only the last stage, for candidates that are given: each trained from nothing with all seeds, then tested."""
        self._need_data()
        self.remember()
        from genas.training.timing import threads

        trials = {c.key: self.lab.figures(c) for c in given}
        numbers = [self.request.seed + i for i in range(seeds if self.trains else 1)]
        self.progress.stage("train", len(trials) * len(numbers))
        with threads(self.executor.threads):
            self._train([(trials, key) for key in trials], numbers)
            for key in (k for k, trial in trials.items() if trial.failure is None):
                self._test(trials, key, numbers)
        return list(trials.values())

    def report(self) -> Report:
        """What the run found, so far."""
        winner = None if self.winner is None else self.book.trials[self.winner]
        trials, references = tuple(self.book.trials.values()), tuple(self.references.values())
        tokens = sum(int(e.get("tokens", 0)) for e in self.ledger.read() if e.get("kind") == "completion")
        spent = Budget(round(self.book.seconds, 3), len(self.book.measured()), tokens)
        event = self.ledger.find("rivals") or {"rivals": []}
        rivals = tuple(wire.from_data(Rival, rival) for rival in event["rivals"])
        recipe = self._recipe(winner)
        knowledge = "" if winner is None else self.space.knowledge(winner.candidate.arch)
        text = summarize(self.request, winner, references, trials, rivals=rivals, recipe=recipe, knowledge=knowledge)
        front = tuple(self.book.front())
        warnings = tuple(str(event["text"]) for event in self.ledger.read() if event["kind"] == "warning")
        return Report(self.request, winner, front, references, trials, spent, text, rivals, recipe, warnings)

    def _recipe(self, winner: Trial | None) -> Options:
        """The whole recipe that the winner was trained by, and how its final was; {} where nothing was trained."""
        if winner is None or self.race is None:
            return {}
        from genas.training.recipe import effective

        recipe = effective(winner.candidate.recipe, self.request.validator.options, self.task.mirror).to_data()
        return {**recipe, **self.race.final_of(winner.candidate.key)}

    # Making

    @property
    def trains(self) -> bool:
        """Whether networks can be trained, rather than looked up in a table or only counted."""
        return self.request.validator.name != "table" and self.task.here

    def _plan(self) -> Plan:
        if (event := self.ledger.find("plan")) is None:
            event = {"kind": "plan", "id": "plan", "plan": make_plan(self.request).to_data()}
            self.ledger.append(event)
        return Plan(**event["plan"])

    def _find_table(self) -> None:
        """That the table is here; whether it holds the network that is looked up does not matter."""
        with suppress(ScoreFailed):
            self.task.lookup(self.space.sample(rng(self.request.seed, "table")), self.task.metric.name)

    @property
    def races(self) -> bool:
        """Whether a design trains networks in a race."""
        return self.trains and self.request.validator.name == "train"

    def _schedule(self, validator: TrainValidator) -> Schedule:
        """How the race spends the budget."""
        if self.request.budget.seconds is None and self.request.budget.trials is None:
            raise RequestError("A race needs a budget: write for example '10 minutes' or '20 trials'.")
        from genas.run.schedule import Schedule
        from genas.run.start import planned

        if (event := self.ledger.find("schedule")) is None:
            made = planned(
                self.request, self.space, self.task, self.executor, validator,
                device=self.lab.context["device"], begin=self._begin,
            )  # fmt: skip
            spent = clock.now() - self._begin
            event = {"kind": "schedule", "id": "schedule", "schedule": made.to_data(), "clock": spent}
            self.ledger.append(event)
        return Schedule.from_data(event["schedule"])

    def _need_data(self) -> None:
        need_data(self.request, self.task)
        if self.trains:
            notes = self.task.examine()
            tell([note for note in notes if note not in self.task.notes], self.ledger, self.progress)

    # Measuring

    def _done(self) -> int:
        """Measurements of the task's metric so far, in whole ones."""
        return int(self.lab.effort + 1e-9)

    def _near(self, trial: Trial) -> list[Candidate]:
        random = rng(self.request.seed, "near", len(self.book.trials))
        return neighbors(self.space, trial.candidate.arch, self.book, _NEIGHBORS, random)

    def _measure(self, trials: Sequence[Trial]) -> list[Trial]:
        """The task's metric of each that is affordable, until the budget is spent."""
        done: list[Trial] = []
        spent = False

        def affordable() -> Iterator[Trial]:
            nonlocal spent
            for trial in trials:
                if spent := self._spent():
                    return
                changed = self.lab.gate(trial)
                if changed.failure is None:
                    yield changed
                else:
                    done.append(self.book.keep(changed))

        for trial in self.lab.measure(affordable()):
            done.append(self.book.keep(trial))
            self._step()
        if spent:
            raise BudgetSpent(f"{self.book.seconds:.0f} of {self.request.budget.seconds:g} seconds are spent")
        return _in_order([t.candidate for t in trials], done)

    def _train(self, wanted: Sequence[tuple[dict[str, Trial], str]], seeds: Sequence[int]) -> None:
        """Full trainings of living trials, kept in the table that each is in."""
        jobs = [(trials, key, seed) for trials, key in wanted for seed in seeds if trials[key].failure is None]
        results = self.lab.train([(trials[key], seed) for trials, key, seed in jobs])
        for (trials, key, _), result in zip(jobs, results, strict=True):
            trials[key] = self.book.add(trials[key], result)
            self._step()

    def _test(self, trials: dict[str, Trial], key: str, seeds: Sequence[int] | None = None) -> None:
        for seed in [self.request.seed] if seeds is None else seeds:
            result = self.lab.validator.test(trials[key].candidate.arch, seed=seed)
            if isinstance(result, ScoreFailed):
                self.ledger.warn(f"test {key}", f"The test split could not be read for {key[:8]}: {result}")
            trials[key] = self.book.add(trials[key], result, fatal=False)

    def _spent(self) -> bool:
        limit, enough = self.request.budget.seconds, len(self.book.measured()) >= self.plan.finalists
        return limit is not None and enough and self.book.seconds > _SEARCH_SHARE * limit

    def _step(self) -> None:
        best = self.book.top()
        self.progress.step("" if best is None else f"best {self.book.metric} {number(self.book.metric, best)}")


def _in_order(asked: Sequence[Candidate], trials: Sequence[Trial]) -> list[Trial]:
    """The trials in the order in which their candidates were asked for."""
    place = {candidate.key: number for number, candidate in enumerate(asked)}
    return sorted(trials, key=lambda trial: place[trial.candidate.key])
