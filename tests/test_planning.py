"""Plans, shares and the book, on cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genas.book import Book, best_reference, reference_limits
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
from genas.plan import Plan, affordable_ms, make_plan, placed, plan_again
from genas.sources import Mix


def request(**budget: float) -> Request:
    return Request("x", Use("digits"), Use("conv_net"), budget=Budget(**budget))  # type: ignore[arg-type]


def test_a_slower_machine_gets_fewer_epochs_within_the_budget() -> None:
    fast = make_plan(request(seconds=600), examples=1000, seconds_per_example=1e-4)
    slow = make_plan(request(seconds=600), examples=1000, seconds_per_example=4e-3)
    assert fast.epochs == Plan.epochs > slow.epochs >= 2
    trainings = slow.finalists + slow.references + 2 * (slow.seeds - 1)
    search = slow.trials * slow.short_epochs * (slow.examples or 1000) * 4e-3
    assert trainings * slow.epochs * 1000 * 4e-3 + search <= 600 * 1.05


def test_too_small_a_budget_says_how_much_is_needed() -> None:
    with pytest.raises(RequestError, match=r"at least \d+ seconds"):
        make_plan(request(seconds=1), examples=50_000, seconds_per_example=1e-3)


def test_a_short_budget_looks_at_fewer_proposals() -> None:
    short, long = (make_plan(request(seconds=s), examples=200, seconds_per_example=1e-4) for s in (40, 400))
    assert 20 <= short.proposals < 30 and short.trials <= short.proposals
    assert long.proposals == Plan.proposals


def test_a_budget_of_trials_does_not_depend_on_the_machine() -> None:
    plans = {make_plan(request(trials=7), examples=1000, seconds_per_example=s) for s in (0.0, 1e-4, 1.0)}
    assert len(plans) == 1 and plans.pop().trials == 7


def test_a_short_budget_trains_on_a_part_of_the_examples() -> None:
    plan = make_plan(request(seconds=1200), examples=45_000, seconds_per_example=1e-3)
    assert (plan.finalists, plan.references) == (2, 1)
    assert plan.epochs == 4  # 1200 * 0.6 / (2 + 1 + 2 * 2) / 1e-3 = 102,857 passes
    assert plan.train_examples == 25_714
    assert plan.examples is not None and plan.examples <= plan.train_examples


def test_epochs_by_hand() -> None:
    plan = Plan(seeds=3, short_epochs=2)
    # 2 + 4 + 1 reference of 3, and again twice the slower finalist and the reference: 9 + 2 * (4 + 3) = 23 ms + 15 %
    speeds = [2e-3, 4e-3]
    again = plan_again(plan, 230 * 1.1501, speeds, references=1, examples=1000)
    assert (again.epochs, again.train_examples) == (10, None)
    less = plan_again(plan, 23 * 1.1501, speeds, references=1, examples=1000)
    assert (less.epochs, less.train_examples) == (4, 500)
    assert plan_again(plan, 1e9, speeds, references=1, examples=1000).epochs == Plan.epochs


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
    tried = {"a": trial("a", accuracy=0.5), "b": trial("b", accuracy=0.6, failure="x"), "c": trial("c")}
    assert best_reference(tried, "accuracy", "max") == "a"
    assert best_reference({}, "accuracy", "max") is None


def test_slow_references_are_left_out_but_one() -> None:
    book = Book("accuracy", "max", (Objective("accuracy"),), (), (Constraint("train_ms", at_most=2),))
    tried = {"a": trial("a", train_ms=1.0), "b": trial("b", train_ms=3.0), "c": trial("c", train_ms=4.0)}
    assert list(book.unaffordable(tried)) == ["b", "c"]
    assert list(book.unaffordable({k: tried[k] for k in "bc"})) == ["c"]
    assert book.unaffordable({}) == {}


def test_a_listed_device_goes_to_the_table_that_has_its_figures():
    request = Request("x", Use("nasbench201", {"dataset": "cifar100"}), Use("nasbench201"), device="pixel3")
    found = placed(request)
    assert found.task.options == {"latency_device": "pixel3", "dataset": "cifar100"}
    assert found.device == "auto"
    assert placed(replace(request, device="cuda:1")).device == "cuda:1"
    with pytest.raises(RequestError, match=r"raspi4.*Write auto, cpu"):
        placed(Request("x", Use("digits"), Use("conv_net"), device="raspi4"))


def test_what_is_affordable_fits_into_the_seconds() -> None:
    request = Request("x", Use("digits"), Use("conv_net"), budget=Budget(seconds=200))
    for speed in (2e-5, 1e-4, 5e-4):
        plan = make_plan(request, examples=1200, seconds_per_example=speed)
        slowest = affordable_ms(plan, 200, examples=1200, seconds_per_example=speed) / 1e3
        assert slowest >= 1.5 * speed
        if (
            slowest > 1.5 * speed
        ):  # then a run of nothing but such networks has half of the trials, a third of the epochs
            passes = plan.trials / 2 * plan.short_epochs * (plan.examples or 1200)
            passes += 9 * max(plan.short_epochs + 1, plan.epochs // 3) * (plan.train_examples or 1200)
            assert slowest * passes <= 200
    fast = make_plan(request, examples=1200, seconds_per_example=2e-5)
    assert affordable_ms(fast, 200, examples=1200, seconds_per_example=2e-5) > 5 * 1e3 * 2e-5
