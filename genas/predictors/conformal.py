"""Intervals that hold what they promise: conformal prediction around a mean and a spread."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TWO_SIDED_90 = 1.6449  # standard deviations to either side that hold 90 % of a normal distribution


class Calibration(NamedTuple):
    """How many spreads to either side of the mean hold the wished share of new values.

    Args:
        factor: that many spreads.
        coverage: the wished share.
        examples: it was found on.
    """

    factor: float
    coverage: float
    examples: int

    def interval(self, mean: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Lower and upper ends, [B] each."""
        return mean - self.factor * spread, mean + self.factor * spread

    def std(self, spread: Floats) -> Floats:
        """Standard deviations of the normal distributions whose 90 % intervals these are (for a coverage of 90 %)."""
        return spread * (self.factor / TWO_SIDED_90)


def calibrate(mean: Floats, spread: Floats, values: Floats, coverage: float = 0.9) -> Calibration:
    """Find the factor on examples that the predictions were not learnt from.

    Where these were put aside (split conformal), the interval covers at least `coverage` of values drawn as these were,
    on average over calibrations. Where each was predicted from all others (cross-conformal), it does so but for a small
    gap. Of values drawn otherwise (another data set, architectures chosen for being good) nothing is promised.

    Source: Lei et al., "Distribution-free predictive inference for regression" (2018), section 5.2, locally weighted
    split conformal; Vovk, "Cross-conformal predictors" (2015).

    Args:
        mean: [n] predictions.
        spread: [n] their spreads, above 0.
        values: [n] what was measured.
        coverage: in (0, 1).

    Raises:
        ValueError: too few examples for that coverage; 90 % takes nine.
    """
    rank = math.ceil((len(values) + 1) * coverage)
    if rank > len(values):
        raise ValueError(f"{len(values)} examples are too few to calibrate {coverage:.0%} intervals on")
    scores = np.sort(np.abs(values - mean) / spread)
    return Calibration(float(scores[rank - 1]), coverage, len(values))
