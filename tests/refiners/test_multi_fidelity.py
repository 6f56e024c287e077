"""Rungs and brackets by hand: sizes and fidelities as published, promotions, failures, and what is never told."""

from itertools import product

import numpy as np
import pytest
from line_space import Letters, text, word, worth

import genas
from genas.core.errors import RequestError
from genas.core.records import Candidate, Measurement, Objective, Trial
from genas.core.rng import rng
from genas.encodings.decisions import Decisions
from genas.refiners._rungs import Bracket, Rung, hyperband
from genas.refiners.bohb import Bohb, Density
from genas.refiners.hyperband import Hyperband
from genas.refiners.successive_halving import SuccessiveHalving

_GOAL = (Objective("accuracy"),)


def _told(candidate, failure=None, bonus=0.0):
    """Measured at the candidate's fidelity: half of what a run calls full, as a search's own measurement is."""
    measured = Measurement("accuracy", worth(candidate.arch) + bonus, fidelity=candidate.fidelity / 2)
    return Trial(candidate, () if failure else (measured,), failure)


def _until_asked(search, count, size=4):
    found = []
    while len(found) < count:
        asked = search.ask(min(size, count - len(found)))
        search.tell([_told(c) for c in asked])
        found += asked
    return found


def test_brackets_are_those_of_the_paper():
    # Li et al. (2018), table 1: R = 81, eta = 3; (architectures, resource) of each rung.
    published = [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]
    for number, rungs in enumerate(published + published[:1]):
        found = hyperband(number, 3, 1 / 81)
        assert [rung.size for rung in found] == [size for size, _ in rungs]
        assert [81 * rung.fidelity for rung in found] == pytest.approx([resource for _, resource in rungs])


def test_two_levels_of_a_table():
    assert [list(hyperband(n, 17, 0.05)) for n in range(2)] == [[(17, 1 / 17), (1, 1.0)], [(2, 1.0)]]


def test_a_bracket_by_hand():
    bracket = Bracket([Rung(6, 0.25), Rung(3, 0.5), Rung(1, 1.0)])
    for key in "abcdef":
        assert bracket.has_room()
        assert bracket.enter(key) == 0.25
    assert not bracket.has_room()
    for key, loss in zip("abcde", (0.5, 0.1, 0.4, float("inf"), 0.3), strict=True):
        bracket.tell(key, 0.25, loss)
        assert bracket.promotion() is None  # f is awaited
    bracket.tell("f", 0.25, float("inf"))
    promoted = []
    while up := bracket.promotion():
        promoted.append(up)
        assert bracket.enter(*up) == 0.5
    assert promoted == [("b", 1), ("e", 1), ("c", 1)]
    bracket.tell("b", 0.5, 0.35)
    bracket.tell("c", 0.5, 0.2)
    bracket.drop([])  # e is never measured there, so the next best is
    assert bracket.promotion() == ("a", 1)
    bracket.enter("a", 1)
    bracket.tell("a", 0.5, 0.6)
    assert bracket.promotion() == ("c", 2)
    bracket.enter("c", 2)
    assert not bracket.done()
    bracket.tell("c", 1.0, float("inf"))
    assert bracket.done()


def test_fewer_go_up_where_the_others_failed():
    bracket = Bracket([Rung(3, 0.5), Rung(2, 1.0)])
    for key, loss in (("a", float("inf")), ("b", 0.2), ("c", float("inf"))):
        bracket.enter(key)
        bracket.tell(key, 0.5, loss)
    assert bracket.promotion() == ("b", 1)
    bracket.enter("b", 1)
    bracket.tell("b", 1.0, 0.1)
    assert bracket.promotion() is None
    assert bracket.done()


def test_what_others_measured_better_leaves_the_bracket():
    bracket = Bracket([Rung(2, 0.5), Rung(1, 1.0)])
    for key, loss in (("a", 0.1), ("b", 0.2)):
        bracket.enter(key)
        bracket.tell(key, 0.5, loss)
    bracket.tell("a", 1.0, 0.3)
    assert bracket.promotion() == ("b", 1)


