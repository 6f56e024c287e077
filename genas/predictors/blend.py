"""Predicts from few measured architectures: a Gaussian process, extra-trees and other predictors, blended."""

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
_NOISE = 0.05  # expected share of the noise in the variance
_TRUST = 6.0  # examples that the first guess of the shares counts as
_MOST = 400  # examples that the kernels are weighed on
_SCALES = {  # squared length scales in units of the variance among the examples
    "places": (0.8,), "paths": (1.0, 3.0), "reach": (1.0, 3.0, 10.0), "side": (1.5, 5.0, 15.0), "both": (3.0, 10.0),
    "flow": (1.0, 3.0, 10.0), "embedding": (1.0, 3.0, 10.0),
}  # fmt: skip


class Views(NamedTuple):
    """What is known of B architectures without training them.

    Args:
        places: [B, P] labels by place and open edges, one-hot.
        paths: [B, F] counts of label paths.
        reach: [B, R] what no renumbering of nodes changes, flow included.
        flow: [B, W] what walks between input and output meet, in spaces with open edges; W is 0 in others, where it
            made NAS-Bench-201 worse.
        side: [B, S] cheap figures as normal quantiles, 0 where unknown; S may be 0.
        embedding: [B, E] of a graph network; E may be 0.
        prior: [B, K] what predictors fitted to other measurements say, about standard normal; K may be 0.
    """

    places: Floats
    paths: Floats
    reach: Floats
    flow: Floats
    side: Floats
    embedding: Floats
    prior: Floats

    def rows(self, chosen: npt.NDArray[np.intp] | slice) -> Views:
        """Some of the architectures."""
        return Views(*(part[chosen] for part in self))

    def columns(self) -> npt.NDArray[np.float32]:
        """All but the places side by side, for trees."""
        return np.concatenate([self.paths, self.reach, self.side, self.prior], axis=1).astype(np.float32)


def views(
    space: SearchSpace,
    archs: Sequence[Architecture],
    *,
    side: npt.ArrayLike | None = None,
    embedding: npt.ArrayLike | None = None,
    prior: npt.ArrayLike | None = None,
) -> Views:
    """The views of architectures; what is not given has no columns."""
    paths, wired = ArchFeatures(space), any(space.frame(size).open_edges for size in space.sizes())
    flow = FlowFeatures(space).features(archs) if wired else np.zeros((len(archs), 0))
    found, cut = paths.features(archs), paths.groups["paths"].start
    reach = np.concatenate([ReachFeatures(space).features(archs), flow], axis=1)
    given = [np.zeros((len(archs), 0)) if x is None else x for x in (side, embedding, prior)]
    parts = (found[:, :cut], found[:, cut:], reach, flow, *given)
    return Views(*(np.asarray(part, dtype=np.float64) for part in parts))


class _Scaler:
    """Makes every column about standard normal, as seen among the examples; paths become logarithms."""

    def __init__(self, views: Views) -> None:
        self._stats = {}
        for name in ("reach", "flow", "embedding", "prior"):
            part = getattr(views, name)
            self._stats[name] = part.mean(0), np.where(part.std(0) > 1e-9, part.std(0), np.inf)

    def __call__(self, views: Views) -> Views:
        scaled = {name: (getattr(views, name) - mean) / std for name, (mean, std) in self._stats.items()}
        return views._replace(paths=np.log1p(views.paths), **scaled)


