"""The book is the one writer of trials: results come into their place, charges are not repeated, references compare."""

from __future__ import annotations

from types import SimpleNamespace

from genas.core.errors import ScoreFailed
from genas.core.metrics import TRAIN_TIME, Metric
from genas.core.records import Architecture, Candidate, Measurement, Objective, Trial
from genas.run.book import Book


def book() -> Book:
    return Book("accuracy", "max", (Objective("accuracy"),), ())


def trial(word: str, origin: str = "uniform") -> Trial:
    return Trial(Candidate(Architecture("s", ("input", word, "output"), ((0, 1), (1, 2))), origin))


def accuracy(value: float, seed: int = 0) -> Measurement:
    return Measurement("accuracy", value, seconds=5.0, seed=seed)


def test_results_of_several_seeds_gather_in_the_trial_of_the_book() -> None:
    kept, first = book(), trial("a")
    kept.keep(first)
    for seed in (0, 1):
        kept.record(first, accuracy(0.5 + seed / 10, seed))  # the trial as it was before either
    assert [m.value for m in kept.trials[first.candidate.key].all("accuracy")] == [0.5, 0.6]
    assert kept.seconds == 10.0


def test_a_failure_ends_a_trial_where_it_is_fatal_only() -> None:
    kept, first = book(), trial("a")
    kept.keep(first)
    assert kept.record(first, ScoreFailed("no memory"), fatal=False).failure is None
    assert kept.record(first, ScoreFailed("no memory")).failure == "no memory"
    assert kept.alive() == []


def test_a_reference_beside_the_search_is_measured_but_never_chosen() -> None:
    kept, searched, reference = book(), trial("a"), trial("b", "reference")
    kept.keep(searched)
    kept.compare(reference)
    kept.record(searched, accuracy(0.5))
    kept.record(reference, accuracy(0.9))
    assert [t.value("accuracy") for t in kept.references] == [0.9]
    assert kept.choose(kept.measured()) == searched.candidate.key and kept.top() == 0.5
    assert kept.seconds == 10.0


def test_a_network_found_by_the_search_and_known_by_hand_is_two_trials_charged_once() -> None:
    kept, searched, reference = book(), trial("a"), trial("a", "reference")
    kept.keep(searched)
    kept.compare(reference)
    kept.record(searched, accuracy(0.5))
    kept.record(reference, accuracy(0.5))
    origins = [t.candidate.origin for t in (*kept.trials.values(), *kept.references)]
    assert origins == ["uniform", "reference"] and kept.seconds == 5.0
    assert all(t.value("accuracy") == 0.5 for t in (*kept.trials.values(), *kept.references))


def test_references_of_a_race_are_its_trials() -> None:
    kept, reference = book(), trial("b", "reference")
    kept.keep(reference)
    kept.record(reference, accuracy(0.9))
    assert kept.references == kept.measured() == [kept.trials[reference.candidate.key]]


def test_candidates_are_ranked_by_promise_and_never_by_cost_or_clock() -> None:
    kept, one, other = book(), trial("a"), trial("b")
    for made, promise, power in ((one, 1.0, 0.1), (other, 2.0, 9.9)):
        kept.keep(made)
        kept.record(made, Measurement("naswot", promise))
        kept.record(made, Measurement("power_mw", power))
        kept.record(made, Measurement("train_ms", power))
    costs = [Metric("power_mw", goal="min", role="cost"), TRAIN_TIME]
    scorers = [SimpleNamespace(metric=metric) for metric in (*costs, Metric("naswot"))]
    assert [t.candidate.key for t in kept.ranked(scorers)] == [other.candidate.key, one.candidate.key]  # type: ignore[arg-type]
    assert [t.candidate.key for t in kept.ranked(scorers[:2])] == [one.candidate.key, other.candidate.key]  # type: ignore[arg-type]


def test_finalists_may_lack_a_part_of_the_best_value_where_it_is_no_fraction() -> None:
    kept = Book("decibels", "max", (Objective("params", "min"),), ())
    best, near, far = trial("a"), trial("b"), trial("c")
    for made, value, params in ((best, 40.0, 300), (near, 39.5, 200), (far, 30.0, 100)):
        kept.keep(made)
        kept.record(made, Measurement("decibels", value))
        kept.record(made, Measurement("params", params))
    assert [t.candidate.key for t in kept.best(kept.measured(), 3)] == [near.candidate.key, best.candidate.key]
