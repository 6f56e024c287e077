"""A search over a table, on a table small enough to know by heart."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from tiny_space import Tiny, accuracy, params

from genas import simulation
from genas.core.errors import InvalidArchitecture, RequestError, ScoreFailed, UnknownPlugin
from genas.core.interfaces import Proposer, Task
from genas.core.records import Candidate, Constraint, Measurement, Objective, Use
from genas.core.rng import rng
from genas.simulation import TableSpace, simulate

SPACE = Tiny()
ARCHS = list({a.key: a for a in (SPACE.sample(rng(0, "simulation", i)) for i in range(40))}.values())
BOTH = (Objective("accuracy"), Objective("params", "min"))


class Table(Task):
    """Accuracies and parameters of the tiny space; what begins with `lacks` is in no row."""

    name = "table"
    description = "made up"
    input_shape = (1,)
    outputs = 2

    def __init__(self, lacks=""):
        self.lacks, self.asked = lacks, []

    def data(self, split):
        raise AssertionError("nothing may be trained here")

    def lookup(self, arch, metric, *, fidelity=1.0):
        self.asked.append((metric, fidelity))
        if self.lacks and arch.ops[1] == self.lacks:
            raise ScoreFailed("no such row")
        if metric not in ("accuracy", "params"):
            raise ScoreFailed(f"no table of {metric}")
        value = accuracy(arch) * fidelity if metric == "accuracy" else params(arch)
        return Measurement(metric, value, 1.0, fidelity)


class InTurn(Proposer):
    """Asks for the architectures as listed, and keeps what it is told."""

    name = "in_turn"

    def __init__(self, archs=ARCHS, fidelities=(1.0,)):
        self.waiting = [Candidate(a, "in_turn", fidelity=fidelities[i % len(fidelities)]) for i, a in enumerate(archs)]
        self.asks, self.told = [], []

    def ask(self, n):
        self.asks.append(n)
        given, self.waiting = self.waiting[:n], self.waiting[n:]
        return given

    def tell(self, trials):
        self.told += trials


def test_the_curve_is_the_best_so_far_in_the_order_asked():
    curve = simulate(SPACE, Table(), InTurn(), 10)
    values = [accuracy(arch) for arch in ARCHS[:10]]
    assert curve.values.tolist() == values
    assert curve.best.tolist() == [max(values[: n + 1]) for n in range(10)]
    assert curve.spent.tolist() == list(range(1, 11))
    assert curve.regret(1.0, 12).tolist() == [1.0 - best for best in [*curve.best, curve.best[-1], curve.best[-1]]]
    assert len(curve.asking) == 10 and curve.seconds == sum(curve.asking) + curve.telling


def test_a_search_is_told_all_that_it_asked_for_in_batches_that_end_with_the_budget():
    search = InTurn()
    curve = simulate(SPACE, Table(), search, 10, batch=4)
    assert search.asks == [4, 4, 2]
    assert tuple(search.told) == curve.trials and len(curve.trials) == 10


def test_a_smaller_figure_is_better_where_the_objective_says_so():
    curve = simulate(SPACE, Table(), InTurn(), 8, objectives=[Objective("params", "min")])
    assert curve.best.tolist() == np.minimum.accumulate([params(arch) for arch in ARCHS[:8]]).tolist()
    assert curve.losses[:, 0].tolist() == curve.values.tolist()
    assert curve.regret(0.0, 8).tolist() == curve.best.tolist()


def test_the_search_ends_once_the_figure_is_reached_and_where_nothing_more_is_asked():
    values = [accuracy(arch) for arch in ARCHS]
    curve = simulate(SPACE, Table(), InTurn(), 40, until=max(values))
    assert len(curve.measured) == values.index(max(values)) + 1
    assert len(simulate(SPACE, Table(), InTurn(ARCHS[:3]), 40).measured) == 3


def test_what_the_table_lacks_is_told_as_failed_and_costs_nothing():
    search, table = InTurn(), Table(lacks="a")
    curve = simulate(SPACE, table, search, 10)
    lacking = [trial for trial in search.told if trial.failure == "no such row"]
    assert lacking and all(trial.candidate.arch.ops[1] == "a" for trial in lacking)
    assert len(curve.measured) == 10 and len(curve.trials) == 10 + len(lacking)


def test_what_breaks_a_limit_is_told_so_before_its_accuracy_is_looked_up():
    search, table = InTurn(), Table()
    curve = simulate(SPACE, table, search, 5, limits=[Constraint("params", at_most=300)])
    assert all(params(trial.candidate.arch) <= 300 for trial in curve.measured)
    broken = [trial for trial in search.told if trial.failure]
    assert broken and all(
        "breaks params <= 300" in trial.failure and trial.value("accuracy") is None for trial in broken
    )
    assert table.asked.count(("accuracy", 1.0)) == len(curve.measured) == 5


def test_a_limit_on_the_accuracy_itself_costs_a_trial_and_keeps_the_best_out():
    ceiling = sorted(accuracy(arch) for arch in ARCHS[:10])[5]
    curve = simulate(SPACE, Table(), InTurn(), 10, limits=[Constraint("accuracy", at_most=ceiling)])
    assert len(curve.measured) == 10 and np.nanmax(curve.best) == ceiling


def test_short_trainings_cost_their_share_and_are_no_best():
    table = Table()
    curve = simulate(SPACE, table, InTurn(fidelities=(0.25, 0.25, 1.0)), 3)
    assert curve.spent.tolist() == [0.25, 0.5, 1.5, 1.75, 2.0, 3.0]
    assert ("accuracy", 0.25) in table.asked
    full = [accuracy(ARCHS[2]), max(accuracy(ARCHS[2]), accuracy(ARCHS[5]))]
    assert math.isnan(curve.best[1]) and math.isnan(curve.best_after(1.0))
    assert [curve.best_after(spent) for spent in (1.5, 2.9, 3.0)] == [full[0], full[0], full[1]]


def test_several_objectives_make_a_front_and_a_volume():
    curve = simulate(SPACE, Table(), InTurn(), 12, objectives=BOTH)
    points = {(accuracy(a), params(a)) for a in ARCHS[:12]}
    best = {p for p in points if not any(q != p and q[0] >= p[0] and q[1] <= p[1] for q in points)}
    assert {(trial.value("accuracy"), trial.value("params")) for trial in curve.front()} == best
    low, high = curve.losses.min(0), curve.losses.max(0)
    areas = [curve.volume(low, high, n) for n in range(1, 13)]
    assert areas == sorted(areas) and curve.volume(low, high) == areas[-1] < 1.05**2


def test_the_same_seed_gives_the_same_curve_and_another_another():
    one, same, other = (simulate(SPACE, Table(), "uniform", 10, seed) for seed in (1, 1, 2))
    assert one.trials == same.trials and one.trials != other.trials


def test_a_refiner_is_made_with_its_options_and_mistakes_say_what_to_write():
    use = Use("regularized_evolution", {"population": 4, "sample": 2})
    assert len(simulate(SPACE, Table(), use, 12).measured) == 12
    with pytest.raises(UnknownPlugin, match="Did you mean local_search"):
        simulate(SPACE, Table(), "local_serch", 5)


def test_a_limit_that_nothing_keeps_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(simulation, "_IN_VAIN", 20)
    with pytest.raises(RequestError, match=r"20 candidates in a row .*breaks params <= 1\)\. Loosen the limits"):
        simulate(SPACE, Table(), InTurn(), 5, limits=[Constraint("params", at_most=1)])


def test_a_table_of_a_sample_is_a_space_of_its_own():
    part = TableSpace(SPACE, ARCHS[:12], near=3)
    keys = {arch.key for arch in ARCHS[:12]}
    assert all(part.sample(rng(1, "part", i)).key in keys for i in range(20))
    near = list(part.neighbors(ARCHS[0]))
    assert len(near) == 3 and ARCHS[0] not in near and {arch.key for arch in near} <= keys
    assert part.problems(ARCHS[0]) == [] and part.problems(ARCHS[20]) == ["the table lacks it"]
    assert part.from_text(part.to_text(ARCHS[3])) == ARCHS[3]
    with pytest.raises(InvalidArchitecture, match="the table lacks it"):
        part.from_text(SPACE.to_text(ARCHS[20]))
    asked = simulate(part, Table(), "local_search", 12).trials
    assert {trial.candidate.arch.key for trial in asked} <= keys


def test_the_documented_example_is_right(bench_data):
    assert doctest.testmod(simulation).failed == 0
