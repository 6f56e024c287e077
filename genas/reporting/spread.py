"""Error bars: the spread over seeds, the interval over examples, and whether one network clearly beats another."""

from __future__ import annotations

import math
from typing import NamedTuple

from genas.core import declared
from genas.core.metrics import is_on_test
from genas.core.records import Goal, Measurement, Trial

_Z = 1.959964  # of the normal distribution at 95 %, two-sided


class Spread(NamedTuple):
    """The mean over seeds, the standard deviation over them (None for one seed), and their number."""

    mean: float
    std: float | None
    n: int


def spread(trial: Trial, metric: str) -> Spread | None:
    """How a metric spreads over seeds at the highest fidelity measured, or None where it was not measured."""
    figures = trial.all(metric)
    values = [m.value for m in figures if m.fidelity == figures[0].fidelity]
    if not values:
        return None
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1) if len(values) > 1 else None
    return Spread(mean, None if variance is None else math.sqrt(variance), len(values))


class Interval(NamedTuple):
    """The 95 % interval of a figure, and the number of examples that it rests on.

    Args:
        source: "Wilson" of a share, "bootstrap" of any other metric.
    """

    low: float
    high: float
    examples: int
    source: str = "Wilson"


def wilson(measured: Measurement) -> Interval | None:
    """The 95 % interval of an accuracy, from the examples it was read on; None where these are not known.

    It counts the chance in the choice of examples; that in the training only several seeds show.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (JASA 1927).
    """
    share, n = measured.value, measured.examples
    if not n or not declared.metric(measured.metric).share or not 0 <= share <= 1:
        return None
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half), n)


def between(measured: Measurement) -> Interval | None:
    """The 95 % interval of a figure over the choice of examples; None where nothing is known of it.

    Of a share it is Wilson's. Of another metric it is the figure with 1.96 of the standard errors that the bootstrap
    gave, where the figure was read on the test split.
    """
    if measured.std is None or not is_on_test(measured.metric) or not measured.examples:
        return wilson(measured)
    half = _Z * measured.std
    return Interval(measured.value - half, measured.value + half, measured.examples, "bootstrap")


def interval(trial: Trial, metric: str) -> Interval | None:
    """The interval of a figure of a trial that was trained once; None where several seeds show its spread."""
    figures = trial.all(metric)
    same = [m for m in figures if m.fidelity == figures[0].fidelity]
    return between(same[0]) if len(same) == 1 else None


def chance(one: float, other: float, examples: int) -> float:
    """How far two accuracies on so many examples may lie apart by chance alone, in 95 of 100 cases.

    Source: Wald's interval of a difference of two shares; that both are shares of the same examples is not used, so it
    is wide rather than narrow.
    """
    return _Z * math.sqrt((one * (1 - one) + other * (1 - other)) / examples)


class Comparison(NamedTuple):
    """A comparison of a winner with a reference.

    Args:
        verdict: "beats", "does not beat" or "no clear difference".
        difference: the winner's mean less the reference's.
        margin: half the width of the 95 % interval of the difference; None where no spread is known.
    """

    verdict: str
    difference: float
    margin: float | None


def compare(winner: Spread, reference: Spread, goal: Goal = "max") -> Comparison:
    """Whether the winner's mean is clearly better, given how much both vary over seeds.

    Where no seed differs from another (few test examples, or a task too easy) nothing is known of that: no clear
    difference.

    Source: Student's two-sample test with pooled variance at 95 %, two-sided; the seeds are the samples, so the chance
    in the choice of test examples is not counted.
    """
    from scipy.stats import t

    difference = winner.mean - reference.mean
    freedom = winner.n + reference.n - 2
    if freedom < 1:
        return Comparison("no clear difference", difference, None)
    squares = sum((s.n - 1) * (s.std or 0.0) ** 2 for s in (winner, reference))
    pooled = math.sqrt(squares / freedom)
    margin = float(t.ppf(0.975, freedom)) * pooled * math.sqrt(1 / winner.n + 1 / reference.n)
    if pooled == 0 or abs(difference) <= max(margin, 1e-12):
        return Comparison("no clear difference", difference, margin)
    better = difference > 0 if goal == "max" else difference < 0
    return Comparison("beats" if better else "does not beat", difference, margin)
