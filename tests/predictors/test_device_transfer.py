"""A device that mixes known ones is ranked from 10 measurements; a new one from features; intervals hold."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from genas.predictors.device_transfer import DeviceTransfer


@pytest.fixture(scope="module")
def world():
    draw = np.random.default_rng(0)
    features = (draw.random((800, 12)) < 0.4).astype(float)
    effects = draw.gamma(2.0, size=(12, 6))
    known = 5 + features @ effects + draw.normal(0, 0.1, (800, 6)).clip(-1, 1)
    return features, known, draw


def test_a_mixture_of_known_devices_is_ranked(world):
    features, known, _ = world
    target = 3 * (0.7 * known[:, 0] + 0.3 * known[:, 3])
    model = DeviceTransfer(known, features)
    rows = model.rows(features, known)
    chosen = model.choose(rows[:200], 10)
    assert len(set(chosen)) == 10
    found = model.predict(rows[chosen], target[chosen], rows[200:])
    assert spearmanr(found.mean, target[200:])[0] > 0.95
    assert np.median(np.abs(found.mean / target[200:] - 1)) < 0.1
    assert 0.8 < np.mean(np.abs(found.mean - target[200:]) < 1.645 * found.std) <= 1


def test_more_measurements_are_surer_and_gaps_take_features(world):
    features, known, _ = world
    target = 2 * known[:, 1]
    model = DeviceTransfer(known[:400], features[:400], ["a", "a", "b", "b", "c", "c"])
    gaps = known.copy()
    gaps[400:, 2] = np.nan
    rows, without = model.rows(features, gaps), model.rows(features)
    assert np.array_equal(rows[400:], without[400:]) and not np.allclose(rows[:400], without[:400])
    few, many = (model.predict(rows[:n], target[:n], rows[400:]) for n in (5, 40))
    assert many.std.mean() < few.std.mean()
    assert spearmanr(many.mean, target[400:])[0] > 0.9


def test_versions_of_one_device_weigh_as_one(world):
    features, known, _ = world
    thrice = known[:, [0, 0, 0, 1]]
    as_two = DeviceTransfer(thrice, features, ["a", "a", "a", "b"]).rows(features, thrice)
    two = DeviceTransfer(known[:, :2], features).rows(features, known[:, :2])
    np.testing.assert_allclose(as_two @ as_two.T, two @ two.T, atol=1e-9)
