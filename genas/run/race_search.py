"""A search that trains: its schedule, its limit on slow networks and its race, from one budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genas.core import clock, wire
from genas.core.progress import Progress
from genas.core.records import Constraint, Options, Trial
from genas.run.cautions import after_training, not_followed, too_slow
from genas.run.laboratory import Laboratory
from genas.run.mix import Mix
from genas.run.race import Race
from genas.run.schedule import Schedule
from genas.run.spending import Spending
from genas.run.start import scheduled
from genas.run.trainer import Trainer
from genas.training.recipe import effective
from genas.training.timing import threads, warm_up
from genas.validators.train import TrainValidator

if TYPE_CHECKING:
    from torch import Tensor

START = 10.0  # seconds of starting (imports, reading the data) that no budget is charged with


class RaceSearch:
    """One race with its schedule and its rivals. Made again over the same ledger, it resumes.

    Args:
        lab: screens candidates and knows the book of trials.
        proposers, refiners: who brings starters, and children of the leaders.
        progress: told about each stage and step.
        begin: the clock when the run began.
    """

    def __init__(self, lab: Laboratory, *, proposers: Mix, refiners: Mix, progress: Progress, begin: float) -> None:
        self.lab, self.progress, self.proposers, self.refiners = lab, progress, proposers, refiners
        self.request, self.book, self.ledger, self.executor = lab.request, lab.book, lab.ledger, lab.executor
        self.space = lab.context.space
        self.task = lab.context.task
        validator = lab.validator.scorer
        assert isinstance(validator, TrainValidator)
        self.validator, self._begin = validator, begin
        self.schedule: Schedule | None = None
        self.race: Race | None = None

    def check(self) -> None:
        """Make the schedule. From here on the budget is charged.

        Raises:
            RequestError: the budget is too small to train anything.
        """
        warm_up()
        started = clock.now()
        self._begin = started - max(0.0, started - self._begin - START)
        self.schedule = scheduled(self.lab, self.validator, begin=self._begin)
        for name, text in not_followed(self.request, self.task.metric.name):
            self.ledger.warn(name, text)

    def run(self) -> str | None:
        """The key of the winner, tested; None where none could be trained or none keeps the limits.

        Raises:
            RequestError: no candidate keeps the limits.
        """
        assert self.schedule is not None, "check() comes first"
        self.race = self._race(self.schedule)
        with threads(self.executor.threads):
            winner = self.race.run(self.validator.seeds)
        if winner is not None:
            self.lab.finish(self.book.trials[winner])
            for name, text in after_training(self.task, self.book.trials[winner]):
                self.ledger.warn(name, text)
        return winner

    def _race(self, schedule: Schedule) -> Race:
        slowest = schedule.slowest
        self.lab.race(None if slowest is None else Constraint("train_ms", at_most=slowest))
        if slowest is not None:
            self.ledger.warn("train_ms", too_slow(slowest))
        self._try_rivals()
        trainer = Trainer(self.space, self.task, self.validator, self.lab.context.device, self.ledger.store)
        elapsed = max((float(event.get("clock", 0.0)) for event in self.ledger.read()), default=0.0)
        seconds = self.request.budget.seconds or 0.0
        spending = Spending(schedule, seconds=seconds, elapsed=elapsed, begin=self._begin)
        return Race(
            self.request, self.lab, schedule, trainer, executor=self.executor, proposers=self.proposers,
            refiners=self.refiners, progress=self.progress, spending=spending,
        )  # fmt: skip

    def _try_rivals(self) -> None:
        """Fit models that are no networks to a table task: one second tells whether a network is needed."""
        if self.task.modality == "tabular" and self.ledger.find("rivals") is None:
            from genas.run.classical import classical
            from genas.run.regressors import regressors

            fit = classical if self.task.answer == "class" else regressors
            rivals = [wire.to_data(rival) for rival in fit(self.task, self.request.seed)]
            self.ledger.append({"kind": "rivals", "id": "rivals", "rivals": rivals})
            if not rivals:
                reason = f"the outputs of {self.task.name} are not the numbers of its labels"
                self.ledger.warn("rivals", f"No classical model was tried: {reason}.")

    def weights(self, key: str) -> dict[str, Tensor] | None:
        """The last weights of a network.

        Raises:
            GenasError: the store has lost them.
        """
        return None if self.race is None else self.race.weights(key)

    def recipe(self, winner: Trial) -> Options:
        """The winner's complete recipe, with the settings of its final."""
        assert self.race is not None
        options, task = self.request.validator.options, self.task
        recipe = effective(winner.candidate.recipe, options, task.mirror, task.follows).to_data()
        return {**recipe, **self.race.final_of(winner.candidate.key)}
