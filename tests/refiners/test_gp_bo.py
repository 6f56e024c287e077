"""Bayesian optimisation by a Gaussian process, on a space with one hill."""

import numpy as np
import pytest
from line_space import Letters, text, trial, word

from genas.core.errors import RequestError
from genas.core.records import Candidate, Objective
from genas.core.rng import rng
from genas.refiners.gp_bo import GpBo, expected_improvement

_GOAL = (Objective("accuracy"),)


def _told(search, words, failure=None):
    search.tell([trial(Candidate(word(w), "x"), failure) for w in words])


def test_expected_improvement_by_hand():
    # At the best itself: spread / sqrt(2 pi); one spread above it: 1 * 0.8413 + 0.2420; far below: nothing.
    found = expected_improvement(np.array([1.0, 2.0, -9.0]), np.array([2.0, 1.0, 1.0]), 1.0)
    assert found == pytest.approx([2 * 0.39894, 1.08332, 0.0], abs=1e-5)


def test_expected_improvement_is_the_mean_of_what_is_gained():
    gained = np.maximum(rng(0, "draws").normal(0.3, 1.5, 200_000) - 0.8, 0).mean()
    assert expected_improvement(np.array([0.3]), np.array([1.5]), 0.8) == pytest.approx([gained], abs=0.01)


def test_it_asks_for_the_top_of_the_hill_at_once():
    for seed in range(3):
        search = GpBo(Letters(), seed, _GOAL)
        _told(search, ("aaa", "aae", "aee", "eae", "ace", "bee", "bbe", "cde", "eda", "cab"))
        (asked,) = search.ask(1)
        assert text(asked) == "eee"
        assert "expected improvement" in asked.note


def test_what_is_awaited_is_believed_and_not_asked_for_again():
    search = GpBo(Letters(), 0, _GOAL, start=4)
    _told(search, ("aaa", "aee", "eae", "abc"))
    asked = [text(c) for n in (1, 3, 2) for c in search.ask(n)]
    assert len(set(asked)) == 6
    row = next(i for i, arch in enumerate(search._archs) if arch.ops[1:] == tuple(asked[0]))
    worth = search._expected_improvement()[row]
    search._pending.remove(search._archs[row].key)
    assert worth < search._expected_improvement()[row]  # little is left to learn there


def test_what_is_like_a_failed_one_is_worth_less():
    def worth(failure):
        search = GpBo(Letters(), 0, _GOAL, start=4)
        _told(search, ("aaa", "abe", "aea", "abc", "ccb"))
        _told(search, ("dee", "ded"), failure)
        search.ask(1)
        return search._expected_improvement()[next(i for i, a in enumerate(search._archs) if a.ops[1:] == tuple("dec"))]

    assert worth("too large") < worth(None)


def test_half_as_many_trials_as_random_search():
    # Random search without repeats needs (125 + 1) / 2 = 63 on average.
    counts = []
    for seed in range(3):
        search, found = GpBo(Letters(), seed, _GOAL), []
        while "eee" not in found and len(found) < 125:
            asked = search.ask(2)
            found += [text(c) for c in asked]
            search.tell([trial(c) for c in asked])
        assert len(found) == len(set(found))
        counts.append(len(found))
    assert np.mean(counts) < 32


def test_the_whole_space_is_asked_for_in_the_end():
    search, found = GpBo(Letters(), 0, _GOAL, pool=10, every=40), []
    _told(
        search,
        sorted({a + b + c for a in "abcde" for b in "abcde" for c in "abcde"} - {"e" + b + "e" for b in "abcde"}),
    )
    while asked := search.ask(10):
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    assert sorted(found) == ["eae", "ebe", "ece", "ede", "eee"]


def test_nonsense_options_are_refused():
    for options in ({"start": 1}, {"pool": 0}, {"every": 0}):
        with pytest.raises(RequestError):
            GpBo(Letters(), 0, _GOAL, **options)
