import numpy as np
import pytest

from genas.predictors.conformal import calibrate


def test_the_factor_by_hand():
    values = np.arange(1.0, 11.0)  # distances 1 to 10 in spreads of 1
    found = calibrate(np.zeros(10), np.ones(10), values)
    assert found.factor == 10.0  # the 10th of 10: ceil(11 * 0.9)
    assert calibrate(np.zeros(10), np.full(10, 2.0), values, coverage=0.5).factor == 3.0
    low, high = found.interval(np.array([1.0]), np.array([0.5]))
    assert (low[0], high[0]) == (-4.0, 6.0)
    assert found.std(np.array([1.0]))[0] == pytest.approx(6.08, abs=0.01)


def test_intervals_hold_what_they_promise():
    random = np.random.default_rng(0)
    spread = random.uniform(0.5, 2.0, 4000)
    values = random.standard_t(3, 4000) * spread
    found = calibrate(np.zeros(2000), spread[:2000], values[:2000])
    low, high = found.interval(np.zeros(2000), spread[2000:])
    assert ((low <= values[2000:]) & (values[2000:] <= high)).mean() == pytest.approx(0.9, abs=0.02)


def test_too_few_examples_promise_nothing():
    with pytest.raises(ValueError, match="too few"):
        calibrate(np.zeros(8), np.ones(8), np.ones(8))
