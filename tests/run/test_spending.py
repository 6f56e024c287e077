"""The account of a race's budget: seconds count themselves, examples are counted; the end keeps its part."""

from __future__ import annotations

import pytest

from genas.core import clock
from genas.run.schedule import Schedule, by_seconds, by_trials
from genas.run.spending import Spending


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock's hand, which a test moves."""
    hand = [100.0]
    monkeypatch.setattr(clock, "now", lambda: hand[0])
    return hand


def timed() -> Schedule:
    return by_seconds(600.0, step=0.01, examples=1000, judges=200, batch=64, workers=1, children=False)


def test_seconds_before_a_stop_count_and_the_clock_goes_on(now: list[float]) -> None:
    spending = Spending(timed(), seconds=600.0, elapsed=50.0, begin=100.0)
    now[0] = 130.0
    assert spending.spent() == 80.0
    assert spending.left() == pytest.approx(600.0 - 80.0 - 0.02 * 600.0)


def test_what_the_end_needs_is_kept_and_never_less_than_before(now: list[float]) -> None:
    spending = Spending(timed(), seconds=600.0, elapsed=0.0, begin=100.0)
    spending.reserve(60.0)
    spending.reserve(5.0)
    assert spending.left() == 540.0


def test_other_seeds_of_the_winner_get_their_part(now: list[float]) -> None:
    spending = Spending(timed(), seconds=600.0, elapsed=0.0, begin=100.0)
    alone = spending.left()
    spending.seeds = 3
    assert spending.left() == pytest.approx(alone / (1 + 2 * 0.7))


def test_a_late_rung_has_room_for_fewer_networks_and_at_last_for_none(now: list[float]) -> None:
    spending = Spending(timed(), seconds=600.0, elapsed=0.0, begin=100.0)
    on_time = spending.room(0)
    now[0] += 300.0
    assert 0 <= spending.room(0) < on_time
    now[0] += 300.0
    assert spending.room(0) == 0


def test_where_examples_are_counted_the_clock_does_not_matter(now: list[float]) -> None:
    schedule = by_trials(8, epochs=4.0, examples=1000, children=False)
    spending = Spending(schedule, seconds=0.0, elapsed=0.0, begin=100.0)
    before = spending.left()
    now[0] += 1e6
    assert spending.left() == before == schedule.final and spending.room(0) == schedule.networks
    spending.take(100.0)
    assert spending.left() == before - 100.0
