"""How much a point would add to the best, or to a front."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from genas.nn.surrogate import Floats

_RHO = 0.05  # weight of the sum beside the worst objective
_MARGIN = 0.1  # of the span, between the worst point and the reference: the ends of the front are wanted too


def expected_improvement(mean: Floats, spread: Floats, best: float) -> Floats:
    """How much more than `best` is expected, less counting as nothing, of normal values with this mean and spread."""
    z = (mean - best) / spread
    found: Floats = (mean - best) * norm.cdf(z) + spread * norm.pdf(z)
    return found


def improvement(mean: Floats, spread: Floats, reached: Floats, generator: np.random.Generator) -> Floats:
    """The worth of each point beside what is measured or awaited; larger values are better in every column.

    Source: for two objectives the expected hypervolume improvement (Emmerich et al. 2006), here by Gauss-Hermite
    quadrature along one normal variable that moves all uncertain objectives together; for more ParEGO's augmented
    Chebyshev value (Knowles 2006, eq. 2) of the optimistic point under weights drawn uniformly from the simplex.

    Args:
        mean: [N, m] predicted values, or exact ones.
        spread: [N, m] their standard deviations.
        reached: [n, m] measured or believed values.
    """
    low, high = np.minimum(mean.min(0), reached.min(0)), np.maximum(mean.max(0), reached.max(0))
    span = np.maximum(high - low, 1e-12)
    there = (reached - low) / span + _MARGIN
    if mean.shape[1] == 2:
        nodes, weights = np.polynomial.hermite_e.hermegauss(5)
        areas = [_added_area((mean + z * spread - low) / span + _MARGIN, there) for z in nodes]
        return np.tensordot(weights / weights.sum(), np.stack(areas), 1)
    here, toward = (mean + 0.5 * spread - low) / span, generator.dirichlet(np.ones(mean.shape[1]))
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
