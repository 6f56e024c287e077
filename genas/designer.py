"""The loop of a run, one method per stage: propose, score, refine, validate, report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from genas.book import Book, best_reference, reference_limits
from genas.cautions import AFFORDABLE, cautions
from genas.core import pareto, registry, wire
from genas.core.errors import BudgetSpent, RequestError
from genas.core.interfaces import Proposer, Scorer, SearchSpace, Task
from genas.core.ledger import Ledger, Meter
from genas.core.records import Budget, Candidate, Constraint, Report, Request, Trial, Use
from genas.plan import SEARCH_SHARE, Plan, make_plan, placed, plan_again
from genas.sources import Mix
from genas.summary import summarize

_DRY = 5  # rounds in a row without a new legal candidate that end a stage


class Progress(Protocol):
    """Who is told how far the run is."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""

    def step(self, text: str = "") -> None:
        """One more step is done."""


class Silence:
    """Progress that nobody watches."""

    def stage(self, name: str, total: int) -> None:
        """Does nothing."""

    def step(self, text: str = "") -> None:
        """Does nothing."""


class Designer:
    """One run of one request; made again over the same ledger, it goes on where it was stopped.

    Args:
        request: what is wanted, with proposers, scorers and refiners filled in.
        ledger: the memory of the run.
        progress: told about each stage and step.

    Raises:
        RequestError: the request does not fit together, or the ledger belongs to another one.
    """

    def __init__(self, request: Request, ledger: Ledger, progress: Progress | None = None) -> None:
        from genas.nn.probe import Probes

        request = placed(request)
        self.request, self.ledger, self.progress = request, ledger, progress or Silence()
        self._claim()
        self.task: Task = registry.create("tasks", request.task)
        self.space: SearchSpace = registry.create("spaces", request.space)
        self._check()
        self.plan = self._plan()
        affordable = () if self.plan.train_ms is None else (Constraint("train_ms", at_most=self.plan.train_ms),)
        self.book = Book(self.task.metric, request.objectives, request.constraints, affordable)
        self.references: dict[str, Trial] = {}
        self.winner: str | None = None
        self.context: dict[str, Any] = {
            "space": self.space, "task": self.task, "ledger": ledger, "device": self.device,
            "seed": request.seed, "objectives": request.objectives, "limits": request.constraints,
            "probes": Probes(self.space, self.task, self.device),
        }  # fmt: skip
        for name, text in cautions(request, self.task, self.plan.train_ms):
            self._note(name, text)
        self._make_scorers()
        self.proposers, self.refiners = self._mixes()

    def run(self) -> Report:
        """All stages."""
        from genas.nn.train import threads

        with threads(self.plan.threads):
            for stage in (self.propose, self.refine, self.validate):
                try:
                    stage()
                except BudgetSpent as end:
                    self.progress.step(str(end))
        return self.report()

    # Stages

    def propose(self) -> None:
        """Ask the proposers, by yield, until enough candidates keep the limits."""
        self.progress.stage("propose", self.plan.proposals)
        dry = 0
        while (missing := self.plan.proposals - len(self.book.alive())) > 0 and dry < _DRY:
            new = self._screen(self.proposers.ask(min(24, max(missing, 8))))
            dry = 0 if any(t.failure is None for t in new) else dry + 1
            best = self._ranked()[: max(1, len(self.book.trials) // 4)]
            self.proposers.credit(new, {t.candidate.arch.key for t in best})
        if not self.book.alive():
            raise RequestError(self.book.why_empty())

    def refine(self) -> None:
        """Measure the best-ranked half, then let the refiners ask for the rest."""
        total = self.plan.trials
        self.progress.stage("search", total)
        first = total - total // 2 if self.request.refiners else total
        self.refiners.tell(self._seeds())
        while (missing := first - len(self.book.measured())) > 0 and (ranked := self._ranked()):
            self.refiners.tell(self._measure(ranked[: min(6, missing)]))
            self._learn()
        dry = 0
        while self.request.refiners and (missing := total - len(self.book.measured())) > 0 and dry < _DRY:
            asked = self.refiners.ask(min(4, missing))
            waiting = [self.book.trials[c.arch.key] for c in asked if c.arch.key in self.book]  # proposed before
            new = [*self._screen(asked), *waiting]
            told = self._measure([t for t in new if t.failure is None and t.value(self.task.metric) is None])
            self.refiners.tell([t for t in new if t.failure is not None] + told)
            best = self.book.best(self.book.measured(), 8)
            self.refiners.credit(new, {t.candidate.arch.key for t in best})
            dry = 0 if any(t.failure is None for t in told) else dry + 1

    def validate(self) -> None:
        """Train the finalists and the references in full, choose on validation, then read the test split."""
        finalists = self.book.best(self.book.measured(), self.plan.finalists)
        self._choose_references(finalists)
        self._plan_again(finalists)
        seeds = [self.request.seed + i for i in range(self.plan.seeds if self.trains else 1)]
        again = 2 if self.references else 1
        self.progress.stage("train", len(finalists) + len(self.references) + again * (len(seeds) - 1))
        for trial in finalists:
            self._train(self.book.trials, trial.candidate.arch.key, seeds[:1])
        for key in list(self.references):
            self._train(self.references, key, seeds[:1])
        self.winner = self.book.choose(finalists)
        reference = best_reference(self.references, self.task.metric)
        for trials, best in ((self.book.trials, self.winner), (self.references, reference)):
            if best is not None:
                self._train(trials, best, seeds[1:])
                self._test(trials, best, seeds)

    def candidates(self, n: int) -> list[Trial]:
        """Only the first stage: at most n candidates within the limits, the most promising first."""
        self.plan = replace(self.plan, proposals=n)
        self.propose()
        return self._ranked()[:n]

    def report(self) -> Report:
        """What the run found, so far."""
        winner = None if self.winner is None else self.book.trials[self.winner]
        trials, references = tuple(self.book.trials.values()), tuple(self.references.values())
        tokens = sum(int(e.get("tokens", 0)) for e in self.ledger.read() if e.get("kind") == "completion")
        spent = Budget(round(self.book.seconds, 3), len(self.book.measured()), tokens)
        text = summarize(self.request, winner, references, trials)
        return Report(self.request, winner, tuple(self.book.front()), references, trials, spent, text)

    # Making

    def _claim(self) -> None:
        event = {"kind": "request", "id": "request", "request": wire.to_data(self.request)}
        before = self.ledger.find("request")
        if before is None:
            self.ledger.append(event)
        elif before["request"] != event["request"]:
            raise RequestError(
                f"{self.ledger.path} belongs to another request ({before['request'].get('goal', '')!r}). "
                "Name another --out, or repeat that request to go on with it."
            )

    def _note(self, name: str, text: str) -> None:
        if self.ledger.find(f"warning {name}") is None:
            self.ledger.append({"kind": "warning", "id": f"warning {name}", "text": text})

    def _check(self) -> None:
        if self.space.modality != self.task.modality:
            raise RequestError(
                f"The space {self.request.space.name} makes networks for {self.space.modality} tasks, but "
                f"{self.request.task.name} is a {self.task.modality} task. Name another space."
            )
        from genas.nn.train import pick_device

        self.device = str(pick_device(self.request.device))

    @property
    def trains(self) -> bool:
        """Whether networks are trained, rather than looked up in a table."""
        return self.request.validator.name != "table"

    def _plan(self) -> Plan:
        if (event := self.ledger.find("plan")) is None:
            speed, measured = self._speed()
            plan = make_plan(self.request, examples=self._examples(), seconds_per_example=speed)
            event = {"kind": "plan", "id": "plan", "plan": plan.to_data() | measured}
            self.ledger.append(event)
        return Plan(**event["plan"])

    def _plan_again(self, finalists: Sequence[Trial]) -> None:
        """Fit the epochs of full training to what is left of the seconds, now that the finalists' speed is known."""
        if not self.trains or self.request.budget.seconds is None:
            return
        if (event := self.ledger.find("plan again")) is None:
            seen = self.plan.examples or self._examples()
            short = [m for t in finalists for m in t.all(self.task.metric) if m.curve]
            speeds = [m.seconds / len(m.curve) / seen for m in short]
            left = self.request.budget.seconds - self.book.seconds
            plan = plan_again(self.plan, left, speeds, references=len(self.references), examples=self._examples())
            event = {"kind": "plan", "id": "plan again", "plan": plan.to_data()}
            self.ledger.append(event)
        self.plan = Plan(**event["plan"])
        self.validator = self._meter("validators", self.request.validator)

    def _examples(self) -> int:
        return len(self.task.data("train").labels) if self.trains else 0

    def _speed(self) -> tuple[float, dict[str, Any]]:
        """Where seconds count: seconds per training example of a reference, and what follows from it for the plan."""
        if not self.trains or self.request.budget.seconds is None:
            return 0.0, {}
        from genas.core.rng import rng
        from genas.nn.train import best_threads, build

        known = self.space.references(self.task, self.request.constraints)
        arch = known[0].arch if known else self.space.sample(rng(self.request.seed, "speed"))
        network = build(self.space, arch, self.task, self.request.seed)
        threads, speed = best_threads(network, self.task, self.device)
        return speed, {"threads": threads, "train_ms": AFFORDABLE * 1e3 * speed}

    def _make_scorers(self) -> None:
        meters = [self._meter("scorers", use) for use in self.request.scorers]
        meters.sort(key=lambda meter: meter.scorer.cost)
        measure = next((m for m in meters if m.scorer.metric == self.task.metric), None)
        if measure is None:
            raise RequestError(f"No scorer measures {self.task.metric}; add short_train or table to the scorers.")
        self.measure, self.screens = measure, [m for m in meters if m is not measure]
        self.validator = self._meter("validators", self.request.validator)
        known = {m.scorer.metric for m in meters}
        named = [c.metric for c in self.request.constraints] + [o.metric for o in self.request.objectives]
        for metric in named:
            if metric not in known:
                raise RequestError(
                    f"No scorer measures {metric}. Add one to the scorers (genas list scorers), or leave that "
                    f"limit or objective out. Measured are: {', '.join(sorted(known))}."
                )
        self.needed = set(named)
        gates = {limit.metric for limit in self.book.affordable} - self.needed
        self.gates = [m for m in self.screens if m.scorer.metric in gates]
        self.screens = [m for m in self.screens if m not in self.gates]

    def _meter(self, kind: str, use: Use) -> Meter:
        known, options = registry.options(kind, use.name), dict(use.options)
        planned = {"epochs": self.plan.short_epochs, "of": self.plan.epochs, "examples": self.plan.examples}
        if kind == "validators":
            planned = {"epochs": self.plan.epochs, "examples": self.plan.train_examples}
        for key, value in planned.items():
            if key in known:
                options.setdefault(key, value)
        use = Use(use.name, options)
        scorer: Scorer = registry.create(kind, use, **self.context)
        return Meter(scorer, use, self.ledger)

    def _mixes(self) -> tuple[Mix, Mix]:
        """The proposers and the refiners; either folder serves both stages, and one named twice is one source."""
        made: dict[str, Proposer] = {}
        for use in (*self.request.proposers, *self.request.refiners):
            if use.name not in made:
                kind = "refiners" if use.name in registry.names("refiners") else "proposers"
                made[use.name] = registry.create(kind, use, **self.context)
        proposers, refiners = (
            Mix({use.name: made[use.name] for use in uses}) for uses in (self.request.proposers, self.request.refiners)
        )
        return proposers, refiners

    # Measuring

    def _ranked(self) -> list[Trial]:
        return self.book.ranked([meter.scorer for meter in self.screens])

    def _screen(self, candidates: Iterable[Candidate]) -> list[Trial]:
        """Run the cheap scorers over new candidates; a broken limit or a needed figure's failure ends a trial."""
        new = {c.arch.key: Trial(c) for c in candidates if c.arch.key not in self.book}
        for trial in new.values():
            self._announce(trial.candidate)
        for meter in self.screens:
            living = [t for t in new.values() if t.failure is None]
            for trial, result in zip(living, meter.measure([t.candidate.arch for t in living]), strict=True):
                changed = self.book.add(trial, result, fatal=meter.scorer.metric in self.needed)
                new[trial.candidate.arch.key] = self.book.screened(changed)
        self.book.trials |= new
        for trial in new.values():
            if trial.failure is None:
                self.progress.step()
        return list(new.values())

    def _seeds(self) -> list[Trial]:
        """Hand-made references, measured as candidates are, for refiners to build upon; they are never finalists."""
        if not self.request.refiners or not self.trains:
            return []
        known = [self._reference(c) for c in self.space.references(self.task, self.request.constraints)]
        return [self._briefly(t) for t in known if not pareto.broken(t, self.book.early)]

    def _reference(self, candidate: Candidate) -> Trial:
        trial = Trial(candidate)
        self._announce(candidate)
        for meter in (*self.screens, *self.gates):
            trial = self.book.add(trial, meter.measure([candidate.arch])[0], fatal=False)
        return trial

    def _briefly(self, trial: Trial) -> Trial:
        (result,) = self.measure.measure([trial.candidate.arch], seed=self.request.seed)
        return self.book.add(trial, result)

    def _choose_references(self, finalists: Sequence[Trial]) -> None:
        """Screen the hand-made references; where the plan has fewer, keep what is best after a short training."""
        known = self.space.references(self.task, reference_limits(self.request.constraints, finalists))
        self.references = {c.arch.key: self._reference(c) for c in known}
        for key, trial in self.book.unaffordable(self.references).items():
            reasons = "; ".join(pareto.broken(trial, self.book.affordable))
            self._note(f"reference {key}", f"Not trained, as it is too slow: {trial.candidate.note} ({reasons}).")
            del self.references[key]
        if self.plan.references < len(self.references):
            self.references = {key: self._briefly(trial) for key, trial in self.references.items()}
            best = best_reference(self.references, self.task.metric)
            if best is not None:
                self._note(
                    "references", "The budget is short: of the hand-made references, a short training chose one."
                )
                self.references = {best: self.references[best]}

    def _measure(self, trials: Sequence[Trial]) -> list[Trial]:
        """Measure the task's metric of each that is affordable, at low fidelity."""
        done = []
        for trial in trials:
            self._check_budget()
            changed = self._gate(trial)
            if changed.failure is None:
                changed = self._briefly(changed)
                self._step()
            self.book.trials[trial.candidate.arch.key] = changed
            done.append(changed)
        return done

    def _gate(self, trial: Trial) -> Trial:
        """The trial, failed if it costs more to try than the run can afford: measured only before a try."""
        for meter in self.gates:
            trial = self.book.add(trial, meter.measure([trial.candidate.arch])[0], fatal=False)
        return self.book.screened(trial)

    def _learn(self) -> None:
        """Fit the scorers that learn and let them look again at what is not measured yet."""
        for meter in (m for m in self.screens if m.scorer.fits):
            meter.fit(self.book.measured())
            waiting = self._ranked()
            for trial, result in zip(waiting, meter.measure([t.candidate.arch for t in waiting]), strict=True):
                self.book.trials[trial.candidate.arch.key] = self.book.add(trial, result, fatal=False)

    def _train(self, trials: dict[str, Trial], key: str, seeds: Sequence[int]) -> None:
        for seed in seeds:
            if trials[key].failure is None:
                (result,) = self.validator.measure([trials[key].candidate.arch], seed=seed)
                trials[key] = self.book.add(trials[key], result)
            self._step()

    def _test(self, trials: dict[str, Trial], key: str, seeds: Sequence[int]) -> None:
        for seed in seeds:
            (result,) = self.validator.measure([trials[key].candidate.arch], seed=seed, verb="test")
            trials[key] = self.book.add(trials[key], result)

    def _announce(self, candidate: Candidate) -> None:
        identity = f"candidate {candidate.arch.key}"
        if self.ledger.find(identity) is None:
            event = {"kind": "candidate", "id": identity, "key": candidate.arch.key}
            self.ledger.append({**event, "candidate": wire.to_data(candidate)})

    def _check_budget(self) -> None:
        limit, enough = self.request.budget.seconds, len(self.book.measured()) >= self.plan.finalists
        if limit is not None and enough and self.book.seconds > SEARCH_SHARE * limit:
            raise BudgetSpent(f"{self.book.seconds:.0f} of {limit:g} seconds are spent")

    def _step(self) -> None:
        best = max((t.value(self.task.metric) or 0.0 for t in self.book.measured()), default=0.0)
        self.progress.step(f"best {self.task.metric} {best:.4f}")
