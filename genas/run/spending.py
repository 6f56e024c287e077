"""How much of a race's budget is used, and how much is left for what comes next."""

from __future__ import annotations

from genas.core import clock
from genas.run.schedule import Schedule

_RESERVE = 0.02  # of the seconds is kept for the test and the report, and more where the test takes longer
_KEPT = 0.9  # of the planned final is left alone where the rungs run late
_AGAIN = 0.7  # of the winner's training is what one more seed takes


class Spending:
    """The account of one budget.

    Args:
        seconds: of the whole budget, where it counts seconds.
        elapsed: seconds of it that were used when `begin` was read.
        begin: the clock then.
    """

    def __init__(self, schedule: Schedule, *, seconds: float, elapsed: float, begin: float) -> None:
        self.schedule, self.seconds = schedule, seconds
        self.seeds = 1  # trainings of the winner
        self._elapsed, self._begin = elapsed, begin
        self._reserve = _RESERVE * seconds
        self._final = schedule.final  # examples, where they are counted

    def spent(self) -> float:
        """Seconds of the budget that are used."""
        return self._elapsed + clock.now() - self._begin

    def reserve(self, seconds: float) -> None:
        """Keep at least so many seconds for the end."""
        self._reserve = max(self._reserve, seconds)

    def left(self) -> float:
        """What is left for finals, in the schedule's unit, without the part of trainings with other seeds."""
        if self.schedule.unit != "seconds":
            return self._final
        again = _AGAIN * (self.seeds - 1) / self.schedule.workers
        return max(1.0, (self.seconds - self._reserve - self.spent()) / (1 + again))

    def take(self, amount: float) -> None:
        """Charge a final's examples, if examples are the unit; seconds are read off the clock."""
        self._final -= amount

    def room(self, number: int) -> int:
        """How many networks a rung has time for if the race runs late, so that the final keeps its time."""
        if self.schedule.unit != "seconds":
            return self.schedule.networks
        spare = self.seconds - self._reserve - self.spent() - _KEPT * self.schedule.final
        return max(0, int(spare * self.schedule.workers / self.schedule.rungs[number].each))
