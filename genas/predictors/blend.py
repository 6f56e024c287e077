"""A stacked predictor for few measured architectures: a Gaussian process, extra-trees and further predictors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve
from scipy.optimize import minimize, nnls
from scipy.stats import kendalltau

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.encodings.paths import ArchFeatures
from genas.encodings.random_walks import FlowFeatures
from genas.encodings.reach import ReachFeatures
from genas.predictors.conformal import Calibration, calibrate
from genas.predictors.gaussian_process import _misfit as misfit
from genas.predictors.gaussian_process import quantiles

Floats = npt.NDArray[np.float64]
_NOISE = 0.05  # initial noise variance, as a fraction of the total
_TRUST = 6.0  # the initial stacking weights count as this many examples
_MOST = 400  # maximum number of examples to fit the kernel weights on
_SCALES = {  # squared length scales in units of the variance among the examples
    "places": (0.8,), "paths": (1.0, 3.0), "reach": (1.0, 3.0, 10.0), "side": (1.5, 5.0, 15.0), "both": (3.0, 10.0),
    "flow": (1.0, 3.0, 10.0), "embedding": (1.0, 3.0, 10.0),
}  # fmt: skip


class Views(NamedTuple):
    """Features of B architectures that need no training.

    Args:
        places: [B, P] labels and open edges by position, one-hot.
        paths: [B, F] counts of label paths.
        reach: [B, R] features that are invariant to the order of nodes, including `flow`.
        flow: [B, W] features of walks between input and output. W is 0 in spaces without open edges, because these
            features made predictions on NAS-Bench-201 worse.
        side: [B, S] cheap scores as normal quantiles, 0 if unknown; S may be 0.
        embedding: [B, E] of a graph network; E may be 0.
        prior: [B, K] predictions of predictors fitted on other tasks, roughly standard normal; K may be 0.
    """

    places: Floats
    paths: Floats
    reach: Floats
    flow: Floats
    side: Floats
    embedding: Floats
    prior: Floats

    def rows(self, chosen: npt.NDArray[np.intp] | slice) -> Views:
        """The features of the chosen architectures."""
        return Views(*(part[chosen] for part in self))

    def columns(self) -> npt.NDArray[np.float32]:
        """The features for trees, concatenated: paths, reach, side and prior."""
        return np.concatenate([self.paths, self.reach, self.side, self.prior], axis=1).astype(np.float32)


def views(
    space: SearchSpace,
    archs: Sequence[Architecture],
    *,
    side: npt.ArrayLike | None = None,
    embedding: npt.ArrayLike | None = None,
    prior: npt.ArrayLike | None = None,
) -> Views:
    """The features of B architectures.

    Args:
        space: the search space.
        archs: B of them.
        side: [B, S] as in `Views`; None has no columns, and so for the others.
        embedding: [B, E].
        prior: [B, K].
    """
    paths, wired = ArchFeatures(space), any(space.frame(size).open_edges for size in space.sizes())
    flow = FlowFeatures(space).features(archs) if wired else np.zeros((len(archs), 0))
    features, cut = paths.features(archs), paths.groups["paths"].start
    reach = np.concatenate([ReachFeatures(space).features(archs), flow], axis=1)
    optional = [np.zeros((len(archs), 0)) if x is None else x for x in (side, embedding, prior)]
    parts = (features[:, :cut], features[:, cut:], reach, flow, *optional)
    return Views(*(np.asarray(part, dtype=np.float64) for part in parts))


class _Scaler:
    """Standardises every column by its mean and deviation among the examples; takes logarithms of path counts."""

    def __init__(self, views: Views) -> None:
        self._stats = {}
        for name in ("reach", "flow", "embedding", "prior"):
            part = getattr(views, name)
            self._stats[name] = part.mean(0), np.where(part.std(0) > 1e-9, part.std(0), np.inf)

    def __call__(self, views: Views) -> Views:
        scaled = {name: (getattr(views, name) - mean) / std for name, (mean, std) in self._stats.items()}
        return views._replace(paths=np.log1p(views.paths), **scaled)


class _Process:
    """A Gaussian process whose kernel is a weighted sum of squared exponentials, one per view and length scale.

    Several length scales per view approximate a rational quadratic kernel. The view "both" joins reach and side; the
    kernel of the prior is linear. Weights and noise are maximum a posteriori estimates on at most `_MOST` examples.
    """

    def __init__(self, views: Views, values: Floats) -> None:
        self._scaler, self._seen = _Scaler(views), views
        self._seen = self._scaler(views)
        self._parts = self._useful()
        few = slice(0, _MOST)
        kernels = np.stack([*self._kernels(self._seen.rows(few), few)])  # [k, n, n]
        bounds = [(-6.0, 4.0)] * len(kernels) + [(-7.0, 1.0)]
        first = np.log([1.0] * len(kernels) + [_NOISE])
        args = (kernels, values[few])
        best = minimize(misfit, first, args, "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 30})
        *weights, self._noise = np.exp(best.x)
        self._weights = np.array(weights)
        inner = self._cross(self._seen) + (self._noise + 1e-8) * np.eye(len(values))
        self._inverse = cho_solve((np.linalg.cholesky(inner), True), np.eye(len(values)))
        self._solved = self._inverse @ values
        self.left_out = values - self._solved / np.diag(self._inverse)  # Rasmussen & Williams 2006, eq. 5.12
        self.left_out_spread = 1 / np.sqrt(np.diag(self._inverse))

    def predict(self, views: Views) -> tuple[Floats, Floats]:
        views = self._scaler(views)
        cross = self._cross(views)  # [B, n]
        own = np.full(len(cross), self._weights[: len(self._weights) - views.prior.shape[1]].sum())
        own += (views.prior**2) @ self._weights[len(self._weights) - views.prior.shape[1] :]
        variance = own - ((cross @ self._inverse) * cross).sum(1)
        return cross @ self._solved, np.sqrt(np.maximum(variance, 0) + self._noise)

    def _view(self, views: Views, name: str) -> Floats:
        if name != "both":
            return getattr(views, name)  # type: ignore[no-any-return]
        widths = np.sqrt(views.reach.shape[1]), np.sqrt(max(1, views.side.shape[1]))
        return np.concatenate([views.reach / widths[0], views.side / widths[1]], axis=1)

    def _useful(self) -> list[tuple[str, float]]:
        """The views that vary among the examples, with their variance."""
        names = [name for name in _SCALES if name != "both" or self._seen.side.shape[1]]
        variances = [(name, float(self._view(self._seen, name).var(0).sum())) for name in names]
        return [(name, variance) for name, variance in variances if variance > 1e-9]

    def _cross(self, views: Views) -> Floats:
        kernels = zip(self._weights, self._kernels(views, slice(None)), strict=True)
        total = np.zeros((len(views.reach), len(self._seen.reach)))
        for weight, kernel in kernels:
            total += weight * kernel
        return total

    def _kernels(self, views: Views, seen: slice) -> Iterator[Floats]:
        for name, variance in self._parts:
            new, old = self._view(views, name), self._view(self._seen.rows(seen), name)
            squared = (new**2).sum(1)[:, None] + (old**2).sum(1) - 2 * new @ old.T
            distance = np.maximum(squared, 0) / variance  # 2 on average
            yield from (np.exp(-distance / scale) for scale in _SCALES[name])
        for new, old in zip(views.prior.T, self._seen.prior[seen].T, strict=True):
            yield np.outer(new, old)


class Blend:
    """Predicts standings (normal quantiles of ranks) with a spread from few measured architectures, in about a second.

    A stack of a Gaussian process, extra-trees, priors and further predictors. The stacking weights are those that best
    predict each example from the others (leave-one-out for the process, out-of-bag for the trees), regularised towards
    initial weights: equal weights of the priors if there are any, else of process and trees. So a few examples leave a
    prior as it is, and many overrule it. The spread is that of the process, calibrated on the left-out examples.

    Source: stacking of Breiman, "Stacked regressions" (1996), with non-negative weights; here the initial weights count
    as `_TRUST` examples. Spread: see `genas.predictors.conformal.calibrate`.

    Args:
        seed: seed of the trees.
        trees: number of trees.
    """

    def __init__(self, seed: int = 0, trees: int = 100) -> None:
        self._seed, self._count = seed, trees
        self._process: _Process | None = None
        self._trees: Any = None
        self._scaler: _Scaler | None = None
        self.shares: Floats = np.zeros(0)  # stacking weights of process, trees, priors, guesses
        self.left_out: Floats = np.zeros(0)  # [n] each example as predicted from the others
        self.left_out_spread: Floats = np.zeros(0)  # [n] spread of these predictions
        self.calibration: Calibration | None = None

    def fit(self, views: Views, values: npt.ArrayLike, guesses: Floats | None = None) -> None:
        """Fit to measured architectures.

        Args:
            views: features of n architectures.
            values: [n] measured values; larger is better, only the order counts.
            guesses: [n, G] held-out predictions of further predictors.
        """
        from sklearn.ensemble import ExtraTreesRegressor

        targets = quantiles(values)
        order = np.random.default_rng(self._seed).permutation(len(targets))  # kernel weights use the first ones only
        self._process, self._scaler = _Process(views.rows(order), targets[order]), _Scaler(views)
        back = np.argsort(order)
        self._trees = ExtraTreesRegressor(
            self._count, bootstrap=True, oob_score=True, random_state=self._seed % 2**32, max_features=0.5
        )
        self._trees.fit(views.columns(), targets)
        members = [self._process.left_out[back], np.nan_to_num(self._trees.oob_prediction_)]
        members += [*self._scaler(views).prior.T, *(() if guesses is None else guesses.T)]
        self.shares = _stacking_weights(np.stack(members, 1), targets, views.prior.shape[1])
        self.left_out = np.stack(members, 1) @ self.shares
        self.left_out_spread = self._process.left_out_spread[back]
        self.calibration = calibrate(self.left_out, self.left_out_spread, targets)

    def predict(self, views: Views, guesses: Floats | None = None) -> tuple[Floats, Floats]:
        """Mean [B] and spread [B]; mean +- spread x `calibration.factor` covers 90 %. Call `fit` first.

        Args:
            views: features of B architectures.
            guesses: [B, G] predictions of the same further predictors as in `fit`.
        """
        if self._process is None or self._scaler is None:
            raise RuntimeError("Blend.predict before fit")
        mean, spread = self._process.predict(views)
        members = [mean, self._trees.predict(views.columns()), *self._scaler(views).prior.T]
        members += () if guesses is None else [*guesses.T]
        return np.stack(members, 1) @ self.shares, spread

    def standings(self, views: Views, guesses: Floats | None = None) -> tuple[Floats, Floats]:
        """Mean [B] and conformal standard deviation [B]; arguments as for `predict`."""
        mean, spread = self.predict(views, guesses)
        if self.calibration is None:
            raise RuntimeError("Blend.standings before fit")
        return mean, self.calibration.std(spread)


def _stacking_weights(predicted: Floats, targets: Floats, priors: int) -> Floats:
    """The weight of each member [members]: process, trees, priors, others.

    A prior alone is kept unless the blend ranks the left-out examples clearly better: Kendall's tau by 1 / n.

    Args:
        predicted: [n, members] left-out predictions.
        targets: [n].
        priors: number of priors among the members.
    """
    first = np.zeros(predicted.shape[1])
    first[slice(2, 2 + priors) if priors else slice(0, 2)] = 1 / (priors or 2)
    pull = np.sqrt(_TRUST) * np.eye(len(first))
    weights: Floats = nnls(np.concatenate([predicted, pull]), np.concatenate([targets, pull @ first]))[0]
    blended = _tau(predicted @ weights, targets)
    for column in range(2, 2 + priors):
        if _tau(alone := predicted[:, column], targets) >= blended - 1 / len(targets):
            slope = (alone @ targets + _TRUST) / (alone @ alone + _TRUST)
            weights = max(slope, 0.1) * np.eye(len(first))[column]
    return weights


def _tau(predicted: Floats, targets: Floats) -> float:
    """Kendall's tau; 0 if all predictions or all targets are equal."""
    return float(np.nan_to_num(kendalltau(predicted, targets).statistic))
