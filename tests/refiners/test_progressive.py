"""Growth step by step, followed by hand: in a space of several sizes and in one of one size."""

from itertools import pairwise

from line_space import Letters, text, trial, word

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Candidate, Frame, Measurement, Objective, Trial
from genas.refiners.progressive import Progressive

_GOAL = (Objective("accuracy"),)


class Chains(SearchSpace):
    """Words of one to three letters; a word is worth what its letters are."""

    name = "chains"
    ops = ("in", "a", "b", "c", "d")
    max_nodes = 4

    def sizes(self):
        return (2, 3, 4)

    def frame(self, nodes):
        edges = tuple((i, i + 1) for i in range(nodes - 1))
        return Frame((("in",), *((self.ops[1:],) * (nodes - 1))), edges)

    def problems(self, arch):
        return ["dd is not allowed"] if "d" in arch.ops[:-1] and arch.ops[-2:] == ("d", "d") else []

    def build(self, arch, task):
        raise AssertionError("no network may be built here")


def _told(candidate, failure=None):
    value = sum("abcd".index(op) for op in candidate.arch.ops[1:])
    return Trial(candidate, () if failure else (Measurement("accuracy", value / 10),), failure)


def test_words_grow_letter_by_letter_from_the_best():
    search, levels = Progressive(Chains(), 0, _GOAL, beam=2), []
    for _ in range(3):
        asked = search.ask(2)
        levels.append([text(c) for c in asked])
        search.tell([_told(c) for c in asked])
    assert [len(w) for level in levels for w in level] == [1, 1, 2, 2, 3, 3]
    for before, level in pairwise(levels):
        assert all(w[:-1] in before for w in level)


def _chain(letters):
    return Candidate(Architecture("chains", ("in", *letters), tuple((i, i + 1) for i in range(len(letters)))), "x")


def test_of_all_ways_to_grow_the_best_predicted_are_measured():
    search = Progressive(Chains(), 0, _GOAL, beam=3)
    search.tell([_told(_chain(w)) for w in ("a", "b", "c", "d", "aa", "ab", "ac", "ca", "bb", "bd", "cb")])
    asked = [text(c) for c in search.ask(3)]
    assert len(set(asked)) == 3
    assert {w[0] for w in asked} <= {"b", "c", "d"}  # the three best letters are grown
    assert {"dc", "cc", "cd"} & set(asked)  # the best that are new


def test_in_a_space_of_one_size_one_more_decision_leaves_the_plainest():
    search, found = Progressive(Letters(), 0, _GOAL, beam=4), []
    for n in (1, 4, 4, 4):  # by levels: none, one, two, three letters that are not a
        asked = search.ask(n)
        found.append([text(c) for c in asked])
        search.tell([trial(c) for c in asked])
    assert [[3 - w.count("a") for w in level] for level in found] == [[0], [1] * 4, [2] * 4, [3] * 4]
    assert search.level(word("aba")) == 1


def test_failed_levels_are_grown_all_the_same():
    search = Progressive(Chains(), 0, _GOAL, beam=2)
    asked = search.ask(2)
    search.tell([_told(c, failure="too short") for c in asked])
    grown = search.ask(2)
    assert [len(text(c)) for c in grown] == [2, 2]
    assert {p for c in grown for p in c.parents} <= {c.arch.key for c in asked}


def test_a_batch_larger_than_the_beam_stays_in_the_level_until_something_is_measured():
    search = Progressive(Chains(), 0, _GOAL, beam=2)
    assert [len(text(c)) for c in search.ask(4)] == [1] * 4
