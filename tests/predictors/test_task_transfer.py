import numpy as np
import pytest
from scipy.stats import kendalltau
from tiny_space import Tiny, accuracy, examples

from genas.predictors.blend import Blend, views
from genas.predictors.conformal import calibrate
from genas.predictors.gaussian_process import quantiles
from genas.predictors.task_transfer import KnownTask, KnownTasks

SPACE = Tiny()
ARCHS = list({e.arch.key: e.arch for e in examples(600, seed=3)}.values())[:120]
VALUES = np.array([accuracy(a) for a in ARCHS])
DISAGREEMENT = np.random.default_rng(0).normal(size=(3, len(ARCHS))) * VALUES.std()  # what no graph tells, by task


def task(rows, off):
    return KnownTask([ARCHS[i].key for i in rows], views(SPACE, [ARCHS[i] for i in rows]), (VALUES + off)[rows])


def test_what_tasks_share_ranks_on_a_new_one():
    known = KnownTasks([task(range(40), 0), task(range(40, 80), 0)], seed=1, trees=40)
    mean, _ = known.standings(views(SPACE, ARCHS[80:]))
    assert kendalltau(mean, VALUES[80:]).statistic > 0.8


def test_intervals_are_as_wide_as_tasks_disagree():
    new = views(SPACE, ARCHS[80:])
    alike = KnownTasks([task(range(40), 0), task(range(40, 80), 0)], trees=40).standings(new)
    apart = KnownTasks([task(range(40), 0), task(range(40, 80), 2 * DISAGREEMENT[0])], trees=40).standings(new)
    assert apart[1].mean() > 1.5 * alike[1].mean()


def test_they_hold_on_a_new_task_that_disagrees_as_the_known_ones_do():
    rows, values = range(80), quantiles(VALUES + DISAGREEMENT[2])
    known = KnownTasks([task(rows, DISAGREEMENT[0]), task(rows, DISAGREEMENT[1])], trees=40)
    mean, std = known.standings(views(SPACE, ARCHS))
    assert 0.8 < (np.abs(values - mean) <= 1.645 * std)[80:].mean() <= 1


def test_an_architecture_of_both_tasks_is_predicted_from_the_rest():
    shared = task(range(40), DISAGREEMENT[0])
    blend = Blend(seed=2, trees=40)
    blend.fit(shared.views, shared.merits)
    known = KnownTasks([shared, shared], seed=2, trees=40)
    fair = calibrate(*(np.tile(part, 2) for part in (blend.left_out, blend.left_out_spread, quantiles(shared.merits))))
    assert known.calibration == fair


def test_one_known_task_has_the_spread_of_that_task():
    known = KnownTasks([task(range(40), 0)], seed=1, trees=40)
    assert known.calibration.examples == 40
    assert known.standings(views(SPACE, ARCHS[:3]))[1] == pytest.approx(
        known.calibration.std(known._blends[0].predict(views(SPACE, ARCHS[:3]))[1])
    )
