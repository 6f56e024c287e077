"""Comparing trials: dominance over objectives, and ranks over metrics of different scales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from genas.core.records import Constraint, Objective, Trial


def losses(trial: Trial, objectives: Sequence[Objective]) -> tuple[float, ...] | None:
    """The objectives' values with the sign turned so that less is better; None where one was not measured."""
    values = [trial.value(o.metric) for o in objectives]
    if any(v is None for v in values):
        return None
    return tuple(-v if o.goal == "max" else v for v, o in zip(values, objectives, strict=True) if v is not None)


def front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """The measured, unfailed trials that no other dominates, best leading objective first, one per architecture."""
    points: dict[str, tuple[tuple[float, ...], Trial]] = {}
    for trial in trials:
        point = losses(trial, objectives)
        if point is not None and trial.failure is None:
            points[trial.candidate.key] = (point, trial)
    pairs = list(points.values())
    kept = ~dominance(np.array([point for point, _ in pairs]).reshape(len(pairs), len(objectives))).any(0)
    return [trial for _, trial in sorted((pairs[i] for i in np.flatnonzero(kept)), key=lambda pair: pair[0])]


def dominance(points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether row i of `points` [n, m] is nowhere worse than row j and somewhere better; less is better.  # [n, n]"""
    not_worse: npt.NDArray[np.bool_] = np.all(points[:, None] <= points[None], axis=2)
    return not_worse & ~not_worse.T


def front_of(points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The rows that no other dominates, each once, sorted by the first column; less is better.  # [n, m] -> [f, m]"""
    rows = np.asarray(points, dtype=float)
    kept = np.empty((0, rows.shape[1]))
    for row in rows[np.lexsort(rows.T[::-1])]:  # what comes later dominates nothing before
        if not np.all(kept <= row, axis=1).any():
            kept = np.vstack([kept, row])
    return kept


def hypervolume(points: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """The volume between the points and the reference: what lies there is dominated by one of them; less is better.

    Args:
        points: [n, m]; one that is not better than the reference in every column adds nothing.
        reference: [m].
    """
    corner = np.asarray(reference, dtype=float)
    rows = np.asarray(points, dtype=float).reshape(-1, len(corner))
    best = front_of(rows[np.all(rows < corner, axis=1)])
    if not len(best):
        return 0.0
    widths = np.append(best[1:, 0], corner[0]) - best[:, 0]
    if len(corner) == 1:
        return float(corner[0] - best[0, 0])
    if len(corner) == 2:
        return float((widths * (corner[1] - best[:, 1])).sum())
    return float(sum(w * hypervolume(best[: n + 1, 1:], corner[1:]) for n, w in enumerate(widths)))


def broken(trial: Trial, constraints: Sequence[Constraint]) -> list[str]:
    """Which limits the trial breaks, in words; a limit on what is not measured yet is not broken."""
    sentences = []
    for constraint in constraints:
        value = trial.value(constraint.metric)
        if value is not None and not constraint.holds(value):
            sentences.append(f"{constraint.metric} {value:g} breaks {constraint}")
    return sentences


def log_rank_sum(columns: Sequence[npt.ArrayLike]) -> npt.NDArray[np.float64]:
    """One worth per row from several scores, larger being better in all: the sum of log(rank / n), the best of n rows
    having rank n. Being bad in one score weighs much; equals share their mean rank.

    Source: the aggregates of AZ-NAS (Lee & Ham, CVPR 2024, eq. 9) and VKDNW (Tybl & Neumann, CVPR 2025).

    Args:
        columns: [proxies, n], minus infinity for what could not be scored.
    """
    if not len(columns):
        raise ValueError("log_rank_sum needs at least one column")
    from scipy.stats import rankdata

    ranks = [rankdata(np.asarray(column, dtype=float)) for column in columns]
    return np.sum([np.log(rank / len(rank)) for rank in ranks], axis=0)  # type: ignore[no-any-return]
