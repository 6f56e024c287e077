"""Plans, shares and the book, on cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import (
    Architecture,
    Budget,
    Candidate,
    Constraint,
    Measurement,
    Objective,
    Request,
    Trial,
    Use,
)
from genas.run.book import Book, best_reference, reference_limits
from genas.run.mix import Mix
from genas.run.plan import Plan, make_plan, placed


def test_the_plan_over_a_table_follows_the_budget_in_trials() -> None:
    request = Request("x", Use("nasbench201"), Use("nasbench201"), validator=Use("table"))
    assert make_plan(request) == Plan()
    assert make_plan(replace(request, budget=Budget(trials=7))) == Plan(20, 7, 3)
    assert make_plan(replace(request, budget=Budget(trials=50))) == Plan(100, 50, 3)
    assert make_plan(replace(request, budget=Budget(trials=2))).finalists == 2


class Endless:
    """Brings as many candidates as it is asked for."""

    def __init__(self, name: str) -> None:
        self.name, self.count = name, 0

    def ask(self, n: int) -> list[Candidate]:
        self.count += n
        return [trial(f"{self.name}{self.count - i}", origin=self.name).candidate for i in range(n)]

    def tell(self, trials: object) -> None:
        """Learns nothing."""


def trial(name: str, origin: str = "x", failure: str | None = None, **figures: float) -> Trial:
    found = tuple(Measurement(metric, value) for metric, value in figures.items())
    return Trial(Candidate(Architecture("s", (name,), ()), origin), found, failure)


def test_shares_follow_the_yield() -> None:
    good, poor = Endless("good"), Endless("poor")
    mix = Mix({"good": good, "poor": poor})  # type: ignore[dict-item]
    first = mix.ask(10)
    assert (good.count, poor.count) == (5, 5)
    trials = [Trial(c) for c in first]
    mix.credit(trials, {t.candidate.arch.key for t in trials if t.candidate.origin == "good"})
    mix.ask(14)  # (5 + 1) / (5 + 2) against (0 + 1) / (5 + 2): 12 and 2
    assert (good.count - 5, poor.count - 5) == (12, 2)


def test_failed_trials_earn_nothing() -> None:
    source = Endless("a")
    mix = Mix({"a": source, "b": Endless("b")})  # type: ignore[dict-item]
    failed = [Trial(c, failure="too large") for c in mix.ask(8) if c.origin == "a"]
    mix.credit(failed, {t.candidate.arch.key for t in failed})
    mix.ask(8)
    assert source.count == 8


def test_the_smaller_of_two_equal_networks_is_better() -> None:
    book = Book("accuracy", "max", (Objective("accuracy"),), ())
    trials = [trial("a", accuracy=0.9, params=200), trial("b", accuracy=0.9, params=100), trial("c", accuracy=0.8)]
    assert [t.candidate.arch.ops[0] for t in book.best(trials, 2)] == ["b", "a"]


def test_of_equal_best_epochs_the_steadier_end_is_better() -> None:
    book = Book("accuracy", "max", (Objective("accuracy"),), ())
    curves = {"lucky": (0.5, 0.9, 0.6, 0.6), "steady": (0.5, 0.8, 0.9, 0.9)}
    trials = [
        Trial(Candidate(Architecture("s", (name,), ()), "x"), (Measurement("accuracy", 0.9, curve=curve),))
        for name, curve in curves.items()
    ]
    assert [t.candidate.arch.ops[0] for t in book.best(trials, 2)] == ["steady", "lucky"]


def test_the_smallest_network_must_have_learned_something() -> None:
    book = Book("accuracy", "max", (Objective("params", "min"), Objective("accuracy")), ())
    trials = [
        trial("tiny", accuracy=0.1, params=1),
        trial("good", accuracy=0.95, params=50),
        trial("best", accuracy=0.96, params=90),
    ]
    assert [t.candidate.arch.ops[0] for t in book.best(trials, 3)] == ["good", "best"]


def test_a_finalist_that_breaks_a_limit_is_not_chosen() -> None:
    book = Book(
        "accuracy",
        "max",
        (Objective("accuracy"),),
        (Constraint("accuracy", at_least=0.5), Constraint("params", at_most=9)),
    )
    trials = [
        trial("a", accuracy=0.9, params=10),
        trial("b", accuracy=0.8, params=9),
        trial("c", accuracy=0.4, params=1),
    ]
    book.trials = {t.candidate.arch.key: t for t in trials}
    assert book.choose(trials) == trials[1].candidate.arch.key
    assert book.choose(trials[2:]) is None
    assert book.screened(trials[0]).failure is not None and book.screened(trials[2]).failure is None


def test_a_charge_is_made_once() -> None:
    book = Book("accuracy", "max", (Objective("accuracy"),), ())
    base, figure = trial("a"), Measurement("accuracy", 0.5, seconds=3.0)
    again = book.add(book.add(base, figure), figure)
    assert book.seconds == 3.0 and len(again.measurements) == 1
    assert book.add(base, ScoreFailed("no")).failure == "no"
    assert book.add(base, ScoreFailed("no"), fatal=False).failure is None


def test_references_take_the_size_of_the_largest_finalist_without_a_limit() -> None:
    finalists = [trial("a", params=5), trial("b", params=8)]
    assert reference_limits((), finalists) == [Constraint("params", at_most=8)]
    limits = (Constraint("params", at_most=3),)
    assert reference_limits(limits, finalists) == list(limits)


def test_best_reference_is_the_best_unfailed() -> None:
    tried = [trial("a", accuracy=0.5), trial("b", accuracy=0.6, failure="x"), trial("c")]
    assert best_reference(tried, "accuracy", "max") is tried[0]
    assert best_reference([], "accuracy", "max") is None


def test_a_limit_on_what_can_be_tried_holds_from_then_on() -> None:
    book = Book("accuracy", "max", (Objective("accuracy"),), ())
    slow = trial("a", train_ms=3.0)
    assert book.screened(slow).failure is None
    book.afford(Constraint("train_ms", at_most=2))
    assert book.screened(slow).failure is not None


def test_a_listed_device_goes_to_the_table_that_has_its_figures():
    request = Request("x", Use("nasbench201", {"dataset": "cifar100"}), Use("nasbench201"), device="pixel3")
    found = placed(request)
    assert found.task.options == {"latency_device": "pixel3", "dataset": "cifar100"}
    assert found.device == "auto"
    assert placed(replace(request, device="cuda:1")).device == "cuda:1"
    with pytest.raises(RequestError, match=r"raspi4.*Write auto, cpu"):
        placed(Request("x", Use("digits"), Use("conv_net"), device="raspi4"))
