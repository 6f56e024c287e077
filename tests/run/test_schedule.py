"""How a race spends its budget, on cases worked by hand."""

from __future__ import annotations

import pytest

from genas.core.errors import RequestError
from genas.run.schedule import RACE, SHARES, Rung, Schedule, by_seconds, by_trials


def timed(seconds: float, **changes: float) -> Schedule:
    """A race on a machine that takes 10 ms a step."""
    known = {"step": 0.01, "examples": 1000, "judges": 1000, "batch": 64, "workers": 1, "children": False} | changes
    return by_seconds(seconds, **known)  # type: ignore[arg-type]


def spent(schedule: Schedule) -> float:
    """Seconds of one worker that the rungs take, a child taking half as long again."""
    return sum(rung.each * (rung.keep + 1.5 * rung.new) for rung in schedule.rungs)


@pytest.mark.parametrize("seconds", [10, 30, 60, 300, 1200, 10_000])
@pytest.mark.parametrize("children", [False, True])
def test_the_rungs_get_two_fifths_or_less_and_the_winner_the_rest(seconds: float, children: bool) -> None:
    schedule = timed(seconds, children=children)
    race = SHARES[len(schedule.rungs)] * seconds
    assert race <= RACE * seconds and spent(schedule) == pytest.approx(race)
    assert schedule.final == pytest.approx(seconds - race)
    assert schedule.whole >= 0.55 * seconds, "the winner holds at least 55 % of the training seconds"


def test_each_rung_costs_the_same_and_leaves_fewer_that_train_for_longer() -> None:
    schedule = timed(1200)
    costs = [rung.each * rung.keep for rung in schedule.rungs]
    assert costs == pytest.approx([costs[0]] * len(costs))
    kept = [rung.keep for rung in schedule.rungs]
    assert kept == sorted(kept, reverse=True) and kept[0] == schedule.starters == 16
    assert [rung.each for rung in schedule.rungs] == sorted(rung.each for rung in schedule.rungs)


def test_a_slower_machine_starts_fewer_networks() -> None:
    fast, slow = timed(300, step=0.002), timed(300, step=0.1)
    assert fast.starters > slow.starters >= 2
    assert len(fast.rungs) == 3 and len(slow.rungs) < 3
    assert all(rung.each >= 50 * 0.1 for rung in slow.rungs), "a rung has the steps that rank anything"


def test_few_validation_examples_judge_few_networks() -> None:
    assert timed(1200, judges=100).starters == 12, "one for 8 examples: the best of many on few is best by chance"
    assert timed(1200, judges=10).starters == 4
    assert timed(1200, judges=10_000).starters == 16
    assert timed(1200, judges=10_000, workers=4).starters == 32, "more cores, more networks, but fewer each"


def test_two_workers_have_twice_the_seconds_of_the_rungs() -> None:
    one, two = timed(100), timed(100, workers=2)
    assert spent(two) == pytest.approx(2 * spent(one))
    assert two.final == one.final and two.workers == 2


def test_children_join_after_the_first_rung() -> None:
    schedule = timed(1200, children=True)
    assert [rung.new > 0 for rung in schedule.rungs] == [False, True, True]
    assert schedule.networks == schedule.starters + sum(rung.new for rung in schedule.rungs)


def test_too_small_a_budget_says_how_much_is_needed() -> None:
    with pytest.raises(RequestError, match=r"Write a budget of at least 20 seconds"):
        timed(5)
    with pytest.raises(RequestError, match=r"at least \d+ seconds") as error:
        timed(30, step=0.5)
    words = str(error.value).split()
    assert timed(float(words[-2]), step=0.5).starters >= 2, "what it says is enough"


def test_networks_fast_enough_for_twenty_passes_in_the_final_may_enter() -> None:
    schedule = timed(1000, examples=1000)
    assert schedule.slowest == pytest.approx(1e3 * 600 / 20 / 1000)
    assert timed(10, examples=100_000).slowest == pytest.approx(1e3 * 8 * 0.01 / 64), "never below 8 usual steps"


def test_a_race_in_trials_counts_examples_and_asks_no_clock() -> None:
    schedule = by_trials(24, epochs=40, examples=1000, children=True)
    assert (schedule.unit, schedule.slowest, schedule.workers) == ("examples", None, 1)
    assert schedule.networks == 24 and schedule.starters == 20
    assert schedule.rungs[1].new == 4, "children join on the second rung, with what they inherit"
    assert schedule.whole == pytest.approx(40_000, abs=3), "the winner sees 40 passes"
    assert schedule.final == 24_000


def test_a_race_of_one_network_is_a_training() -> None:
    assert by_trials(1, epochs=10, examples=100, children=True) == Schedule("examples", (Rung(1, 0, 400),), 600)
    assert by_trials(3, epochs=10, examples=100, children=True).networks == 3


@pytest.mark.parametrize("trials", range(1, 60))
def test_a_budget_in_trials_is_kept(trials: int) -> None:
    schedule = by_trials(trials, epochs=40, examples=1000, children=True)
    assert schedule.networks == trials
    assert schedule.whole == pytest.approx(40_000, rel=0.01)


def test_a_schedule_survives_the_ledger() -> None:
    for schedule in (timed(300, children=True), by_trials(9, epochs=4, examples=100, children=True)):
        assert Schedule.from_data(schedule.to_data()) == schedule
