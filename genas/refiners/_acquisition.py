"""How much a point would add to the best, or to a front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import norm

from genas.nn.surrogate import Floats, quantiles

_RHO = 0.05  # weight of the sum beside the worst objective
_MARGIN = 0.1  # of the span, between the worst point and the reference: the ends of the front are wanted too
_NODES = 5  # of the quadrature
Curve = Callable[[float], Floats]  # the values of all points, so many standard deviations above the expected  # [N]


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """How much more than `best` is expected, less counting as nothing, of normal values with this mean and spread."""
    z = (mean - best) / spread
    found: Floats = (mean - best) * norm.cdf(z) + spread * norm.pdf(z)
    return found


def fixed(values: Floats) -> Curve:
    """Of points whose values are known."""
    return lambda _: values


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

    def curve(z: float) -> Floats:
        at = mean + z * spread
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

    def place(z: float) -> Floats:
        return np.stack([curve(z) for curve in curves], 1)  # [N, objectives]

    low = np.minimum(place(0).min(0), reached.min(0))
    span = np.maximum(np.maximum(place(0).max(0), reached.max(0)) - low, 1e-12)
    if len(curves) == 2:
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        there = (reached - low) / span + _MARGIN
        areas = [_added_area((place(z) - low) / span + _MARGIN, there) for z in nodes]
        return np.tensordot(weights / weights.sum(), np.stack(areas), 1)
    here, toward = (place(0.5) - low) / span, generator.dirichlet(np.ones(len(curves)))
    return ((here - 1) * toward).min(1) + _RHO * (here * toward).sum(1)  # type: ignore[no-any-return]


def _added_area(points: Floats, reached: Floats) -> Floats:
    """Exact area above 0 that each point dominates and no reached one does."""
    order = reached[np.lexsort((-reached[:, 1], -reached[:, 0]))]
    stairs = [order[0]]
    for point in order[1:]:
        if point[1] > stairs[-1][1]:
            stairs.append(point)
    steps = np.array(stairs)  # x falls, y rises
    left = np.append(steps[1:, 0], 0.0)  # between left[i] and steps[i, 0] the front is at steps[i, 1]
    points = np.maximum(points, 0.0)
    area = np.maximum(points[:, 0] - steps[0, 0], 0) * points[:, 1]
    for begin, (end, height) in zip(left, steps, strict=True):
        area += np.clip(points[:, 0] - begin, 0, end - begin) * np.maximum(points[:, 1] - height, 0)
    return area  # type: ignore[no-any-return]
