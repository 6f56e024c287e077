"""Algorithm 1 of Real et al. on a space small enough to follow by hand."""

import pytest
from line_space import Letters, text, trial, word

from genas.core.errors import RequestError
from genas.core.records import Candidate, Measurement, Objective, Trial
from genas.refiners.regularized_evolution import RegularizedEvolution

_GOAL = (Objective("accuracy"),)


def _made(**options):
    return RegularizedEvolution(Letters(), 0, _GOAL, **options)


def _told(search, words, origin="elsewhere"):
    search.tell([trial(Candidate(word(w), origin)) for w in words])


def _distance(a: str, b: str) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def test_first_random_then_children_of_the_best_drawn():
    search = _made(population=3, sample=50)  # so many draws of three see all of them
    _told(search, ["aaa", "aae", "aee"])
    child = search.ask(1)[0]
    assert child.parents == (word("aee").key,)
    assert _distance(text(child), "aee") == 1


def test_random_until_the_population_is_full():
    search = _made(population=4)
    first = search.ask(3)
    assert all(c.parents == () for c in first)
    search.tell([trial(c) for c in first])
    assert [bool(c.parents) for c in search.ask(2)] == [False, True]


def test_the_oldest_dies_even_if_it_is_the_best():
    search = _made(population=2, sample=50)
    _told(search, ["eee", "aab", "aba"])
    parents = {p for c in search.ask(6) for p in c.parents}
    assert parents and word("eee").key not in parents


def test_failed_trials_never_become_parents():
    search = _made(population=2, sample=50)
    _told(search, ["aab", "aba"])
    search.tell([trial(Candidate(word("eee"), "elsewhere"), failure="out of memory")])
    children = search.ask(5)
    assert {p for c in children for p in c.parents} <= {word("aab").key, word("aba").key}
    assert "eee" not in {text(c) for c in children}


def test_a_goal_to_make_small_turns_the_order():
    search = RegularizedEvolution(Letters(), 0, (Objective("params", "min"),), population=2, sample=50)
    for name, params in (("aaa", 10.0), ("bbb", 5.0)):
        search.tell([Trial(Candidate(word(name), "x"), (Measurement("params", params),))])
    assert search.ask(1)[0].parents == (word("bbb").key,)


def test_whole_space_is_given_once_and_then_nothing():
    search = _made(population=10, sample=3)
    found = []
    for _ in range(26):
        asked = search.ask(5)
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    assert len(found) == len(set(found))
    assert "eee" in found
    assert len(found) <= 125


def test_candidates_that_were_never_measured_do_not_hold_up_evolution():
    search = _made(population=5, sample=2)
    search.ask(5)  # the run drops these
    search.tell([])
    assert all(c.parents == () for c in search.ask(5))


def test_same_seed_same_children():
    runs = []
    for _ in range(2):
        search, given = _made(population=5, sample=2), []
        for _ in range(8):
            asked = search.ask(3)
            given += [text(c) for c in asked]
            search.tell([trial(c) for c in asked])
        runs.append(given)
    assert runs[0] == runs[1]


def test_nonsense_options_are_refused():
    with pytest.raises(RequestError, match="at least 1"):
        _made(population=0)
