"""The loop of a run, one method per stage: propose, score, refine, validate, report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from genas.core import pareto, registry, wire
from genas.core.errors import BudgetSpent, RequestError, ScoreFailed
from genas.core.interfaces import Proposer, Scorer, SearchSpace, Task
from genas.core.ledger import Ledger, Meter
from genas.core.records import Budget, Candidate, Constraint, Measurement, Report, Request, Trial, Use
from genas.plan import Plan, epochs_for, make_plan
from genas.sources import Mix
from genas.summary import summarize

_SLACK = 0.02  # accuracy a finalist may lack to the best one where another objective leads
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
    """

    def __init__(self, request: Request, ledger: Ledger, progress: Progress | None = None) -> None:
        self.request, self.ledger, self.progress = request, ledger, progress or Silence()
        self._claim()
        self.task: Task = registry.create("tasks", request.task)
        self.space: SearchSpace = registry.create("spaces", request.space)
        if self.space.modality != self.task.modality:
            raise RequestError(
                f"The space {request.space.name} makes networks for {self.space.modality} tasks, but "
                f"{request.task.name} is a {self.task.modality} task. Name another space."
            )
        self.trials: dict[str, Trial] = {}
        self.references: dict[str, Trial] = {}
        self.winner: str | None = None
        self.seconds = 0.0
        self._charged: set[tuple[object, ...]] = set()
        self.plan = self._plan()
        self.context: dict[str, Any] = {
            "space": self.space, "task": self.task, "ledger": ledger, "device": request.device,
            "seed": request.seed, "objectives": request.objectives, "limits": request.constraints,
        }  # fmt: skip
        self._make_scorers()
        self.proposers, self.refiners = self._mixes()

    def run(self) -> Report:
        """All stages."""
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
        while len(self._alive()) < self.plan.proposals and dry < _DRY:
            wanted = min(24, self.plan.proposals - len(self._alive()))
            new = self._screen(self.proposers.ask(max(wanted, 8)))
            dry = 0 if any(t.failure is None for t in new) else dry + 1
            self.proposers.credit(new, {t.candidate.arch.key for t in self._ranked()[: max(1, len(self.trials) // 4)]})
        if not self._alive():
            raise RequestError(self._nothing_legal())

    def refine(self) -> None:
        """Measure the best-ranked half, then let the refiners ask for the rest."""
        self.progress.stage("search", self.plan.trials)
        first = self.plan.trials - self.plan.trials // 2 if self.request.refiners else self.plan.trials
        while len(self._measured()) < first and (ranked := self._ranked()):
            self.refiners.tell(self._measure(ranked[: min(6, first - len(self._measured()))]))
            self._learn()
        dry = 0
        while self.request.refiners and len(self._measured()) < self.plan.trials and dry < _DRY:
            wanted = min(4, self.plan.trials - len(self._measured()))
            new = self._screen(self.refiners.ask(wanted))
            told = self._measure([t for t in new if t.failure is None])
            done = {t.candidate.arch.key for t in told}
            self.refiners.tell([t for t in new if t.candidate.arch.key not in done] + told)
            self.refiners.credit(new, {t.candidate.arch.key for t in self._best(self._measured(), 8)})
            dry = 0 if told else dry + 1

    def validate(self) -> None:
        """Train the finalists and the references in full, choose on validation, then read the test split."""
        finalists = self._best(self._measured(), self.plan.finalists)
        self._screen_references(finalists)
        self._plan_again(finalists)
        seeds = [self.request.seed + i for i in range(self.plan.seeds if self.trains else 1)]
        again = 2 if self.references else 1
        self.progress.stage("train", len(finalists) + len(self.references) + again * (len(seeds) - 1))
        for trial in finalists:
            self._train(self.trials, trial.candidate.arch.key, seeds[:1])
        for key in list(self.references):
            self._train(self.references, key, seeds[:1])
        self.winner, reference = self._choose(finalists), self._best_reference()
        chosen = [(self.trials, self.winner), (self.references, reference)]
        for book, best in chosen:
            if best is not None:
                self._train(book, best, seeds[1:])
                self._test(book, best, seeds)

    def candidates(self, n: int) -> list[Trial]:
        """Only the first stage: at most n candidates within the limits, the most promising first."""
        self.plan = replace(self.plan, proposals=n)
        self.propose()
        return self._ranked()[:n]

    def report(self) -> Report:
        """What the run found, so far."""
        winner = None if self.winner is None else self.trials[self.winner]
        trials = tuple(self.trials.values())
        references = tuple(self.references.values())
        complete = [t for t in trials if any(m.fidelity == 1.0 for m in t.all(self.task.metric))]
        front = tuple(pareto.front(complete or self._measured(), self.objectives))
        text = summarize(self.request, winner, references, trials)
        spent = Budget(round(self.seconds, 3), len(self._measured()), self._llm_tokens())
        return Report(self.request, winner, front, references, trials, spent, text)

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

    def _plan(self) -> Plan:
        if (event := self.ledger.find("plan")) is not None:
            return Plan(**event["plan"])
        plan = make_plan(self.request, examples=self._examples(), seconds_per_example=self._speed())
        self.ledger.append({"kind": "plan", "id": "plan", "plan": plan.to_data()})
        return plan

    def _plan_again(self, finalists: Sequence[Trial]) -> None:
        """Fit the epochs of full training to what is left of the seconds, now that the finalists' speed is known."""
        if not self.trains or self.request.budget.seconds is None:
            return
        if (event := self.ledger.find("plan again")) is None:
            epoch_seconds = [
                m.seconds / len(m.curve) * self._examples() / (self.plan.examples or self._examples())
                for t in finalists
                for m in t.all(self.task.metric)
                if m.curve
            ]
            left = self.request.budget.seconds - self.seconds
            epochs = epochs_for(self.plan, left, epoch_seconds, references=len(self.references))
            event = {"kind": "plan", "id": "plan again", "plan": {**self.plan.to_data(), "epochs": epochs}}
            self.ledger.append(event)
        self.plan = Plan(**event["plan"])
        self.validator = self._meter("validators", self.request.validator)

    @property
    def trains(self) -> bool:
        """Whether networks are trained, rather than looked up in a table."""
        return self.request.validator.name != "table"

    def _examples(self) -> int:
        return len(self.task.data("train").labels) if self.trains else 0

    def _speed(self) -> float:
        if not self.trains or self.request.budget.seconds is None:
            return 0.0
        from genas.core.rng import rng
        from genas.nn.train import build, seconds_per_example

        known = self.space.references(self.task, self.request.constraints)
        arch = known[0].arch if known else self.space.sample(rng(self.request.seed, "speed"))
        network = build(self.space, arch, self.task, self.request.seed)
        return seconds_per_example(network, self.task, self.request.device)

    def _make_scorers(self) -> None:
        meters = [self._meter("scorers", use) for use in self.request.scorers]
        meters.sort(key=lambda meter: meter.scorer.cost)
        self.measure = next((m for m in meters if m.scorer.metric == self.task.metric), None)
        self.screens = [m for m in meters if m is not self.measure]
        self.validator = self._meter("validators", self.request.validator)
        if self.measure is None:
            raise RequestError(f"No scorer measures {self.task.metric}; add short_train or table to the scorers.")
        known = {m.scorer.metric for m in meters}
        named = [c.metric for c in self.request.constraints] + [o.metric for o in self.request.objectives]
        for metric in named:
            if metric not in known:
                raise RequestError(
                    f"No scorer measures {metric}. Add one to the scorers (genas list scorers), or leave that "
                    f"limit or objective out. Measured are: {', '.join(sorted(known))}."
                )
        self.objectives = self.request.objectives
        self.early = tuple(c for c in self.request.constraints if c.metric != self.task.metric)

    def _meter(self, kind: str, use: Use) -> Meter:
        known, options = registry.options(kind, use.name), dict(use.options)
        planned = {"epochs": self.plan.short_epochs, "of": self.plan.epochs, "examples": self.plan.examples}
        if kind == "validators":
            planned = {"epochs": self.plan.epochs}
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

    def _screen(self, candidates: Iterable[Candidate]) -> list[Trial]:
        """Run the cheap scorers over new candidates; a broken limit or a failure ends a trial at once."""
        new = {c.arch.key: Trial(c) for c in candidates if c.arch.key not in self.trials}
        for trial in new.values():
            self._announce(trial.candidate)
        for meter in self.screens:
            needed = {c.metric for c in self.early} | {o.metric for o in self.objectives}
            living = [t for t in new.values() if t.failure is None]
            for trial, result in zip(living, meter.measure([t.candidate.arch for t in living]), strict=True):
                changed = self._add(trial, result, fatal=meter.scorer.metric in needed)
                if changed.failure is None and (found := pareto.broken(changed, self.early)):
                    changed = replace(changed, failure="; ".join(found))
                new[trial.candidate.arch.key] = changed
        for trial in new.values():
            self.trials[trial.candidate.arch.key] = trial
            if trial.failure is None:
                self.progress.step()
        return list(new.values())

    def _measure(self, trials: Sequence[Trial]) -> list[Trial]:
        """Measure the task's metric of each, at low fidelity."""
        done = []
        for trial in trials:
            self._check_budget(0.4)
            assert self.measure is not None
            (result,) = self.measure.measure([trial.candidate.arch], seed=self.request.seed)
            self.trials[trial.candidate.arch.key] = changed = self._add(trial, result)
            done.append(changed)
            self.progress.step(self._best_text())
        return done

    def _learn(self) -> None:
        """Fit the scorers that learn and let them look again at what is not measured yet."""
        for meter in (m for m in self.screens if m.scorer.fits):
            meter.fit(self._measured())
            waiting = self._ranked()
            for trial, result in zip(waiting, meter.measure([t.candidate.arch for t in waiting]), strict=True):
                self.trials[trial.candidate.arch.key] = self._add(trial, result, fatal=False)

    def _train(self, book: dict[str, Trial], key: str, seeds: Sequence[int]) -> None:
        for seed in seeds:
            if book[key].failure is None:
                (result,) = self.validator.measure([book[key].candidate.arch], seed=seed)
                book[key] = self._add(book[key], result)
            self.progress.step(self._best_text())

    def _test(self, book: dict[str, Trial], key: str, seeds: Sequence[int]) -> None:
        for seed in seeds:
            (result,) = self.validator.measure([book[key].candidate.arch], seed=seed, verb="test")
            book[key] = self._add(book[key], result)

    def _add(self, trial: Trial, result: Measurement | ScoreFailed, *, fatal: bool = True) -> Trial:
        if isinstance(result, ScoreFailed):
            return replace(trial, failure=str(result)) if fatal else trial
        identity = (result.metric, result.fidelity, result.seed)
        charge = (trial.candidate.arch.key, *identity, result.value)
        if charge not in self._charged:
            self._charged.add(charge)
            self.seconds += result.seconds
        others = tuple(m for m in trial.measurements if (m.metric, m.fidelity, m.seed) != identity)
        return replace(trial, measurements=(*others, result))

    def _announce(self, candidate: Candidate) -> None:
        identity = f"candidate {candidate.arch.key}"
        if self.ledger.find(identity) is None:
            event = {"kind": "candidate", "id": identity, "key": candidate.arch.key}
            self.ledger.append({**event, "candidate": wire.to_data(candidate)})

    def _check_budget(self, share: float) -> None:
        limit = self.request.budget.seconds
        if limit is not None and self.seconds > share * limit and len(self._measured()) >= self.plan.finalists:
            raise BudgetSpent(f"{self.seconds:.0f} of {limit:g} seconds are spent")

    # Choosing

    def _alive(self) -> list[Trial]:
        return [t for t in self.trials.values() if t.failure is None]

    def _measured(self) -> list[Trial]:
        return [t for t in self._alive() if t.value(self.task.metric) is not None]

    def _ranked(self) -> list[Trial]:
        """The living, unmeasured candidates, the most promising first, by all proxies together."""
        living = [t for t in self._alive() if t.value(self.task.metric) is None]
        limited = {c.metric for c in self.early} | {"params", "flops", "size_mb"}
        columns = []
        for meter in self.screens:
            metric, sign = meter.scorer.metric, 1.0 if meter.scorer.larger_is_better else -1.0
            if metric in limited or metric.endswith(("_ms", "_mj")):
                continue
            values = [t.value(metric) for t in living]
            known = [v for v in values if v is not None]
            worst = min((sign * v for v in known), default=0.0)
            columns.append([worst if v is None else sign * v for v in values])
        if not living or not columns:
            return living
        badness = pareto.log_rank_sum(columns)
        return [living[i] for i in sorted(range(len(living)), key=lambda i: (badness[i], i))]

    def _best(self, trials: Sequence[Trial], n: int) -> list[Trial]:
        """The best n: the front first, then by the leading objective; all near the top accuracy (see _SLACK)."""
        metric = self.task.metric
        top = max((t.value(metric) or 0.0 for t in trials), default=0.0)
        floor = any(c.metric == metric for c in self.request.constraints)
        leads = self.objectives[0].metric == metric
        near = [t for t in trials if leads or floor or (t.value(metric) or 0.0) >= top - _SLACK]
        order = sorted(near, key=lambda t: pareto.losses(t, self.objectives) or ())
        return order[:n]

    def _choose(self, finalists: Sequence[Trial]) -> str | None:
        """The finalist, trained in full, that keeps all limits and is best on the validation split."""
        full = [self.trials[t.candidate.arch.key] for t in finalists]
        full = [t for t in full if t.failure is None and not pareto.broken(t, self.request.constraints)]
        best = self._best(full, 1)
        return best[0].candidate.arch.key if best else None

    def _best_reference(self) -> str | None:
        tried = {
            k: t for k, t in self.references.items() if t.failure is None and t.value(self.task.metric) is not None
        }
        return max(tried, key=lambda k: tried[k].value(self.task.metric) or 0.0, default=None)

    def _screen_references(self, finalists: Sequence[Trial]) -> None:
        """Make the references: as large as the limits allow or, without any, as the largest finalist."""
        limits = list(self.request.constraints)
        if not any(c.metric in {"params", "size_mb"} for c in limits):
            counts = [v for t in finalists if (v := t.value("params")) is not None]
            limits += [Constraint("params", at_most=max(counts))] if counts else []
        for candidate in self.space.references(self.task, limits):
            trial = Trial(candidate)
            self._announce(candidate)
            for meter in self.screens:
                trial = self._add(trial, meter.measure([candidate.arch])[0], fatal=False)
            self.references[candidate.arch.key] = trial

    # Words

    def _best_text(self) -> str:
        best = max((t.value(self.task.metric) or 0.0 for t in self._measured()), default=0.0)
        return f"best {self.task.metric} {best:.4f}"

    def _nothing_legal(self) -> str:
        reasons = [t.failure for t in self.trials.values() if t.failure is not None]
        limits = ", ".join(str(c) for c in self.early) or "none"
        example = f" For example: {reasons[-1]}." if reasons else ""
        return (
            f"None of {len(reasons)} candidates keeps the limits ({limits}).{example} "
            "Widen the limits, or name another space (genas list spaces)."
        )

    def _llm_tokens(self) -> int:
        return sum(int(e.get("tokens", 0)) for e in self.ledger.read() if e.get("kind") == "completion")
