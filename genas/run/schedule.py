"""How a race spends its budget: how many networks start, how long each rung is, how many go on, how long the final is.

Successive halving (Jamieson & Talwalkar, AISTATS 2016) with trainings that are continued: all rungs cost the same,
and 0.6 of everything or more goes to the network that is left.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from genas.core.errors import RequestError

RACE = 0.4  # of a budget that is not short goes to the rungs
SHARES = {1: 0.2, 2: 0.3, 3: RACE}  # of seconds, by the number of rungs: a short race leaves more to the winner
_MOST = 16  # networks that start on one core; on n cores the square root of n times as many
_STEPS = 60  # of training that a rung must have to rank anything
_RUNGS = ((3, 9), (2, 4), (1, 2))  # so many rungs, where at least so many networks start
_ONE = 3  # networks that start where there is one rung only, which decides alone
_NEW = 6  # one child of the leaders for so many networks that started
_LEAST = 8.0  # seconds
_POINTS = 8  # of the curve of a final at most
_PASSES = 20  # over the data that a network must be fast enough for in a final, where usual ones make many more
_LOOKING = 0.05  # of its seconds may go to them
_JUDGES = 8  # validation examples for each network that starts: the best of many on few is best by chance


@dataclass(frozen=True)
class Rung:
    """One rung of a race.

    Args:
        keep: networks of the rung before that go on; in the first, networks that start.
        new: children of the leaders that join.
        each: what each is trained for, in seconds or examples.
    """

    keep: int
    new: int
    each: float


@dataclass(frozen=True)
class Schedule:
    """The plan of one race, written into the ledger.

    Args:
        unit: "seconds" of the clock, or "examples" that a network sees.
        rungs: from many networks trained briefly to few trained longer.
        final: what is planned for the network that is left, in the unit; with seconds, what is really left decides.
        workers: trainings side by side in the rungs.
        slowest: milliseconds of training per example above which a network does not enter; None is no such limit.
        precision: in which the rungs are trained.
    """

    unit: str
    rungs: tuple[Rung, ...]
    final: float
    workers: int = 1
    slowest: float | None = None
    precision: str = "float32"

    @property
    def starters(self) -> int:
        """Networks of the first rung."""
        return self.rungs[0].keep if self.rungs else 1

    @property
    def networks(self) -> int:
        """How many networks are trained in all."""
        return self.starters + sum(rung.new for rung in self.rungs)

    def reached(self, number: int) -> float:
        """How much training a network has had after that rung, in the unit."""
        return sum(rung.each for rung in self.rungs[: number + 1])

    @property
    def whole(self) -> float:
        """How much training the winner has had in the end, in the unit."""
        return self.reached(len(self.rungs)) + self.final

    def to_data(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> Schedule:
        """The schedule of plain values."""
        rungs = tuple(Rung(**rung) for rung in data["rungs"])
        return Schedule(**{**data, "rungs": rungs})


def by_seconds(
    seconds: float, *, step: float, examples: int, judges: int, batch: int, workers: int, children: bool
) -> Schedule:
    """The race that fits into seconds.

    Args:
        seconds: for training, all told.
        step: seconds of one training step of a usual network.
        examples: in the training split.
        judges: examples in the validation split.
        batch: examples of a step.
        workers: trainings side by side.
        children: whether anybody proposes children of the leaders.

    Raises:
        RequestError: there are too few to train anything.
    """
    least = max(_LEAST, 4 * _STEPS * step)
    if seconds < least:
        raise RequestError(
            f"{seconds:.3g} seconds of training are too few: {4 * _STEPS} steps of a small network need about "
            f"{least:.0f} here. Write a budget of at least {-(-least * 1.3 // 10) * 10:.0f} seconds."
        )
    shortest = max(_STEPS * step, 0.004 * seconds)
    most = min(round(_MOST * workers**0.5), max(4, judges // _JUDGES))

    def starters(rungs: int) -> int:
        return min(most if rungs > 1 else _ONE, int(SHARES[rungs] * seconds * workers / rungs / shortest))

    count = next(rungs for rungs, least_of in _RUNGS if starters(rungs) >= least_of or rungs == 1)
    start, race = max(2, starters(count)), SHARES[count] * seconds
    rungs = []
    for number, keep in enumerate(_kept(start, count)):
        new = max(1, start // _NEW) if children and number > 0 else 0
        rungs.append(Rung(keep, new, workers * race / count / (keep + 1.5 * new)))
    slowest = 1e3 * max(8 * step / batch, (seconds - race) / _PASSES / examples)
    return Schedule("seconds", tuple(rungs), seconds - race, workers, slowest)


def by_trials(trials: int, *, epochs: float, examples: int, children: bool) -> Schedule:
    """The race of this many networks, whose winner sees `epochs` passes over the data. It does not depend on speed."""
    new = trials // _NEW if children and trials >= 4 else 0
    start = max(1, trials - new)
    total = epochs * examples
    count = next((k for k, least in _RUNGS if start >= least), 0)
    if count == 0:
        return Schedule("examples", (Rung(1, 0, round(RACE * total)),), round((1 - RACE) * total))
    times = max(1.5, start ** (1 / count))
    first = RACE * total * (times - 1) / (times**count - 1)
    joins = 1 if count > 1 else 0  # the rung at which children join
    rungs = [
        Rung(keep, new if number == joins and count > 1 else 0, max(1, round(first * times**number)))
        for number, keep in enumerate(_kept(start, count))
    ]
    return Schedule("examples", tuple(rungs), round((1 - RACE) * total))


def points(examples: int, judges: int) -> int:
    """How often a training of this many examples is judged on the way; judging costs a third of training."""
    return max(1, min(_POINTS, int(3 * _LOOKING * examples / judges)))


def _kept(start: int, rungs: int) -> list[int]:
    """How many networks each rung trains: fewer by the same factor each time, down to one after the last."""
    times = start ** (1 / rungs)
    return [max(1, round(start / times**number)) for number in range(rungs)]
