"""Hill climbing on a space with one hill, followed by hand."""

import pytest
from line_space import Letters, text, trial, word

from genas.core.errors import RequestError
from genas.core.records import Candidate, Objective
from genas.refiners.local_search import LocalSearch

_GOAL = (Objective("accuracy"),)


def _made(**options):
    return LocalSearch(Letters(), 0, _GOAL, **options)


def _start(search, *words):
    search.tell([trial(Candidate(word(w), "elsewhere")) for w in words])


def test_starts_from_the_best_told_and_asks_for_all_its_neighbours():
    search = _made()
    _start(search, "aaa", "aea")
    asked = {text(c) for c in search.ask(100)}
    expected = {"aea"[:i] + letter + "aea"[i + 1 :] for i in range(3) for letter in "abcde"} - {"aea", "aaa"}
    assert asked == expected


def test_steepest_moves_to_the_best_neighbour_and_restarts_on_the_top():
    search = _made()
    _start(search, "aea")
    places = []
    for _ in range(4):
        asked = search.ask(100)
        places.append({p for c in asked for p in c.parents})
        search.tell([trial(c) for c in asked])
    one_e, two_e = places[0], places[1]
    assert one_e == {word("aea").key}
    assert two_e in ({word("eea").key}, {word("aee").key})
    assert places[2] == {word("eee").key}
    assert places[3] == set()  # eee has no better neighbour: random starts


def test_first_improvement_moves_as_soon_as_one_is_better():
    search = _made(steepest=False)
    _start(search, "aaa")
    for _ in range(12):
        asked = search.ask(1)
        if asked[0].parents != (word("aaa").key,):
            break
        search.tell([trial(c) for c in asked])
    moved_to = asked[0].parents
    assert moved_to in [(word(w).key,) for w in ("aae", "aea", "eaa")]


def test_steepest_waits_for_all_neighbours():
    search = _made()
    _start(search, "aaa")
    for _ in range(12):
        asked = search.ask(1)
        assert asked[0].parents == (word("aaa").key,)
        search.tell([trial(c) for c in asked])
    assert search.ask(1)[0].parents != (word("aaa").key,)


def test_failed_and_passed_over_neighbours_do_not_hold_up_the_walk():
    search = _made()
    _start(search, "aaa")
    asked = search.ask(100)
    best = [c for c in asked if text(c) == "eaa"]
    failed = [trial(c, failure="broken") for c in asked if text(c) == "aea"]
    search.tell([*failed, *[trial(c) for c in best]])
    search.tell([])  # the others were never measured
    assert search.ask(1)[0].parents == (word("eaa").key,)


def test_whole_space_once():
    search, found = _made(), []
    while asked := search.ask(7):
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    assert len(found) == len(set(found))
    assert len(found) > 110  # of 125: the rest was not met in 200 draws


def test_same_seed_same_walk():
    runs = []
    for _ in range(2):
        search, given = _made(), []
        for _ in range(8):
            asked = search.ask(3)
            given += [text(c) for c in asked]
            search.tell([trial(c) for c in asked])
        runs.append(given)
    assert runs[0] == runs[1]


def test_epsilon_accepts_a_worse_neighbour_and_none_twice():
    search = _made(epsilon=0.11)
    _start(search, "eee")
    places = []
    for _ in range(3):
        asked = search.ask(100)
        places.append({p for c in asked for p in c.parents})
        search.tell([trial(c) for c in asked])
    two_e = {word(w).key for letter in "abcd" for w in (f"ee{letter}", f"e{letter}e", f"{letter}ee")}
    assert places[0] == {word("eee").key}
    assert len(places[1]) == len(places[2]) == 1
    assert places[1] | places[2] <= two_e  # 0.1 worse is accepted, and then what is as good
    assert places[1] != places[2]


def test_without_epsilon_nothing_worse_is_accepted():
    search = _made()
    _start(search, "eee")
    search.tell([trial(c) for c in search.ask(100)])
    assert search.ask(1)[0].note == "random start"


def test_a_negative_epsilon_is_refused():
    with pytest.raises(RequestError):
        _made(epsilon=-0.1)
