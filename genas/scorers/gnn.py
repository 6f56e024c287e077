"""Predicted rank among architectures of the space, by a graph neural network with an uncertainty."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core import assets
from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Measurement, Trial
from genas.core.rng import seed_of
from genas.scorers._batch import BatchScorer

if TYPE_CHECKING:
    from genas.nn.blend import Blend, Floats, Views
    from genas.nn.gnn import GraphPredictor


class GnnScorer(BatchScorer):
    """Scores from 0 (worst) to 1 (best), the predicted rank quantile; `std` is its standard deviation.

    Before `fit`, quantiles are among all architectures of the space. With 10 or more trials that have the task's
    accuracy, `fit` makes them quantiles among these trials: it blends what the shipped predictor says with a Gaussian
    process and trees, which read the predictor's embedding and features of paths, by how well each predicts trials it
    has not seen (`genas.nn.blend`). Standard deviations are conformal in both cases: nine tenths of the left-out
    examples lie within 1.645 of them. Trials that a search chose are no sample of what it will choose next, so that
    this share is not promised there.

    Source: see `genas.nn.gnn.GraphPredictor` and `genas.nn.blend.Blend`.

    Args:
        space: whose architectures it scores.
        device: where the predictor runs.
        seed: of the adaptation.
        model: name of a folder in models/ or a path; None is gnn-<space>.
        learn: the metric whose order `fit` learns.
        trees: how many share the blend.
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
        trees: int = 100,
    ) -> None:
        self.space, self.device, self.seed = space, device, seed
        self.folder = model or f"gnn-{space.name}"
        self.learn, self.trees = learn, trees
        self._model: GraphPredictor | None = None
        self._blend: Blend | None = None

    def _loaded(self) -> GraphPredictor:
        if self._model is None:
            from genas.nn.gnn import GraphPredictor

            make = f"genas fit gnn {self.space.name} LEDGER_OR_TABLE..."
            path = Path(self.folder) if Path(self.folder).is_dir() else assets.model(self.folder, make=make)
            self._model = GraphPredictor.load(path, self.device)
        return self._model

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The predicted rank quantile of each, in one batch."""
        if not archs:
            return []
        model = self._loaded()
        began = time.perf_counter()
        if self._blend is None:
            means, spreads = (part.double().numpy() for part in model.predict(archs, self.device))
        else:
            means, spreads = _quantiles(*self._blend.standings(self._views(archs)))
        seconds = (time.perf_counter() - began) / len(archs)
        return [
            Measurement(self.metric, float(m), seconds, fidelity, seed, float(s))
            for m, s in zip(means, spreads, strict=True)
        ]

    def fit(self, trials: Sequence[Trial]) -> None:
        """Blend anew for the order of all these trials; fewer than 10, or all of one value, change nothing."""
        from genas.nn.blend import Blend

        pairs = [(t.candidate.arch, t.value(self.learn)) for t in trials if t.failure is None]
        known = [(arch, value) for arch, value in pairs if value is not None]
        if len(known) < 10 or len({value for _, value in known}) == 1:
            return
        blend = Blend(seed_of(self.seed, "gnn", len(known)), self.trees)
        blend.fit(self._views([arch for arch, _ in known]), [value for _, value in known])
        self._blend = blend

    def _views(self, archs: Sequence[Architecture]) -> Views:
        import numpy as np
        from scipy.stats import norm

        from genas.nn.blend import views

        model = self._loaded()
        quantiles = model.predict(archs, self.device)[0].double().numpy()
        prior = norm.ppf(np.clip(quantiles, 1e-6, 1 - 1e-6))
        return views(self.space, archs, embedding=model.embed(archs, self.device), prior=prior[:, np.newaxis])


def _quantiles(mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """Median and standard deviation of the rank quantile of normally distributed standings; both [B]."""
    import numpy as np
    from scipy.stats import norm

    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    found = norm.cdf(mean[:, None] + std[:, None] * nodes)  # [B, nodes]
    first, second = (found**power @ weights / weights.sum() for power in (1, 2))
    return norm.cdf(mean), np.sqrt(np.maximum(second - first**2, 0))
