"""Dominance, limits and ranks, on cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from genas.core import pareto
from genas.core.records import Architecture, Candidate, Constraint, Measurement, Objective, Trial

BOTH = (Objective("accuracy"), Objective("params", "min"))


def trial(name: str, accuracy: float | None, params: float, failure: str | None = None) -> Trial:
    found = [Measurement("params", params)] + ([] if accuracy is None else [Measurement("accuracy", accuracy)])
    return Trial(Candidate(Architecture("s", (name,), ()), "x"), tuple(found), failure)


def test_front_holds_what_nothing_beats() -> None:
    a, b, c, d = trial("a", 0.9, 100), trial("b", 0.8, 50), trial("c", 0.8, 60), trial("d", None, 1)
    e = trial("e", 0.99, 1, failure="broken")
    assert pareto.front([d, c, b, a, e], BOTH) == [a, b]


def test_equal_points_stay_together() -> None:
    assert len(pareto.front([trial("a", 0.9, 10), trial("b", 0.9, 10)], BOTH)) == 2


def test_broken_limits_are_named() -> None:
    (text,) = pareto.broken(
        trial("a", 0.9, 100), [Constraint("params", at_most=99), Constraint("latency_ms", at_most=1)]
    )
    assert "params 100" in text and "99" in text


def test_log_ranks_by_hand() -> None:
    found = pareto.log_rank_sum([[1.0, 2.0, 3.0], [5.0, 5.0, -np.inf]])
    assert found == pytest.approx(np.log([1 / 3 * 2.5 / 3, 2 / 3 * 2.5 / 3, 1 * 1 / 3]))
    with pytest.raises(ValueError, match="at least one"):
        pareto.log_rank_sum([])


def test_the_front_of_points_holds_each_point_that_nothing_beats_once() -> None:
    points = [(3.0, 1.0), (1.0, 3.0), (2.0, 2.0), (2.0, 2.0), (3.0, 2.0), (2.0, 3.0)]
    assert pareto.front_of(points).tolist() == [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]
    assert pareto.front_of([(1.0, 1.0, 2.0), (1.0, 2.0, 1.0), (1.0, 2.0, 2.0)]).tolist() == [[1, 1, 2], [1, 2, 1]]


def test_hypervolumes_by_hand() -> None:
    steps = [(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]
    assert pareto.hypervolume(steps, (4.0, 4.0)) == 1 * 1 + 1 * 2 + 1 * 3
    assert pareto.hypervolume([*steps, (5.0, 0.5), (2.5, 2.5)], (4.0, 4.0)) == 6, "beyond the reference, and dominated"
    assert pareto.hypervolume([(0.25,), (0.5,)], (1.0,)) == 0.75
    assert pareto.hypervolume([(0.0, 0.0, 1.0), (1.0, 1.0, 0.0)], (2.0, 2.0, 2.0)) == 2 * 2 * 1 + 1 * 1 * 1
    assert pareto.hypervolume([], (1.0, 1.0)) == 0.0