@pytest.mark.parametrize(("size", "count"), [(1, 13), (4, 20)])
def test_successive_halving_asks_for_9_and_3_and_1(size, count):
    found = _until_asked(SuccessiveHalving(Letters(), 0, _GOAL), count, size)
    lowest, middle, full = ([c.arch for c in found if c.fidelity == share] for share in (1 / 9, 1 / 3, 1.0))
    assert (len(middle), len(full)) == (3, 1)
    assert sorted(worth(a) for a in middle) == sorted(worth(a) for a in lowest[:9])[-3:]
    assert full[0] in middle


def test_the_next_bracket_is_begun_while_a_rung_is_awaited():
    asked = SuccessiveHalving(Letters(), 0, _GOAL).ask(13)
    assert [c.fidelity for c in asked] == [1 / 9] * 13
    assert len({c.arch.key for c in asked}) == 13


def test_every_rung_compares_its_own_figures_only():
    search = SuccessiveHalving(Letters(), 0, _GOAL, mutated=0.0)
    asked = search.ask(9)
    search.tell([_told(c, bonus=10.0) for c in asked])  # cheap measurements that look better than any other
    up = search.ask(3)
    order = sorted(up, key=lambda c: c.arch.key)
    search.tell([_told(c, bonus=float(i)) for i, c in enumerate(order)])
    (last,) = search.ask(1)
    assert (last.arch, last.fidelity) == (order[-1].arch, 1.0)


def test_failed_ones_are_not_promoted_and_passed_over_ones_are_replaced():
    search = SuccessiveHalving(Letters(), 0, _GOAL)
    asked = search.ask(9)
    search.tell([_told(c, failure="too large") for c in asked[1:]])  # the first is never measured
    (more,) = search.ask(1)
    assert more.fidelity == 1 / 9
    assert more.arch.key not in {c.arch.key for c in asked}
    search.tell([_told(more)])
    (up,) = search.ask(1)
    assert (up.arch, up.fidelity) == (more.arch, 1 / 3)


def test_hyperband_measures_as_much_in_each_bracket():
    found = _until_asked(Hyperband(Letters(), 0, _GOAL), 13 + 6 + 3, size=1)
    assert [sum(c.fidelity == share for c in found) for share in (1 / 9, 1 / 3, 1.0)] == [9, 3 + 5, 1 + 1 + 3]


def test_a_third_of_a_rung_are_mutations_of_what_others_measured():
    search = Hyperband(Letters(), 0, _GOAL)
    search.tell([_told(Candidate(word(w), "x")) for w in ("eea", "aaa")])
    asked = search.ask(9)
    assert sum(bool(c.parents) for c in asked) == 3
    assert not any(c.parents for c in Hyperband(Letters(), 0, _GOAL, mutated=0.0).ask(9))


def test_the_whole_space_is_asked_for_in_the_end():
    search, found = Hyperband(Letters(), 0, _GOAL), set()
    while asked := search.ask(10):
        found |= {text(c) for c in asked}
        search.tell([_told(c) for c in asked])
    assert len(found) > 110  # of 125: the rest was not met in 200 draws


def test_a_fidelity_that_a_table_lacks_is_refused_with_words():
    search = Hyperband(Letters(), 0, _GOAL)
    asked = search.ask(9)
    reason = "letters are tabulated at fidelity 1 only, not at 0.111111"
    search.tell([_told(c, failure="too large") for c in asked[:4]])
    with pytest.raises(RequestError, match="eta=17,lowest=") as error:
        search.tell([_told(c, failure=reason) for c in asked[4:]])
    assert reason in str(error.value)


