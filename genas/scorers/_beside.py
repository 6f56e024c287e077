"""Cheap figures that a fitted predictor reads beside the graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from genas.core import registry
from genas.core.context import Context
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture
from genas.probes.probes import Probes


class Beside:
    """What scorers say of architectures, as normal quantiles among those that `fit` was given; 0 where one fails.

    Args:
        space: builds the networks.
        task: gives the training examples.
        names: of scorers that need no fitting, such as params, flops, synflow.
        device: where the networks run.
        seed: of the run.

    Raises:
        RequestError: one of them has to be fitted.
    """

    def __init__(self, space: SearchSpace, task: Task, names: Sequence[str], device: str, seed: int) -> None:
        if wrong := [name for name in names if registry.load("scorers", name).fits]:
            raise RequestError(f"gnn: {wrong[0]} has to be fitted itself; name others beside, such as params,synflow.")
        context = Context(space, task, device=device, seed=seed, probes=Probes(space, task, device))
        self._scorers: list[Scorer] = [registry.create("scorers", name, context) for name in names]
        self._known: dict[str, npt.NDArray[np.float64]] = {}  # by key; nan where a scorer failed
        self._sorted: list[npt.NDArray[np.float64]] = []

    def fit(self, archs: Sequence[Architecture]) -> None:
        """From now on quantiles are among these."""
        columns = self._figures(archs).T
        self._sorted = [np.sort(column[~np.isnan(column)]) for column in columns]

    def __call__(self, archs: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """One column for each scorer; `fit` comes first.  # [B, S]"""
        columns = np.zeros((len(archs), len(self._sorted)))
        for place, (column, known) in enumerate(zip(self._figures(archs).T, self._sorted, strict=True)):
            if len(known):
                below = (np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")) / 2
                share = np.clip(below / len(known), 0.5 / len(known), 1 - 0.5 / len(known))
                columns[:, place] = np.where(np.isnan(column), 0.0, norm.ppf(share))
        return columns

    def _figures(self, archs: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        fresh = list({arch.key: arch for arch in archs if arch.key not in self._known}.values())
        if fresh:
            columns = [scorer.score_all(fresh) for scorer in self._scorers]
            for row, arch in enumerate(fresh):
                values = [column[row] for column in columns]
                self._known[arch.key] = np.array([np.nan if isinstance(v, ScoreFailed) else v.value for v in values])
        return np.stack([self._known[arch.key] for arch in archs])
