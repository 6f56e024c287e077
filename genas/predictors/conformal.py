"""Conformal prediction: intervals with guaranteed coverage around a mean and a spread."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TWO_SIDED_90 = 1.6449  # 90 % of a normal distribution lie within this many standard deviations of the mean


class Calibration(NamedTuple):
    """The width of a conformal interval in units of the spread.

    Args:
        factor: the interval is mean +- factor x spread.
        coverage: the fraction of new values inside the interval.
        examples: number of examples it was calibrated on.
    """

    factor: float
    coverage: float
    examples: int

    def interval(self, mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Lower [B] and upper [B] ends of the intervals around mean [B]."""
        return mean - self.factor * spread, mean + self.factor * spread

    def std(self, spread: Floats) -> Floats:
        """Standard deviations [B] of normal distributions with these 90 % intervals; for a coverage of 90 % only."""
        return spread * (self.factor / TWO_SIDED_90)


def calibrate(mean: Floats, spread: Floats, values: Floats, coverage: float = 0.9) -> Calibration:
    """Calibrate intervals on examples that the predictor was not fitted on.

    With held-out examples (split conformal), the interval covers at least `coverage` of values from the same
    distribution, on average over calibrations. With examples that were each predicted from all others
    (cross-conformal), this holds up to a small gap. There is no guarantee for values of another distribution (another
    data set, or architectures selected for being good).

    Source: Lei et al., "Distribution-free predictive inference for regression" (2018), section 5.2, locally weighted
    split conformal; Vovk, "Cross-conformal predictors" (2015).

    Args:
        mean: [n] predictions.
        spread: [n] their spreads, above 0.
        values: [n] measured values.
        coverage: in (0, 1).

    Raises:
        ValueError: too few examples for that coverage; 90 % takes nine.
    """
    rank = math.ceil((len(values) + 1) * coverage)
    if rank > len(values):
        raise ValueError(f"{len(values)} examples are too few to calibrate {coverage:.0%} intervals on")
    scores = np.sort(np.abs(values - mean) / spread)
    return Calibration(float(scores[rank - 1]), coverage, len(values))
