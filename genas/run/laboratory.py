"""Measures candidates for a run: knows which scorers screen, gate, measure and validate, and where they run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from genas.core import registry, wire
from genas.core.context import Context
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Executor, Scorer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.meter import Job, Meter
from genas.core.records import Architecture, Candidate, Constraint, Measurement, Request, Trial, Use
from genas.run.book import Book

_CHEAP = 0.02  # rough seconds of a scorer that every candidate of a race passes
_SMALL = 0.05  # rough seconds of one that only its winner is measured by in any case


def context_of(request: Request, ledger: Ledger, device: str) -> Context:
    """The context of a run's plug-ins, the same in its own process and in its workers."""
    from genas.probes.probes import Probes

    task: Task = registry.create("tasks", request.task)
    space: SearchSpace = registry.create("spaces", request.space)
    return Context(
        space, task, ledger, device, request.seed, objectives=request.objectives, limits=request.constraints,
        probes=Probes(space, task, device),
    )  # fmt: skip


class Laboratory:
    """Runs the scorers of a run on candidates and trials.

    Args:
        request: what is wanted.
        book: knows the limits, and what was charged.
        context: what the plug-ins may ask for.
        executor: where the task's metric is measured; screening runs here.

    Raises:
        RequestError: no scorer measures what is wanted, or the executor needs a run's folder and there is none.
    """

    def __init__(self, request: Request, book: Book, context: Context, executor: Executor) -> None:
        self.request, self.book, self.context, self.executor = request, book, context, executor
        self.ledger = context.ledger
        if executor.apart and self.ledger.path is None:
            raise RequestError(f"The executor {executor.name} needs a run's folder; name one with --out.")
        self.effort = 0.0  # measurements of the task's metric, each counted as its share of a whole one
        metric = book.metric
        meters = sorted((self.meter("scorers", use) for use in request.scorers), key=lambda meter: meter.scorer.cost)
        self.measures = next((m for m in meters if m.scorer.metric.name == metric), None)
        if self.measures is None and request.validator.name != "train":  # a race measures it itself
            raise RequestError(f"No scorer measures {metric}; add short_train or table to the scorers.")
        screens = [m for m in meters if m.scorer.metric.name != metric]
        self.validator = self.meter("validators", request.validator)
        measured = {m.scorer.metric.name for m in meters} | {metric}
        self.needed = {c.metric for c in request.constraints} | {o.metric for o in request.objectives}
        for wanted in sorted(self.needed - measured):
            if wanted in {extra.name for extra in context.task.metrics}:
                raise RequestError(
                    f"{wanted} is only reported, on the test split beside {metric}. Limit or optimise {metric} instead."
                )
            raise RequestError(
                f"No scorer measures {wanted}. Add one to the scorers (genas list scorers), or leave that "
                f"limit or objective out. Measured are: {', '.join(sorted(measured))}."
            )
        self.screens: list[Meter] = screens
        self.gates: list[Meter] = []
        self.promises: list[Meter] = []

    def race(self, limit: Constraint | None) -> None:
        """Set up for a race: slow or learned scorers that only indicate quality are left to `promise`.

        Args:
            limit: on the cost of training a candidate; measured last, and only if the other limits are kept.
        """
        free = [m for m in self.screens if m.scorer.metric.name not in self.needed]
        if limit is not None:
            self.book.afford(limit)
            self.gates = [m for m in free if m.scorer.metric.name == limit.metric]
        promising = [m for m in free if m.scorer.cost > _CHEAP or m.scorer.fits]
        self.promises = [m for m in promising if m not in self.gates]
        self.screens = [m for m in self.screens if m not in self.gates and m not in self.promises]

    def meter(self, kind: str, use: Use) -> Meter:
        """A scorer or validator behind the ledger."""
        return Meter(registry.create(kind, use, self.context), use, self.ledger)

    # Cheap figures

    def ranked(self) -> list[Trial]:
        """The trials not measured yet, the most promising first by all screening scorers together."""
        return self.book.ranked([meter.scorer for meter in (*self.screens, *self.promises)])

    def promise(self, trials: Sequence[Trial], enough: Callable[[], bool]) -> None:
        """Run the scorers that only indicate quality, the cheapest first, until `enough` says that time is up."""
        for meter in self.promises:
            if enough():
                return
            for trial, result in zip(trials, meter.measure([t.candidate.arch for t in trials]), strict=True):
                self.book.record(trial, result, fatal=False)

    def screen(self, candidates: Iterable[Candidate]) -> list[Trial]:
        """Run the cheap scorers over new candidates. A broken limit, or a needed figure that fails, ends a trial."""
        new = {c.key: Trial(c) for c in candidates if c.key not in self.book}
        for trial in new.values():
            self.announce(trial.candidate)
        for meter in self.screens:
            living = [t for t in new.values() if t.failure is None]
            for trial, result in zip(living, meter.measure([t.candidate.arch for t in living]), strict=True):
                changed = self.book.add(trial, result, fatal=meter.scorer.metric.name in self.needed)
                new[trial.candidate.key] = self.book.screened(changed)
        return [self.book.keep(trial) for trial in new.values()]

    def figures(self, candidate: Candidate) -> Trial:
        """All cheap figures of a hand-made network, whichever limits it breaks."""
        trial = Trial(candidate)
        self.announce(candidate)
        for meter in (*self.screens, *self.gates):
            trial = self.book.add(trial, meter.measure([candidate.arch])[0], fatal=False)
        return trial

    def gate(self, trial: Trial) -> Trial:
        """The trial, failed if trying it costs more than the run can afford. This is measured only before a try."""
        for meter in self.gates:
            trial = self.book.add(trial, meter.measure([trial.candidate.arch])[0], fatal=False)
        return self.book.screened(trial)

    def finish(self, trial: Trial) -> Trial:
        """Add the cheap figures that a race does not compute for every candidate."""
        for meter in (m for m in self.promises if m.scorer.cost <= _SMALL and not m.scorer.fits):
            trial = self.book.add(trial, meter.measure([trial.candidate.arch])[0], fatal=False)
        return self.book.keep(trial)

    def params(self, arch: Architecture) -> int:
        """The number of weights of the architecture's network."""
        import torch

        with torch.device("meta"):
            return sum(p.numel() for p in self.context.space.build(arch, self.context.task).parameters())

    def learn(self) -> None:
        """Fit the scorers that learn, and score the trials not measured yet again."""
        for meter in (m for m in self.screens if m.scorer.fits):
            meter.fit(self.book.measured())
            waiting = self.ranked()
            for trial, result in zip(waiting, meter.measure([t.candidate.arch for t in waiting]), strict=True):
                self.book.record(trial, result, fatal=False)

    def announce(self, candidate: Candidate) -> None:
        """Write a candidate into the ledger before anything is measured of it."""
        identity = f"candidate {candidate.key}"
        if self.ledger.find(identity) is None:
            event = {"kind": "candidate", "id": identity, "key": candidate.key}
            self.ledger.append({**event, "candidate": wire.to_data(candidate)})

    # Costly figures

    def measure(self, trials: Iterable[Trial]) -> Iterator[Trial]:
        """Measure the task's metric of each trial at its candidate's fidelity, in order; `trials` may end early."""
        assert self.measures is not None
        taken: list[Trial] = []

        def jobs() -> Iterator[Job]:
            for trial in trials:
                taken.append(trial)
                yield Job(trial.candidate.arch, trial.candidate.fidelity, self.request.seed)

        for number, result in enumerate(self._stream(self.measures, "scorers", jobs())):
            trial = taken[number]
            if isinstance(result, Measurement):
                self.effort += trial.candidate.fidelity
            yield self.book.add(trial, result)

    def train(self, trials: Sequence[Trial], seeds: Sequence[int], done: Callable[[], None]) -> None:
        """Measure each living trial in full with each seed; the book keeps the figures.

        Args:
            done: called after each.
        """
        wanted = [(trial, seed) for trial in trials for seed in seeds if trial.failure is None]
        jobs = (Job(trial.candidate.arch, seed=seed) for trial, seed in wanted)
        for (trial, _), result in zip(wanted, self._stream(self.validator, "validators", jobs), strict=True):
            self.book.record(trial, result)
            done()

    def test(self, trial: Trial, seeds: Sequence[int]) -> None:
        """Read the trial's test figure for each seed; the book keeps them. What can't be read is said in the report."""
        key, arch = trial.candidate.key, trial.candidate.arch
        for seed in seeds:
            result = self.validator.test(arch, seed=seed)
            if isinstance(result, ScoreFailed):
                self.ledger.warn(f"test {key}", f"The test split could not be read for {key[:8]}: {result}")
            self.book.record(trial, result, fatal=False)

    def _stream(self, meter: Meter, kind: str, jobs: Iterator[Job]) -> Iterator[Measurement | ScoreFailed]:
        do = partial(_score, meter.scorer)
        if self.executor.apart:
            place = {
                "request": wire.to_data(self.request), "device": self.context.device, "kind": kind,
                "use": wire.to_data(meter.use), "ledger": str(self.ledger.path), "threads": self.executor.threads,
            }  # fmt: skip
            do = partial(_work, json.dumps(place))

        def submit(job: Job) -> Future[Measurement | ScoreFailed]:
            return self.executor.submit(do, job)

        return meter.stream(jobs, submit, self.executor.workers)


def _score(scorer: Scorer, job: Job) -> Measurement | ScoreFailed:
    return scorer.score_all([job.arch], fidelity=job.fidelity, seed=job.seed)[0]


def _work(place: str, job: Job) -> Measurement | ScoreFailed:
    """Measure in a worker process what the run's own scorer would."""
    from genas.training.timing import threads

    with threads(json.loads(place)["threads"]):
        return _score(_made(place), job)


@lru_cache(maxsize=4)
def _made(place: str) -> Scorer:
    said = json.loads(place)
    request = wire.from_data(Request, said["request"])
    context = context_of(request, Ledger(Path(said["ledger"]), follow=True), said["device"])
    scorer: Scorer = registry.create(said["kind"], wire.from_data(Use, said["use"]), context)
    return scorer


def at(trial: Trial, fidelity: float) -> Trial:
    """The trial with another fidelity wanted."""
    return replace(trial, candidate=replace(trial.candidate, fidelity=fidelity))
