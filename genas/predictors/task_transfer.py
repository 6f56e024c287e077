"""Predicts the ranking on a new task from measurements on other tasks, with calibrated uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from genas.predictors.blend import Blend, Floats, Views
from genas.predictors.conformal import Calibration, calibrate
from genas.predictors.gaussian_process import quantiles


class KnownTask(NamedTuple):
    """The measured architectures of one task.

    Args:
        keys: keys of the n architectures.
        views: their features.
        merits: [n] measured values; larger is better, only the order counts.
    """

    keys: Sequence[str]
    views: Views
    merits: Floats


class KnownTasks:
    """Predicts standings (normal quantiles of ranks) on a task without measurements, as the mean over known tasks.

    With two or more known tasks, the spread is calibrated so that 90 % of the examples of each task lie within the
    interval that the other tasks predict. (An architecture that both tasks measured is left out of the other task's
    fit.) So the spread covers disagreement between tasks as far as the known ones disagree; there is no guarantee for a
    task less similar to them. With one known task, the spread is the one on that task, and disagreement is not covered.

    Source: leave-one-out calibration over groups, similar to a method of Dunn et al., "Distribution-free prediction
    sets for two-layer hierarchical models" (2023), which pools groups; here with spreads, and without a guarantee,
    because there are few groups.

    Args:
        tasks: at least one, each with ten examples or more.
        seed: seed of the trees.
        trees: number of trees in each task's blend.
    """

    def __init__(self, tasks: Sequence[KnownTask], seed: int = 0, trees: int = 100) -> None:
        self._blends = [Blend(seed, trees) for _ in tasks]
        for blend, task in zip(self._blends, tasks, strict=True):
            blend.fit(task.views, task.merits)
        self._rows = [{key: row for row, key in enumerate(task.keys)} for task in tasks]
        self.calibration = self._calibrated(tasks)

    def _calibrated(self, tasks: Sequence[KnownTask]) -> Calibration:
        if len(tasks) == 1:
            (blend,), (task,) = self._blends, tasks
            return calibrate(blend.left_out, blend.left_out_spread, quantiles(task.merits))
        predictions = []
        for number, task in enumerate(tasks):
            by_others = [self._left_out(other, task) for other in range(len(tasks)) if other != number]
            predictions.append(np.stack([*np.mean(by_others, axis=0), quantiles(task.merits)]))
        return calibrate(*np.concatenate(predictions, axis=1))

    def _left_out(self, number: int, task: KnownTask) -> tuple[Floats, Floats]:
        """Mean [n] and spread [n] of a task's examples by the blend of another task (index `number`).

        An architecture that this blend was fitted on is predicted without it (leave-one-out).
        """
        mean, spread = self._blends[number].predict(task.views)
        for row, key in enumerate(task.keys):
            if (own := self._rows[number].get(key)) is not None:
                mean[row] = self._blends[number].left_out[own]
                spread[row] = self._blends[number].left_out_spread[own]
        return mean, spread

    def standings(self, views: Views) -> tuple[Floats, Floats]:
        """Mean [B] and standard deviation [B] of the standings on a new task."""
        mean, spread = np.mean([blend.predict(views) for blend in self._blends], axis=0)
        return mean, self.calibration.std(spread)
