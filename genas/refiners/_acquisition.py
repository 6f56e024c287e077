"""Acquisition functions: how much a point is expected to improve on the best value, or on a Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from genas.predictors.gaussian_process import Floats, quantiles

_RHO = 0.05  # weight of the sum in the augmented Chebyshev value
_MARGIN = 0.1  # distance of the reference point from the worst point, as a fraction of the span; keeps the front's ends
_NODES = 5  # of the quadrature
Rows = npt.NDArray[np.intp] | slice
Curve = Callable[[float, Rows], Floats]  # (z, rows) -> the values of these rows, z standard deviations above the mean
_ALL = slice(None)


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """Expected improvement E[max(0, value - best)] of normal values; larger is better.

    Source: Jones et al. (1998), eq. 15.

    Args:
        mean: [N] predicted means.
        spread: [N] predicted standard deviations.
        best: the best value so far.
    """
    z = (mean - best) / spread
    expected: Floats = (mean - best) * norm.cdf(z) + spread * norm.pdf(z)
    return expected


def fixed(values: Floats) -> Curve:
    """The curve of points whose values are known exactly."""
    return lambda _, rows: values[rows]


def warped(mean: Floats, spread: Floats, measured: Floats) -> Curve:
    """The curve of points predicted as normal quantiles, mapped back to the unit of `measured`.

    Source: a warped Gaussian process (Snelson et al. 2003), here with the empirical quantiles as the warping: linear
    between measured values; beyond them, with the mean slope of the outermost tenth.

    Args:
        mean: [N] predicted means, in normal quantiles of the ranks of `measured`.
        spread: [N] predicted standard deviations, in the same unit.
        measured: [n] measured values.
    """
    places, values = np.unique(quantiles(measured)), np.unique(measured)
    few = max(1, len(values) // 10)
    slopes = np.ones(2)  # equal values have no scale
    if len(values) > 1:
        slopes = (values[[few, -1]] - values[[0, -1 - few]]) / (places[[few, -1]] - places[[0, -1 - few]])

    def curve(z: float, rows: Rows) -> Floats:
        at = mean[rows] + z * spread[rows]
        beyond = slopes[0] * np.minimum(at - places[0], 0) + slopes[1] * np.maximum(at - places[-1], 0)
        return np.asarray(np.interp(at, places, values) + beyond)

    return curve


def improvement(curves: Sequence[Curve], reached: Floats, generator: np.random.Generator) -> Floats:
    """The acquisition value [N] of each point, for several objectives; larger values are better in every objective.

    Source: for two objectives, the expected hypervolume improvement (Emmerich et al. 2006), computed by Gauss-Hermite
    quadrature along one normal variable that moves all uncertain objectives together. For more objectives, ParEGO's
    augmented Chebyshev value (Knowles 2006, eq. 2) of an optimistic point, with weights drawn uniformly from the
    simplex.

    Args:
        curves: one per objective, over the N points.
        reached: [n, objectives] values of measured architectures, and predicted values of pending ones.
        generator: draws the weights.
    """

    def place(z: float, rows: Rows = _ALL) -> Floats:
        return (np.stack([curve(z, rows) for curve in curves], 1) - low) / span  # [N, objectives]

    low, span = np.zeros(len(curves)), np.ones(len(curves))
    expected = np.concatenate([place(0), reached])
    low, span = expected.min(0), np.maximum(np.ptp(expected, axis=0), 1e-12)
    if len(curves) == 2:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        steps = _stairs((reached - low) / span + _MARGIN)
        best = place(nodes[-1]) + _MARGIN
        rows = np.flatnonzero(_above(best, steps))  # the others add no area even at the highest node
        areas = [_added_area(np.maximum(place(z, rows) + _MARGIN, 0.0), steps) for z in nodes]
        expected_area = np.zeros(len(best))
        expected_area[rows] = weights / weights.sum() @ np.stack(areas)
        return expected_area
    here, toward = place(0.5), generator.dirichlet(np.ones(len(curves)))
    return ((here - 1) * toward).min(1) + _RHO * (here * toward).sum(1)  # type: ignore[no-any-return]


def _stairs(reached: Floats) -> Floats:
    """The Pareto front [F, 2] of the reached points, in order of falling x and rising y."""
    order = reached[np.lexsort((-reached[:, 1], -reached[:, 0]))]
    higher = order[1:, 1] > np.maximum.accumulate(order[:, 1])[:-1]
    return np.asarray(order[np.append(True, higher)])


def _above(points: Floats, steps: Floats) -> npt.NDArray[np.bool_]:
    """For each point, whether no step of the front is at least as good in both values."""
    beside = np.searchsorted(-steps[:, 0], -points[:, 0], side="right") - 1  # the highest step not left of the point
    return np.asarray((beside < 0) | (points[:, 1] > steps[np.maximum(beside, 0), 1]))


def _added_area(points: Floats, steps: Floats) -> Floats:
    """For each point, the exact area in the positive quadrant that it dominates and the front does not."""
    left = np.append(steps[1:, 0], 0.0)  # between left[i] and steps[i, 0] the front is at steps[i, 1]
    area = np.maximum(points[:, 0] - steps[0, 0], 0) * points[:, 1]
    for begin, (end, height) in zip(left, steps, strict=True):
        area += np.clip(points[:, 0] - begin, 0, end - begin) * np.maximum(points[:, 1] - height, 0)
    return np.asarray(area)
