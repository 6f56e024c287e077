"""Genetic algorithms: their operators and survivors, followed by hand."""

import numpy as np
import pytest
from line_space import Letters, text, trial, word

from genas.core import registry
from genas.core.errors import MissingArtifact, RequestError
from genas.core.records import Candidate, Constraint, Measurement, Objective, Trial
from genas.core.rng import rng
from genas.refiners._variation import Variation, editor
from genas.refiners.evolution import Evolution
from genas.refiners.nsga2 import Nsga2, crowding, fronts, violation
from genas.refiners.pbg import Pbg
from genas.refiners.regularized_evolution import RegularizedEvolution

_GOAL = (Objective("accuracy"),)
_TWO = (Objective("accuracy"), Objective("params", "min"))


def _told(search, words):
    search.tell([trial(Candidate(word(w), "elsewhere")) for w in words])


def _traded(name: str, accuracy: float, params: float) -> Trial:
    return Trial(Candidate(word(name), "x"), (Measurement("accuracy", accuracy), Measurement("params", params)))


def test_one_point_crossover_has_a_head_of_one_and_a_tail_of_the_other():
    variation = Variation(Letters())
    children = {text(Candidate(variation.one_point(word("aaa"), word("eee"), rng(0, "x", i)), "")) for i in range(30)}
    assert children == {"aee", "aae"}


def test_subgraph_crossover_takes_a_connected_part():
    variation = Variation(Letters())
    children = {text(Candidate(variation.subgraph(word("aaa"), word("eee"), rng(0, "x", i)), "")) for i in range(99)}
    assert "eae" not in children  # e and e are not connected
    assert {"eaa", "aea", "aae", "eea", "aee"} <= children


def test_one_letter_in_three_mutates_on_average():
    variation = Variation(Letters())
    changed = [
        sum(x != "a" for x in text(Candidate(variation.mutate(word("aaa"), rng(0, "m", i)), ""))) for i in range(600)
    ]
    # Binomial(3, 1/3) without the zero: 1 / (1 - 8/27) = 1.42
    assert np.mean(changed) == pytest.approx(1.42, abs=0.08)


def test_the_worst_die_and_failed_trials_never_live():
    search = Evolution(Letters(), 0, _GOAL, population=2, tournament=1, crossed=0.0)
    _told(search, ["eee", "aab", "eeb"])
    search.tell([trial(Candidate(word("eea"), "x"), failure="out of memory")])
    assert {p for c in search.ask(20) for p in c.parents} == {word("eee").key, word("eeb").key}


@pytest.mark.parametrize("made", [Evolution, Nsga2, Pbg])
def test_whole_space_once_with_the_best_in_it(made):
    search, found = made(Letters(), 0, _GOAL, population=8), []
    for _ in range(12):
        asked = search.ask(5)
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    assert len(found) == len(set(found)) == 60
    assert "eee" in found


def test_fronts_and_crowding_by_hand():
    points = np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 3.0], [5.0, 5.0]])
    assert [sorted(front.tolist()) for front in fronts(points)] == [[0, 1, 2], [3], [4]]
    # The middle point: (4 - 1) / 3 + (4 - 1) / 3
    assert crowding(points[:3]).tolist() == [np.inf, 2.0, np.inf]


def test_survivors_are_the_front():
    search = Nsga2(Letters(), 0, _TWO, population=3, crossed=0.0)
    search.tell([_traded("aaa", 0.9, 9), _traded("bbb", 0.8, 5), _traded("ccc", 0.5, 1), _traded("ddd", 0.4, 8)])
    parents = {p for c in search.ask(30) for p in c.parents}
    assert parents == {word(w).key for w in ("aaa", "bbb", "ccc")}


def test_what_breaks_a_limit_ranks_behind_by_how_far():
    limits = (Constraint("params", at_most=10),)
    broken = [
        Trial(Candidate(word(w), "x"), (Measurement("params", p),), "too large") for w, p in (("aaa", 15), ("bbb", 11))
    ]
    assert violation(broken[0], limits) == pytest.approx(0.5)
    search = Nsga2(Letters(), 0, _TWO, limits, population=2, crossed=0.0)
    search.tell([*broken, _traded("ccc", 0.1, 10)])
    assert {p for c in search.ask(30) for p in c.parents} == {word("ccc").key, word("bbb").key}


def test_the_best_pairs_are_guided_to_letters_that_the_population_lacks():
    search = Pbg(Letters(), 0, _GOAL, population=3)
    _told(search, ["eea", "eab", "aaa"])
    children = search.ask(3)  # the pairs in order of combined fitness: .2+.1, .2+0, .1+0
    names = ("eea", "eab", "aaa")
    first, second, third = (word(w).key for w in names)
    assert children[0].parents == (first, second)
    assert {c.parents for c in children} <= {(first, second), (first, third), (second, third)}
    firsts = [text(c)[0] for seed in range(40) for c in _first_child(seed)]
    # Of the first letter's free choices b, c, d are in no one and a or e in some: each is drawn as 1 - its share.
    assert sum(f in "bcd" for f in firsts) > sum(f == "a" for f in firsts)


def _first_child(seed):
    search = Pbg(Letters(), seed, _GOAL, population=3)
    _told(search, ["eea", "eab", "aaa"])
    return search.ask(1)


def test_nonsense_options_are_refused():
    with pytest.raises(RequestError):
        Evolution(Letters(), 0, _GOAL, population=1)
    with pytest.raises(RequestError):
        Nsga2(Letters(), 0, _GOAL, crossed=2.0)


@pytest.mark.parametrize("made", [Evolution, Nsga2, RegularizedEvolution, Pbg])
def test_diffusion_edits_are_children_that_keep_a_part(made):
    space = registry.create("spaces", "nasbench201")
    search = made(space, 0, _GOAL, population=2, mutation="diffusion")
    parents = [space.sample(rng(0, "parents", i)) for i in range(2)]
    search.tell([Trial(Candidate(a, "x"), (Measurement("accuracy", 0.5),)) for a in parents])
    asked = search.ask(6)
    assert {key for c in asked for key in c.parents} <= {a.key for a in parents}
    assert len({c.arch.key for c in asked}) == 6
    assert not any(space.problems(c.arch) for c in asked)
    again = made(space, 0, _GOAL, population=2, mutation="diffusion")
    again.tell([Trial(Candidate(a, "x"), (Measurement("accuracy", 0.5),)) for a in parents])
    assert again.ask(6) == asked


def test_edits_of_one_parent_are_used_up_before_more_are_made():
    space = registry.create("spaces", "nasbench201")
    variation = Variation(space, editor("diffusion", space, 0))
    parent = space.sample(rng(0, "parent"))
    children = [variation.mutate(parent, rng(0, "edit", i)) for i in range(8)]
    assert len({child.key for child in children} - {parent.key}) == 8  # distinct, as they were made at once
    same = np.mean([x == y for child in children for x, y in zip(child.ops[1:-1], parent.ops[1:-1], strict=True)])
    assert same > 1 / 2  # two thirds are kept on average; a random cell would have a fifth


def test_without_a_diffusion_model_the_error_says_what_to_write():
    with pytest.raises(MissingArtifact, match=r"genas fit diffusion letters .*Or write mutation=uniform"):
        Evolution(Letters(), 0, _GOAL, mutation="diffusion")
