"""The search that trains: one race, in which nothing that the winner learned is thrown away.

References and generated candidates are trained side by side; after each rung the better part goes on from where it is,
children of the leaders join with what they inherit, and the network that is left gets the rest of the budget, its
learning rate falling to zero. What was decided is written into the ledger before it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from genas.core import wire
from genas.core.building import build
from genas.core.interfaces import Executor
from genas.core.ledger import Event
from genas.core.progress import Progress, Steps
from genas.core.records import Candidate, Measurement, Options, Request
from genas.core.rng import rng
from genas.reporting.words import figure
from genas.run.crew import Crew, identity_of
from genas.run.decisions import check_finalists, check_rung
from genas.run.finer import COARSE, Heir, heirs, joined
from genas.run.laboratory import Laboratory
from genas.run.means import Means
from genas.run.mix import Mix
from genas.run.opening import Opening
from genas.run.schedule import RACE, Schedule, points
from genas.run.spending import Spending
from genas.run.standings import Standings
from genas.run.trainer import LOOKS, Course, Trainer, legs_until, name
from genas.training.judging import judging_seconds
from genas.training.leg import Leg
from genas.training.recipe import OF_IMAGES, Recipe, fixed, unfollowed
from genas.training.timing import threads
from genas.validators.train import tested

if TYPE_CHECKING:
    from torch import Tensor

_SCREENING = 0.06  # of the seconds may go to proposing and screening
_JUDGED = 1000  # validation examples in the rungs, where seconds count
_STEMS = 0.25  # of the seconds left may go to the maps of one pretrained stem


class Race:
    """One race. Made again over the same ledger, it resumes where it was stopped.

    Args:
        request: what is wanted.
        lab: screens candidates and knows the book of trials.
        schedule: how the budget is spent.
        trainer: trains in this process.
        executor: where the rungs are trained.
        proposers, refiners: who brings starters, and children of the leaders.
        progress: told about each stage and step.
        spending: the account of the budget.
    """

    def __init__(
        self,
        request: Request,
        lab: Laboratory,
        schedule: Schedule,
        trainer: Trainer,
        *,
        executor: Executor,
        proposers: Mix,
        refiners: Mix,
        progress: Progress,
        spending: Spending,
    ) -> None:
        self.request, self.lab, self.schedule, self.trainer, self.executor = request, lab, schedule, trainer, executor
        self.refiners, self.progress = refiners, progress
        self.space, self.task = lab.context.space, lab.context.task
        self.ledger, self.book = lab.context.ledger, lab.book
        self.opening = Opening(request, self.space, self.task, lab, proposers=proposers)
        self.spending = spending
        images = len(self.task.input_shape) == 3
        idle = (*(() if images else OF_IMAGES), *unfollowed(self.task.follows))
        self._kept = {*fixed(request.validator.options), *idle}  # of a recipe: not searched
        self.means = Means(schedule, trainer, executor)
        self.standings = Standings(request, self.space, self.task, self.book)
        self.crew = Crew(
            request, self.ledger, trainer, executor=executor, device=str(trainer.device), spent=spending.spent
        )
        self._parents: dict[str, str] = {}  # whose weights a child starts from, as the store names them
        self._joined: dict[str, int] = {}  # the rung at which each entered
        self._last: dict[str, str] = {}  # the leg that each has done
        self._rung_of: dict[str, int] = {}  # the last rung that each was in
        self._seen: dict[str, int] = {}  # examples
        self._heirs: dict[str, str] = {}  # whose weights a finalist starts from
        self._rates: dict[str, float] = {}  # examples that these see in a second

    def run(self, seeds: int) -> str | None:
        """The key of the winner, tested; None where none could be trained or none keeps the limits.

        Args:
            seeds: trainings of the winner; those after the first begin when its answer is safe.
        """
        self.spending.seeds = seeds
        running: list[str] = []
        for number in range(len(self.schedule.rungs)):
            if number > 0 and self._ends_before(number):
                break
            running = self._decided(number, running)
            self.progress.stage(f"race, rung {number + 1} of {len(self.schedule.rungs)}", len(running))
            self._train_rung(number, running)
            self.standings.look_ahead(self.schedule.whole / self.schedule.reached(number))
            running = [key for key in running if self.book.trials[key].failure is None]
            self.refiners.tell([self.book.trials[key] for key in running])
        if not running:
            return None
        finalists = self._finalists(running)
        for place, (key, share) in enumerate(finalists.items()):
            self._finish(key, place, share)
        waiting = [key for key in self.standings.ordered(running) if key not in finalists]
        while waiting and all(self.book.trials[key].failure for key in finalists):
            finalists[key := waiting.pop(0)] = 1.0  # all before it diverged: the next best gets what is left
            self._finish(key, len(finalists) - 1, 1.0)
        winner = self.book.choose([t for k in finalists if (t := self.book.trials[k]).failure is None])
        for key in finalists if len(self.request.objectives) > 1 else ():
            if key != winner and self.book.trials[key].failure is None:
                self._test(key, self.request.seed)
        if winner is not None:
            self._test(winner, self.request.seed)
            self._repeat(winner)
        return winner

    def weights(self, key: str) -> dict[str, Tensor]:
        """The last weights of a network.

        Raises:
            GenasError: the store has lost them.
        """
        return self.trainer.learned(self.book.trials[key].candidate, self.request.seed, self._last[key])

    def final_of(self, key: str) -> Options:
        """The settings of a network's last leg that are not in its recipe, or differ from it."""
        event = self.ledger.find(self._last[key]) or {}
        means: Options = {name: event[name] for name in ("learning_rate", "precision", "growing") if name in event}
        return {**means, **({"weights_from": self._heirs[key]} if key in self._heirs else {})}

    # Rungs

    def _decided(self, number: int, running: Sequence[str]) -> list[str]:
        """The networks of this rung: those in the ledger, or those decided now, which are written there."""
        event = self.ledger.find(identity := f"rung {number}")
        if event is not None and self.schedule.unit == "seconds":
            self._remember()
        else:  # counted in examples, a decision is made anew from the same figures, and is the same
            new = self._children(number, running) if number else []
            kept = self.standings.staying(running, self.schedule.rungs[number].keep) if number else self._starters()
            entrants = [
                {"key": key, "parent": self._parents.get(key, ""), "joined": self._joined.get(key, number)}
                for key in (*kept, *new)
            ]
            if event is None:
                entrants = entrants[: max(1, self.spending.room(number))]
                event = {"kind": "rung", "id": identity, "clock": self.spending.spent(), "entrants": entrants}
                self.ledger.append(event)
        check_rung(event, number, self.book.trials)
        for entrant in event["entrants"]:
            self._joined.setdefault(entrant["key"], entrant["joined"])
            if entrant["parent"]:
                self._parents.setdefault(entrant["key"], entrant["parent"])
        chosen = [entrant["key"] for entrant in event["entrants"]]
        for key in set(running) - set(chosen):
            self.trainer.forget(self.book.trials[key].candidate, self.request.seed)
        return chosen

    def _ends_before(self, number: int) -> bool:
        """Whether the rungs end early: the ledger says so, or there is no time for two networks in this one."""
        decided = self.ledger.find(f"rung {number}") is not None
        return not decided and (self.ledger.find("finalists") is not None or self.spending.room(number) < 2)

    def _remember(self) -> None:
        """Bring every candidate in the ledger into the book, screened as before."""
        for event in list(self.ledger.read()):
            if event.get("kind") == "candidate" and event["key"] not in self.book.trials:
                (trial,) = self.lab.screen([wire.from_data(Candidate, event["candidate"])])
                self.book.keep(self.lab.gate(trial) if trial.failure is None else trial)

    def _starters(self) -> list[str]:
        seconds = max(1.0, _SCREENING * self.spending.seconds) if self.schedule.unit == "seconds" else None
        if not self.opening.asks(self.schedule.starters, hurried=seconds is not None):
            names = ", ".join(use.name for use in self.request.proposers)
            text = f"The budget is so short that only hand-made networks start; the proposers ({names}) were not asked."
            self.ledger.warn("proposers", text)
        self.progress.stage("start", self.schedule.starters)
        starters = self.opening.starters(self.schedule.starters, seconds=seconds, told=self.progress.step)
        return [trial.candidate.key for trial in starters]

    def _children(self, number: int, running: Sequence[str]) -> list[str]:
        """Children of the leaders, in turn: of the refiners with a leader's recipe, and leaders with another recipe."""
        wanted, leaders = self.schedule.rungs[number].new, self.standings.ordered(running)
        children: list[str] = []
        for place in range(3 * wanted):
            if len(children) == wanted:
                break
            random = rng(self.request.seed, f"children {number}", place)
            child = next(iter(self.refiners.ask(1)), None) if place % 2 == 0 and len(self.refiners) else None
            parent = leaders[(place // 2) % len(leaders)]
            if child is None:
                leader = self.book.trials[parent].candidate
                recipe = Recipe.from_data(leader.recipe).changed(random, self._kept).to_data()
                child = Candidate(leader.arch, "race", (leader.key,), "a leader with another recipe", recipe=recipe)
            else:
                parent = next((p for p in leaders for q in child.parents if p.startswith(q)), leaders[0])
                if child.fidelity < 1:
                    self.ledger.warn(
                        "fidelity", f"{child.origin} proposes, but how long each is trained the race decides."
                    )
                child = replace(child, recipe=self.book.trials[parent].candidate.recipe, fidelity=1.0)
            child = self.opening.effective(child)
            if child.key in self.book.trials:
                continue
            (trial,) = self.lab.screen([child])
            trial = self.book.keep(self.lab.gate(trial) if trial.failure is None else trial)
            if trial.failure is None:
                self._parents[child.key] = name(
                    self.book.trials[parent].candidate, self.request.seed, self._last[parent]
                )
                self._joined[child.key] = number
                children.append(child.key)
        return children

    def _train_rung(self, number: int, running: Sequence[str]) -> None:
        jobs = [self._course(key, number) for key in running]
        for course, event in self.crew.results(jobs, f"rung {number}"):
            self._write(course.candidate.key, event)
            self._last[course.candidate.key] = course.legs[-1].name
            self._rung_of[course.candidate.key] = number
            self.progress.step(self._leader())

    def _course(self, key: str, number: int) -> Course:
        """The legs of a network up to a rung: from where it joined if it inherits weights, else from the first rung."""
        first = self._joined[key] if key in self._parents else 0
        places = range(first, number + 1)
        amounts = [self.schedule.rungs[i].each for i in places]
        legs = legs_until([f"rung{i}" for i in places], amounts, self.schedule.unit)
        fidelity = min(0.99, self.schedule.reached(number) / self.schedule.whole)
        judged = _JUDGED if self.schedule.unit == "seconds" else None
        spare = _STEMS * self.spending.left() if self.schedule.unit == "seconds" else None
        candidate = self.book.trials[key].candidate
        parent = self._parents.get(key, "")
        return Course(
            candidate, self.request.seed, legs, parent, fidelity, judged, points=LOOKS, spare=spare,
            precision=self.means.of_rung(candidate),
        )  # fmt: skip

    def _write(self, key: str, event: Event) -> None:
        """Write an event's measurement or failure into the trial."""
        trial = self.book.trials[key]
        if "failure" in event:
            self.book.keep(replace(trial, failure=event["failure"]))
            return
        self.standings.note(key, loss=event["loss"], slope=event["slope"])
        self._seen[key] = event["seen"]
        self.book.record(trial, wire.from_data(Measurement, event["measurement"]))

    # The end

    def _finalists(self, running: Sequence[str]) -> dict[str, float]:
        """The networks that get a final, in order, each with its share of the budget left at that time."""
        event = self.ledger.find("finalists")
        if event is None:
            finer = self._finer(running)
            entrants: list[dict[str, Any]] = [
                {"key": key, "share": share, "rate": self._rate(key), "parent": ""}
                for key, share in self.standings.finals(running, finer).items()
            ]
            leader = entrants[-1]
            if (heir := finer.get(leader["key"])) is not None and joined(heir.candidate, self.lab):
                leader["share"] = COARSE
                entrants.append({"key": heir.candidate.key, "share": 1.0, "rate": heir.rate, "parent": leader["key"]})
            tests = self._test_seconds([entrant["key"] for entrant in entrants])
            event = {"kind": "rung", "id": "finalists", "clock": self.spending.spent(), "entrants": entrants,
                     "tests": tests}  # fmt: skip
            self.ledger.append(event)
        check_finalists(event, self.book.trials, self._rung_of)
        self.spending.reserve(event["tests"])
        for entrant in event["entrants"]:
            if entrant["parent"]:
                self._rates[entrant["key"]] = entrant["rate"]
                self._heirs[entrant["key"]] = entrant["parent"]
        return {entrant["key"]: entrant["share"] for entrant in event["entrants"]}

    def _finer(self, running: Sequence[str]) -> dict[str, Heir]:
        """The finer heirs that the final has time for."""
        if self.schedule.unit != "seconds" or len(self.request.objectives) > 1:
            return {}
        rates = {key: self._rate(key) for key in running}
        return heirs(rates, self.spending.left(), self.opening, self.lab, self.means)

    def _rate(self, key: str) -> float:
        """Examples that the network saw per second of the rungs; 0 if seconds are not counted."""
        legs = self._course(key, self._rung_of[key]).legs
        return self._seen[key] / seconds if (seconds := sum(leg.seconds or 0.0 for leg in legs)) else 0.0

    def _test_seconds(self, keys: Sequence[str]) -> float:
        """Seconds that testing takes: all of these, or the slowest if one is tested; 0 if seconds are not counted."""
        if self.schedule.unit != "seconds":
            return 0.0
        count, device = len(self.task.data("test").labels), self.trainer.device
        built = (build(self.space, self.book.trials[key].candidate.arch, self.task, self.request.seed) for key in keys)
        each = [judging_seconds(network.to(device), self.task, device, count) for network in built]
        return sum(each) if len(self.request.objectives) > 1 else max(each)

    def _finish(self, key: str, place: int, share: float) -> None:
        """Train the final leg in this process, with the fastest number of threads."""
        candidate = self.book.trials[key].candidate
        stage = f"final {place}"
        event = self.ledger.find(stage)
        if event is None:
            rate = self._rates[key] if key in self._heirs else self._rate(key)
            means = self.means.of_final(candidate, self.spending.left() * share, rate, heir=key in self._heirs)
            each = self.spending.left() * share  # choosing the means was timed, which takes a while on a busy machine
            event = {"kind": "rung", "id": stage, "clock": self.spending.spent(), "each": each, **means}
            self.ledger.append(event)
        course = self._inherited(key) if key in self._heirs else self._course(key, self._rung_of[key])
        leg = legs_until([stage], [event["each"]], self.schedule.unit)[0]
        leg = replace(leg, decay=True, growing=event["growing"], rate=event["learning_rate"])
        looks = points(event["examples"], len(self.task.data("val").labels))
        course = course._replace(
            legs=(*course.legs, leg), fidelity=1.0, judged=None, points=looks, precision=event["precision"]
        )
        if self.ledger.find(identity_of(course, stage)) is None:
            self.progress.stage("final training", 100)
            with threads(event["threads"]):
                result = self.trainer.run(course, Steps(self.progress, self._leader))
            self.crew.record(course, stage, result)
        event_of_leg = self.ledger.find(identity_of(course, stage))
        assert event_of_leg is not None
        self._write(key, event_of_leg)
        if self.book.trials[key].failure is None:
            self._last[key] = stage
            self.spending.take(event["each"])

    def _inherited(self, key: str) -> Course:
        """The course of a finalist that starts from its parent's weights."""
        parent = self._heirs[key]
        weights = name(self.book.trials[parent].candidate, self.request.seed, self._last[parent])
        return Course(self.book.trials[key].candidate, self.request.seed, (), weights, 1.0)

    def _test(self, key: str, seed: int, leg: str | None = None) -> None:
        """Test a network's last weights; the test split is read once."""
        candidate = self.book.trials[key].candidate
        identities = [f"test {key} {seed}", *(f"test {key} {seed} {m.name}" for m in self.task.metrics)]
        if any(self.ledger.find(identity) is None for identity in identities):
            weights = self.trainer.learned(candidate, seed, leg or self._last[key])
            figures = tested(self.space, candidate.arch, self.task, weights, device=self.lab.context.device, seed=seed)
            for identity, figure in zip(identities, figures, strict=True):
                if self.ledger.find(identity) is None:
                    self.ledger.append({"kind": "measurement", "id": identity, "key": key, "scorer": "test",
                                        "measurement": wire.to_data(figure)})  # fmt: skip
        for identity in identities:
            event = self.ledger.find(identity)
            assert event is not None
            self.book.record(self.book.trials[key], wire.from_data(Measurement, event["measurement"]))

    def _repeat(self, key: str) -> None:
        """Train the winner again from scratch with other seeds. An heir's parent is trained again before it."""
        seeds = [self.request.seed + i for i in range(1, self.spending.seeds)]
        line = [self._heirs[key], key] if key in self._heirs else [key]
        if seeds:
            self.progress.stage("the winner again, other seeds", len(seeds) * len(line))
        outcomes: dict[int, Event] = {}
        for member in line:
            for course, event in self.crew.results([self._alike(member, seed) for seed in seeds], "again"):
                outcomes[course.seed] = event
                self.progress.step()
            seeds = [seed for seed in seeds if "measurement" in outcomes[seed]]  # the others diverged
        for seed in seeds:
            measured = wire.from_data(Measurement, outcomes[seed]["measurement"])
            self.book.record(self.book.trials[key], measured)
            self._test(key, seed, "final")

    def _alike(self, key: str, seed: int) -> Course:
        """The course of a finalist with another seed: as many examples, the same share of them at a falling rate."""
        total, end = self._seen[key], self.ledger.find(self._last[key])
        assert end is not None
        parent = self._heirs.get(key)
        weights = "" if parent is None else name(self.book.trials[parent].candidate, seed, "final")
        flat = max(1, round(RACE * total)) if parent is None else 0
        last = max(1, total - flat)
        falling = Leg("final", examples=last, decay=True, growing=end["growing"], rate=end["learning_rate"])
        legs = (Leg("flat", examples=flat), falling) if flat else (falling,)
        looks = points(total, len(self.task.data("val").labels))
        candidate = self.book.trials[key].candidate
        return Course(candidate, seed, legs, weights, 1.0, points=looks, precision=end["precision"])

    def _leader(self) -> str:
        trained = [key for key in self._last if self.book.trials[key].failure is None]
        if not trained:
            return ""
        best, metric = max(trained, key=self.standings.worth), self.task.metric.name
        return f"leads {metric} {figure(metric, self.book.trials[best].value(metric) or 0.0)}"
