"""How much a point would add to the best, or to a front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from genas.predictors.gaussian_process import Floats, quantiles

_RHO = 0.05  # weight of the sum beside the worst objective
_MARGIN = 0.1  # of the span, between the worst point and the reference: the ends of the front are wanted too
_NODES = 5  # of the quadrature
Rows = npt.NDArray[np.intp] | slice
Curve = Callable[[float, Rows], Floats]  # the values of some points, so many standard deviations above the expected
_ALL = slice(None)


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """How much more than `best` is expected, less counting as nothing, of normal values with this mean and spread."""
    z = (mean - best) / spread
    found: Floats = (mean - best) * norm.cdf(z) + spread * norm.pdf(z)
    return found


def fixed(values: Floats) -> Curve:
    """Of points whose values are known."""
    return lambda _, rows: values[rows]


def warped(mean: Floats, spread: Floats, measured: Floats) -> Curve:
    """Of points predicted as normal quantiles of the ranks of `measured`, in the unit of `measured`.

    Source: a warped Gaussian process (Snelson et al. 2003), here with the empirical quantiles as the warping: linear
    between measured values, and beyond them with the mean slope of the outermost tenth.
    """
    places, values = np.unique(quantiles(measured)), np.unique(measured)
    few = max(1, len(values) // 10)
    slopes = np.ones(2)  # equal values tell no scale
    if len(values) > 1:
        slopes = (values[[few, -1]] - values[[0, -1 - few]]) / (places[[few, -1]] - places[[0, -1 - few]])

    def curve(z: float, rows: Rows) -> Floats:
        at = mean[rows] + z * spread[rows]
        beyond = slopes[0] * np.minimum(at - places[0], 0) + slopes[1] * np.maximum(at - places[-1], 0)
        return np.asarray(np.interp(at, places, values) + beyond)

    return curve


def improvement(curves: Sequence[Curve], reached: Floats, generator: np.random.Generator) -> Floats:
    """The worth of each point beside what is measured or awaited; larger values are better in every objective.

    Source: for two objectives the expected hypervolume improvement (Emmerich et al. 2006), here by Gauss-Hermite
    quadrature along one normal variable that moves all uncertain objectives together; for more ParEGO's augmented
    Chebyshev value (Knowles 2006, eq. 2) of the optimistic point under weights drawn uniformly from the simplex.

    Args:
        curves: of each objective, for N points.
        reached: [n, objectives] measured or believed values.
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
        hopeful = np.flatnonzero(_above(best, steps))  # the others add nothing even at the highest node
        areas = [_added_area(np.maximum(place(z, hopeful) + _MARGIN, 0.0), steps) for z in nodes]
        found = np.zeros(len(best))
        found[hopeful] = weights / weights.sum() @ np.stack(areas)
        return found
    here, toward = place(0.5), generator.dirichlet(np.ones(len(curves)))
    return ((here - 1) * toward).min(1) + _RHO * (here * toward).sum(1)  # type: ignore[no-any-return]


def _stairs(reached: Floats) -> Floats:
    """The front of the reached points: x falls, y rises.  # [F, 2]"""
    order = reached[np.lexsort((-reached[:, 1], -reached[:, 0]))]
    higher = order[1:, 1] > np.maximum.accumulate(order[:, 1])[:-1]
    return np.asarray(order[np.append(True, higher)])


def _above(points: Floats, steps: Floats) -> npt.NDArray[np.bool_]:
    """Whether no step is at least as good as the point in both values."""
    beside = np.searchsorted(-steps[:, 0], -points[:, 0], side="right") - 1  # the highest step not left of the point
    return np.asarray((beside < 0) | (points[:, 1] > steps[np.maximum(beside, 0), 1]))


def _added_area(points: Floats, steps: Floats) -> Floats:
    """Exact area above 0 that each point dominates and no step does."""
    left = np.append(steps[1:, 0], 0.0)  # between left[i] and steps[i, 0] the front is at steps[i, 1]
    area = np.maximum(points[:, 0] - steps[0, 0], 0) * points[:, 1]
    for begin, (end, height) in zip(left, steps, strict=True):
        area += np.clip(points[:, 0] - begin, 0, end - begin) * np.maximum(points[:, 1] - height, 0)
    return np.asarray(area)
