import numpy as np
import pytest
from scipy.stats import kendalltau
from tiny_space import Tiny, accuracy, examples

from genas.predictors.blend import Blend, views
from genas.predictors.gaussian_process import quantiles

SPACE = Tiny()
ARCHS = list({e.arch.key: e.arch for e in examples(400, seed=3)}.values())[:90]
VALUES = np.array([accuracy(a) for a in ARCHS])
NOISE = np.random.default_rng(0).normal(size=90)


def fitted(known, count=30):
    blend = Blend(seed=1, trees=40)
    blend.fit(known.rows(slice(0, count)), VALUES[:count])
    return blend


def tau(blend, known):
    return kendalltau(blend.predict(known.rows(slice(30, None)))[0], VALUES[30:]).statistic


def test_it_ranks_the_unseen_and_does_so_again():
    known = views(SPACE, ARCHS)
    first, second = fitted(known), fitted(known)
    assert tau(first, known) > 0.8
    assert np.array_equal(first.predict(known)[0], second.predict(known)[0])


def test_a_perfect_prior_is_kept_and_a_reversed_one_overruled():
    right = views(SPACE, ARCHS, prior=VALUES[:, None] + 1e-3 * NOISE[:, None])
    assert tau(fitted(right, 12), right) > 0.9
    wrong = views(SPACE, ARCHS, prior=-VALUES[:, None])
    assert tau(fitted(wrong), wrong) > 0.8


def test_shares_follow_what_predicts_the_left_out():
    blend = Blend(seed=1, trees=40)
    blend.fit(views(SPACE, ARCHS), NOISE, np.stack([NOISE[::-1], NOISE], 1))  # only the second guess knows anything
    process, trees, blind, seeing = blend.shares
    assert seeing > 0.8
    assert max(process, trees, blind) < 0.2


def test_cheap_figures_help():
    known, told = views(SPACE, ARCHS), views(SPACE, ARCHS, side=VALUES[:, None])
    assert tau(fitted(told, 10), told) > tau(fitted(known, 10), known)


def test_intervals_hold_most_of_the_unseen():
    values = VALUES + 0.05 * NOISE
    blend, known = Blend(seed=1, trees=40), views(SPACE, ARCHS)
    blend.fit(known.rows(slice(0, 45)), values[:45])
    mean, std = blend.standings(known.rows(slice(45, None)))
    order = np.argsort(values[:45])
    truth = np.interp(values[45:], values[:45][order], quantiles(values[:45])[order])
    assert (np.abs(truth - mean) <= 1.645 * std).mean() > 0.75


def test_nothing_is_predicted_before_fit():
    with pytest.raises(RuntimeError, match="before fit"):
        Blend().predict(views(SPACE, ARCHS[:2]))