def test_chances_of_a_density_add_up_to_one():
    decisions = Decisions(Letters())
    density = Density([{"nodes": 0, "node 1": 4, "node 2": 4, "node 3": 4}, {"nodes": 0, "node 1": 4}], decisions)
    every = {v: density.chance((0, *v)) for v in product(range(5), repeat=3)}
    assert sum(every.values()) == pytest.approx(1)
    # Two points: w = 4/5 2^-1/2 = 0.5657; the second knows one decision only.
    stay, moved = 1 - 0.8 / 2**0.5, 0.2 / 2**0.5
    assert every[4, 4, 4] == pytest.approx((stay**3 + stay / 25) / 2)
    assert every[0, 4, 4] == pytest.approx((moved * stay**2 + moved / 25) / 2)


def test_draws_follow_the_density():
    density = Density([{"nodes": 0, "node 1": 4, "node 2": 0, "node 3": 2}] * 9, Decisions(Letters()))
    drawn = [density.draw(rng(0, "draw", i)) for i in range(3000)]
    stay = 1 - 0.8 / 3
    assert np.mean([values[1] == 4 for values in drawn]) == pytest.approx(stay, abs=0.03)
    assert np.mean([values == (0, 4, 0, 2) for values in drawn]) == pytest.approx(stay**3, abs=0.03)


def test_bohb_draws_where_the_good_ones_of_the_highest_fidelity_are():
    search = Bohb(Letters(), 0, _GOAL, uniform=0.0, start=3)
    words = ("eea", "eeb", "eec", "aaa", "abb", "bca", "dad", "cab", "bbc")
    search.tell([_told(Candidate(word(w), "x", fidelity=1 / 9), bonus=-9) for w in ("aac", "aba", "baa", "bab", "cba")])
    low = Candidate(word("ddd"), "x", fidelity=1 / 9)
    search.tell([_told(low, bonus=9)])  # good, but at a lower fidelity
    search.tell([_told(Candidate(word(w), "x")) for w in words])
    asked = [text(c) for c in search.ask(6)]
    assert sum(w.startswith("e") or w[1] == "e" for w in asked) >= 5
    assert "ddd" not in asked


def test_bohb_needs_fewer_trials_than_hyperband():
    def asked(cls, seed):
        search, found = cls(Letters(), seed, _GOAL, lowest=1.0), []
        while "eee" not in found:
            candidates = search.ask(2)
            found += [text(c) for c in candidates]
            search.tell([_told(c) for c in candidates])
        return len(found)

    def plain(space, seed, goal, lowest):
        return Hyperband(space, seed, goal, lowest=lowest, mutated=0.0)

    assert np.mean([asked(Bohb, seed) for seed in range(6)]) < 0.8 * np.mean([asked(plain, s) for s in range(6)])


def test_nonsense_options_are_refused():
    for options in ({"eta": 1}, {"lowest": 0}, {"lowest": 1.5}, {"mutated": 2}, {"count": 8}):
        with pytest.raises(RequestError):
            SuccessiveHalving(Letters(), 0, _GOAL, **options)
    for options in ({"uniform": -1}, {"good": 1}, {"start": 0}, {"widened": 0.5}):
        with pytest.raises(RequestError):
            Bohb(Letters(), 0, _GOAL, **options)


def test_a_run_promotes_by_what_a_published_table_says_of_few_epochs(bench_data, tmp_path):
    report = genas.design(
        "The best NAS-Bench-201 cell on cifar10",
        out=tmp_path,
        proposers=["uniform"],
        refiners=[{"name": "hyperband", "options": {"eta": 17, "lowest": 0.05}}],
        scorers=["params", "table"],
        budget={"trials": 6},
    )
    few = [(t, m.value) for t in report.trials for m in t.all("accuracy") if round(200 * m.fidelity) == 12]
    assert len(few) >= 17
    (promoted,) = [value for trial, value in few[:17] if len(trial.all("accuracy")) == 2]
    assert promoted == max(value for _, value in few[:17])
