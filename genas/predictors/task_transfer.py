"""What measurements on other tasks say of architectures, with a spread that held from each of these to the others."""

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
        keys: of the architectures.
        views: of the same.
        merits: [n] what was measured; larger is better, only the order counts.
    """

    keys: Sequence[str]
    views: Views
    merits: Floats


class KnownTasks:
    """Predicts standings (normal quantiles of ranks) on a task without measurements: the mean over the known tasks.

    With two known tasks or more, the spread is made so wide that nine tenths of the examples of each task lie within
    what the others say of them (an architecture that both measured is predicted from the rest). So it holds how much
    tasks disagree as far as the known ones do; of a task that is less like them nothing is promised. With one, nothing
    is known of that and the spread is the one on that task.

    Source: leave-one-out calibration over groups, as one of the methods of Dunn et al., "Distribution-free prediction
    sets for two-layer hierarchical models" (2023) pools groups; here with spreads, and without a guarantee, since the
    groups are few.

    Args:
        tasks: at least one, with ten examples or more each.
        seed: of the trees.
        trees: of each task's blend.
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
        found = []
        for number, task in enumerate(tasks):
            said = [self._unseen(other, task) for other in range(len(tasks)) if other != number]
            found.append(np.stack([*np.mean(said, axis=0), quantiles(task.merits)]))
        return calibrate(*np.concatenate(found, axis=1))

    def _unseen(self, number: int, task: KnownTask) -> tuple[Floats, Floats]:
        """Mean and spread of what one task says of another's examples, those it measured itself left out; [n] both."""
        mean, spread = self._blends[number].predict(task.views)
        for row, key in enumerate(task.keys):
            if (own := self._rows[number].get(key)) is not None:
                mean[row] = self._blends[number].left_out[own]
                spread[row] = self._blends[number].left_out_spread[own]
        return mean, spread

    def standings(self, views: Views) -> tuple[Floats, Floats]:
        """Mean and standard deviation on a new task, [B] each."""
        mean, spread = np.mean([blend.predict(views) for blend in self._blends], axis=0)
        return mean, self.calibration.std(spread)
