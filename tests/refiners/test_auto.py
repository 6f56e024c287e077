"""The combined strategy on a space whose best place is known, and on free figures and limits."""

from itertools import product

import numpy as np
import pytest
from line_space import Letters, text, trial, word, worth

from genas.core import registry
from genas.core.context import Context
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Constraint, Measurement, Objective, Trial
from genas.predictors.gaussian_process import Surrogate, quantiles, traits
from genas.refiners._acquisition import fixed, improvement, warped
from genas.refiners._pool import Pool
from genas.refiners.auto import Auto

_GOAL = (Objective("accuracy"),)


class Words(Task):
    """Knows the number of a's as params; the accuracy must never be looked up."""

    name = "words"
    description, input_shape, outputs = "words", (1,), 2

    def data(self, split):
        raise AssertionError("no examples may be read here")

    def lookup(self, arch, metric, *, fidelity=1.0):
        assert metric != "accuracy"
        if metric == "params":
            return Measurement(metric, float(arch.ops.count("a")))
        raise ScoreFailed(f"no table of {metric}")


def _made(objectives=_GOAL, limits=(), seed=0, **options):
    return Auto(Letters(), Words(), seed, objectives, limits, **options)


def _run(search, rounds, n=1):
    found = []
    for _ in range(rounds):
        asked = search.ask(n)
        found += [text(c) for c in asked]
        search.tell([trial(c) for c in asked])
    return found


def test_best_place_is_found_long_before_chance_would():
    counts = [_run(_made(seed=seed), 30).index("eee") for seed in range(5)]  # chance: 63 on average
    assert np.mean(counts) < 22


def test_batches_cover_the_space_once_and_then_nothing():
    found = _run(_made(), 6, 25)
    assert len(found) == len(set(found)) == 125


def test_same_seed_same_answers_and_other_seed_others():
    assert _run(_made(), 4, 3) == _run(_made(), 4, 3) != _run(_made(seed=1), 4, 3)


def test_known_limits_are_kept():
    found = _run(_made(limits=(Constraint("params", at_least=1),)), 12)
    assert all("a" in word for word in found)


def test_two_objectives_find_their_front():
    search = _made((Objective("accuracy"), Objective("params", "max")))  # e's against a's: the front has four levels
    found = []
    for _ in range(30):
        asked = search.ask(1)
        arch = asked[0].arch
        figures = (Measurement("accuracy", worth(arch)), Measurement("params", float(arch.ops.count("a"))))
        search.tell([Trial(asked[0], figures)])
        found.append((arch.ops.count("e"), arch.ops.count("a")))
    assert {(3, 0), (2, 1), (1, 2), (0, 3)} <= set(found)


def test_figures_that_are_searched_for_are_refused_as_features():
    with pytest.raises(RequestError, match="searched metric"):
        _made(proxies=("params", "test_accuracy"))
    with pytest.raises(RequestError, match="transfer takes tables"):
        _made(transfer=("runs/other",))


def test_notes_say_why():
    search = _made(warm=2)
    notes = []
    for _ in range(3):
        asked = search.ask(1)
        notes += [c.note for c in asked]
        search.tell([trial(c) for c in asked])
    assert "at random" in notes[0]
    assert "hoped to be the best so far" in notes[2]


def test_surrogate_ranks_what_it_has_not_seen():
    space = Letters()
    draws = [space.sample(np.random.default_rng(i)) for i in range(60)]
    model = Surrogate([traits(a, space) for a in draws], np.zeros((60, 0)))
    values = quantiles([worth(a) for a in draws])
    rows = list(range(30))
    model.fit(rows, values[:30])
    mean, spread = model.predict(rows, values[:30])
    assert np.corrcoef(mean[30:], values[30:])[0, 1] > 0.8
    assert spread[:30].mean() < spread[30:].mean()


def test_rows_added_one_by_one_predict_as_all_at_once():
    space = Letters()
    draws = [space.sample(np.random.default_rng(i)) for i in range(40)]
    views, values = [traits(a, space) for a in draws], quantiles([worth(a) for a in draws])
    slow, quick = (Surrogate(views, np.zeros((40, 0))) for _ in range(2))
    for count in (3, 4, 9, 20):
        quick.predict(list(range(count)), values[:count])
    quick.predict([*range(10), 30, 31], np.append(values[:10], [0, 0]))  # other outcomes were believed meanwhile
    for rows in ([*range(20)], [*range(5)]):
        for got, wanted in zip(quick.predict(rows, values[rows]), slow.predict(rows, values[rows]), strict=True):
            assert got == pytest.approx(wanted)
    quick.fit(list(range(20)), values[:20])
    slow.fit(list(range(20)), values[:20])
    assert quick.predict([0, 1], values[:2])[0] == pytest.approx(slow.predict([0, 1], values[:2])[0])


def test_cells_that_compute_the_same_are_one():
    space = registry.create("spaces", "nasbench201")
    pool = Pool(space, 0, (), Context(space, Words()))
    dead = space.cell(("none", "none", "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "none"))
    pruned = space.cell(("none", "none", "none", "skip_connect", "none", "none"))
    assert len(pool.archs) == 9445  # without dead operations: the published count
    assert pool.archs[pool.row(dead)] == pruned


def test_added_area_by_hand():
    reached = np.array([[1.0, 0.0], [0.0, 1.0]])
    points = np.array([[1.0, 1.0], [0.0, 0.0], [0.5, 0.5]])
    # Scaled, 0.1 above the reference: the corner adds a unit square, the middle a quarter of it, the origin nothing.
    found = improvement([fixed(column) for column in points.T], reached, np.random.default_rng(0))
    assert found == pytest.approx([1.0, 0.0, 0.25])


def test_predictions_are_turned_back_into_the_measured_unit():
    measured = np.array([10.0, 30.0, 20.0, 60.0])
    places = quantiles(measured)
    curve = warped(places, np.ones(4), measured)
    every = slice(None)
    assert curve(0.0, every) == pytest.approx(measured)
    step = places[3] - places[1]  # from 30 to 60: the slope that goes on above
    assert curve(step, every)[3] == pytest.approx(90.0)
    assert curve(-step, every)[0] == pytest.approx(0.0)  # below 10 as between 10 and 20, which are as far apart


def test_spellings_that_a_table_tells_apart_are_all_offered():
    space = registry.create("spaces", "nasbench201")
    pool = Pool(space, 0, (), Context(space, Words()))
    pool.spell_out()
    dead = space.cell(("none", "none", "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "none"))
    pruned = space.cell(("none", "none", "none", "skip_connect", "none", "none"))
    assert len(pool.archs) == 5**6
    assert pool.archs[pool.row(dead)] == dead
    assert pool.group[pool.row(dead)] == pool.group[pool.row(pruned)]  # one prediction for both
    assert pool.archs[pool.heads[pool.group[pool.row(dead)]]] == pruned


class Few(Words):
    """Has answers for the words without b only."""

    @property
    def measured(self):
        return [word("".join(letters)) for letters in product("acde", repeat=3)]


def test_where_few_are_measured_only_these_are_asked_for():
    search = Auto(Letters(), Few(), 0, _GOAL)
    found = _run(search, 5, 20)
    assert len(found) == len(set(found)) == 64
    assert not any("b" in word for word in found)


def test_a_loss_is_made_small():
    search = _made((Objective("perplexity", "min"),))
    found = []
    for _ in range(30):
        asked = search.ask(1)
        found += [text(c) for c in asked]
        search.tell([Trial(c, (Measurement("perplexity", 10.0 - worth(c.arch)),)) for c in asked])
    assert "eee" in found