class _Process:
    """A Gaussian process whose kernel is a weighted sum of squared exponentials of each view and of two together.

    Several length scales for each view stand for a rational quadratic; linear in the prior. Weights and noise by
    maximum a posteriori, on at most `_MOST` of the examples.
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
        found = minimize(misfit, first, args, "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 30})
        *weights, self._noise = np.exp(found.x)
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
        """The views that differ among the examples, with the variance there."""
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
            here, there = self._view(views, name), self._view(self._seen.rows(seen), name)
            squared = (here**2).sum(1)[:, None] + (there**2).sum(1) - 2 * here @ there.T
            distance = np.maximum(squared, 0) / variance  # 2 on average
            yield from (np.exp(-distance / scale) for scale in _SCALES[name])
        for here, there in zip(views.prior.T, self._seen.prior[seen].T, strict=True):
            yield np.outer(here, there)


class Blend:
    """Mean and spread of standings (normal quantiles of ranks) from few measured architectures, in a second or so.

    The shares of the Gaussian process, the trees, the priors and whatever else guessed are those that best predict each
    example from the others (leave-one-out for the process, out-of-bag for the trees), held near a first guess: the
    priors where there are any, else process and trees alike. So few examples leave a prior as it is, and many overrule
    it. The spread is the process's, made so wide that the left-out examples lie within as often as they should.

    Source: stacking of Breiman, "Stacked regressions" (1996), with non-negative shares; here with the first guess
    counted as `_TRUST` examples. Spread: see `genas.predictors.conformal.calibrate`.

    Args:
        seed: of the trees.
        trees: how many.
    """

    def __init__(self, seed: int = 0, trees: int = 100) -> None:
        self._seed, self._count = seed, trees
        self._process: _Process | None = None
        self._trees: Any = None
        self._scaler: _Scaler | None = None
        self.shares: Floats = np.zeros(0)  # of process, trees, priors, guesses
        self.left_out: Floats = np.zeros(0)  # [n] each example predicted from the others
        self.left_out_spread: Floats = np.zeros(0)  # [n] and how sure of it
        self.calibration: Calibration | None = None

    def fit(self, views: Views, values: npt.ArrayLike, guesses: Floats | None = None) -> None:
        """Learn from architectures with their measured values; larger is better, only the order counts.

        Args:
            guesses: [n, G] of further predictors, each example guessed by one that had not seen it.
        """
        from sklearn.ensemble import ExtraTreesRegressor

        wanted = quantiles(values)
        order = np.random.default_rng(self._seed).permutation(len(wanted))  # the kernels are weighed on the first
        self._process, self._scaler = _Process(views.rows(order), wanted[order]), _Scaler(views)
        back = np.argsort(order)
        self._trees = ExtraTreesRegressor(
            self._count, bootstrap=True, oob_score=True, random_state=self._seed % 2**32, max_features=0.5
        )
        self._trees.fit(views.columns(), wanted)
        members = [self._process.left_out[back], np.nan_to_num(self._trees.oob_prediction_)]
        members += [*self._scaler(views).prior.T, *(() if guesses is None else guesses.T)]
        self.shares = _shares(np.stack(members, 1), wanted, views.prior.shape[1])
        self.left_out = np.stack(members, 1) @ self.shares
        self.left_out_spread = self._process.left_out_spread[back]
        self.calibration = calibrate(self.left_out, self.left_out_spread, wanted)

    def predict(self, views: Views, guesses: Floats | None = None) -> tuple[Floats, Floats]:
        """Mean and spread, [B] each; the mean +- spread x the factor of `calibration` holds 90 %. `fit` comes first."""
        if self._process is None or self._scaler is None:
            raise RuntimeError("Blend.predict before fit")
        mean, spread = self._process.predict(views)
        members = [mean, self._trees.predict(views.columns()), *self._scaler(views).prior.T]
        members += () if guesses is None else [*guesses.T]
        return np.stack(members, 1) @ self.shares, spread

    def standings(self, views: Views, guesses: Floats | None = None) -> tuple[Floats, Floats]:
        """Mean and conformal standard deviation, [B] each."""
        mean, spread = self.predict(views, guesses)
        if self.calibration is None:
            raise RuntimeError("Blend.standings before fit")
        return mean, self.calibration.std(spread)


def _shares(known: Floats, wanted: Floats, priors: int) -> Floats:
    """What to take of each member, [members]: process, trees, priors, others; [n, members] against [n].

    A prior alone is kept unless the blend ranks the left-out examples clearly better: Kendall's tau by 1 / n.
    """
    first = np.zeros(known.shape[1])
    first[slice(2, 2 + priors) if priors else slice(0, 2)] = 1 / (priors or 2)
    pull = np.sqrt(_TRUST) * np.eye(len(first))
    shares: Floats = nnls(np.concatenate([known, pull]), np.concatenate([wanted, pull @ first]))[0]
    blended = _tau(known @ shares, wanted)
    for column in range(2, 2 + priors):
        if _tau(alone := known[:, column], wanted) >= blended - 1 / len(wanted):
            slope = (alone @ wanted + _TRUST) / (alone @ alone + _TRUST)
            shares = max(slope, 0.1) * np.eye(len(first))[column]
    return shares


def _tau(predicted: Floats, wanted: Floats) -> float:
    """Kendall's tau; what does not differ ranks nothing."""
    return float(np.nan_to_num(kendalltau(predicted, wanted).statistic))
