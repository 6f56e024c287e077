"""Predicted rank among architectures of the space, by a graph neural network with an uncertainty."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core import assets
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace
from genas.core.records import Architecture, Measurement, Trial
from genas.core.rng import seed_of

if TYPE_CHECKING:
    from genas.nn.gnn import GraphPredictor


class GnnScorer(Scorer):
    """Scores from 0 (worst) to 1 (best), the expected rank quantile; `std` is the spread of the ensemble.

    With 8 or more trials that have the task's accuracy, `fit` adapts the shipped predictor to their order.

    Source: see `genas.nn.gnn.GraphPredictor`.

    Args:
        space: whose architectures it scores.
        device: where the predictor runs.
        seed: of the adaptation.
        model: name of a folder in models/ or a path; None is gnn-<space>.
        learn: the metric whose order `fit` learns.
        steps: gradient steps of the adaptation at most; it takes two per trial.
    """

    metric = "gnn"
    cost = 0.001
    fits = True

    def __init__(
        self,
        space: SearchSpace,
        device: str = "cpu",
        seed: int = 0,
        *,
        model: str | None = None,
        learn: str = "accuracy",
        steps: int = 80,
    ) -> None:
        self.space, self.device, self.seed = space, device, seed
        self.folder = model or f"gnn-{space.name}"
        self.learn, self.steps = learn, steps
        self._model: GraphPredictor | None = None

    def _load(self) -> GraphPredictor:
        from genas.nn.gnn import GraphPredictor

        make = f"genas fit gnn {self.space.name} LEDGER_OR_TABLE..."
        path = Path(self.folder) if Path(self.folder).is_dir() else assets.model(self.folder, make=make)
        return GraphPredictor.load(path, self.device)

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The predicted rank quantile."""
        result = self.score_all([arch], fidelity=fidelity, seed=seed)[0]
        if isinstance(result, ScoreFailed):
            raise result
        return result

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The predicted rank quantile of each, in one batch."""
        if not archs:
            return []
        self._model = self._model or self._load()
        began = time.perf_counter()
        means, spreads = self._model.predict(archs, self.device)
        seconds = (time.perf_counter() - began) / len(archs)
        return [
            Measurement(self.metric, float(m), seconds, fidelity, seed, float(s))
            for m, s in zip(means, spreads, strict=True)
        ]

    def fit(self, trials: Sequence[Trial]) -> None:
        """Adapt the shipped predictor to the order of all these trials; fewer than 8 change nothing."""
        import torch
        from scipy.stats import rankdata

        from genas.nn.gnn import adapt, collate

        pairs = [(t.candidate.arch, t.value(self.learn)) for t in trials if t.failure is None]
        known = [(arch, value) for arch, value in pairs if value is not None]
        if len(known) < 8:
            return
        model = self._load()
        quantiles = (rankdata([value for _, value in known]) - 0.5) / len(known)
        graphs = collate([arch for arch, _ in known], model.ops, self.device)
        targets = torch.tensor(quantiles, dtype=torch.float32, device=self.device)
        trust = min(1.0, len(known) / 100)  # few trials say little: with full steps 8 of them made ranks worse
        seed, steps = seed_of(self.seed, "gnn", len(known)), min(self.steps, 2 * len(known))
        adapt(model, graphs, targets, steps=steps, seed=seed, rate=1e-3 * trust)
        self._model = model
