"""Searches by a model of what was measured, on a space with one hill."""

import numpy as np
import pytest
from line_space import Letters, asked_until_the_top, text, trial, word

from genas.core.errors import RequestError
from genas.core.records import Candidate, Objective
from genas.refiners.bananas import Bananas
from genas.refiners.progressive import Progressive
from genas.refiners.smac import Smac
from genas.refiners.tpe import Tpe

_GOAL = (Objective("accuracy"),)


@pytest.fixture(params=[Bananas, Progressive, Smac, Tpe])
def made(request):
    return request.param


@pytest.mark.slow
def test_half_as_many_trials_as_random_search(made):
    # Random search without repeats needs (125 + 1) / 2 = 63 on average.
    assert np.mean([asked_until_the_top(made(Letters(), seed, _GOAL)) for seed in range(3)]) < 32


def test_failed_and_waiting_ones_are_not_asked_for_again(made):
    search = made(Letters(), 0, _GOAL)
    search.tell([trial(Candidate(word(w), "x")) for w in ("aaa", "aae", "aee", "abe", "ace", "bee", "bbe", "cde")])
    search.tell([trial(Candidate(word("eee"), "x"), failure="too large")])
    found = []
    for n in (1, 7, 3):  # the first ones are dropped by the run
        found += [text(c) for c in search.ask(n)]
        search.tell([])
    assert len(found) == len(set(found)) == 11
    assert not {"eee", "aee"} & set(found)


def test_nonsense_options_are_refused():
    with pytest.raises(RequestError):
        Bananas(Letters(), 0, _GOAL, pool=0)
    with pytest.raises(RequestError):
        Progressive(Letters(), 0, _GOAL, beam=0)
    with pytest.raises(RequestError):
        Smac(Letters(), 0, _GOAL, every=0)
    with pytest.raises(RequestError):
        Tpe(Letters(), 0, _GOAL, startup=0)
