"""Expected latency as a sum over blocks: a table of milliseconds for each label at each place, fitted or measured."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag
from scipy.stats import spearmanr

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]
Labels = tuple[tuple[str, ...], ...]  # the labels that each place may have
LEAST = 0.99  # rank correlation on architectures that the table was not fitted on
_REACH = 2.0  # places over which a block's cost remains alike
_SEEN = 200  # architectures that choose the prior
_SHARED, _NEAR, _OWN = (0.0, 0.1, 1.0), (0.0, 0.3, 1.0), (0.03, 0.3)  # variances that are tried, relative to each other
_OF_WORDS, _BY = (0.0, 0.1), (0.0, 0.3)
_BESIDE = (0.0, 0.003, 0.03, 0.3, 3.0)  # variance of what known devices do not show, relative to what they do
_NOISE = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0)
_RIDGE = 1.0  # of the known devices' tables, in architectures


@dataclass(frozen=True)
class BlockTable:
    """What each label costs at each place, in ms beyond the cheapest one there.

    Args:
        labels: of each place; one label of each makes an architecture.
        ms: for each place, one figure for each of its labels, from 0 up.
        constant: ms of the cheapest architecture.
    """

    labels: Labels
    ms: tuple[Floats, ...]
    constant: float

    def of(self, choice: Sequence[str]) -> float:
        """Milliseconds of the architecture with these labels, one for each place."""
        costs = zip(self.labels, self.ms, choice, strict=True)
        return self.constant + sum(float(ms[labels.index(label)]) for labels, ms, label in costs)

    def expected(self, probabilities: Sequence[Tensor]) -> Tensor:
        """E[latency] in ms, constant + sum_i sum_label p_i,label * ms_i,label: differentiable, a scalar.

        Source: Cai et al., "ProxylessNAS" (ICLR 2019), equation 2; Wu et al., "FBNet" (CVPR 2019), equation 3.

        Args:
            probabilities: for each place, one for each of its labels; or a tensor [places, labels].
        """
        import torch

        pairs = zip(probabilities, self.ms, strict=True)
        parts = [(p * torch.as_tensor(ms, dtype=p.dtype, device=p.device)).sum() for p, ms in pairs]
        return torch.stack(parts).sum() + self.constant

    def fixed(self, known: Mapping[int, str]) -> BlockTable:
        """The table of the other places, where these (counted from 0) have a label for good."""
        cost = sum(float(self.ms[place][self.labels[place].index(label)]) for place, label in known.items())
        left = [place for place in range(len(self.labels)) if place not in known]
        labels, ms = tuple(self.labels[place] for place in left), tuple(self.ms[place] for place in left)
        return BlockTable(labels, ms, self.constant + cost)

    def spearman(self, choices: Sequence[Sequence[str]], figures: npt.ArrayLike) -> float:
        """Rank correlation of the sums with measured latencies; 0 if either is the same for all."""
        sums = np.array([self.of(choice) for choice in choices])
        return rank_correlation(sums, np.asarray(figures, dtype=np.float64))


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's; 0 if either is the same for all."""
    return float(spearmanr(one, other)[0]) if np.ptp(one) > 0 and np.ptp(other) > 0 else 0.0


def table(labels: Labels, weights: Floats, constant: float) -> BlockTable:
    """The table of additive weights, shifted so that the cheapest label of each place costs nothing."""
    parts = np.split(weights, np.cumsum([len(of) for of in labels])[:-1])
    cheapest = sum(float(part.min()) for part in parts)
    return BlockTable(labels, tuple(part - part.min() for part in parts), constant + cheapest)


class BlockFit:
    """Least squares of measured latencies upon the label of each place, under a prior of how alike blocks cost.

    The weights are a Gaussian process over (place, label). Their prior covariance has three parts: the same label costs
    alike at all places, at near places, and has a part of its own; labels that share words ("k5_e3" and "k5_e6") cost
    alike too. The marginal likelihood chooses the parts' variances from a grid: Rasmussen & Williams (2006), chapter 5.
    So 200 architectures suffice for tables of about as many figures, which plain least squares can't determine.

    Known devices, whose tables are there in full, add a part: what their weights have in common (the mean of w w^T).

    Where architectures were measured at several image sizes, each weight is a + b * `scale`.

    Args:
        labels: of each place.
        choices: [n] measured architectures, one label for each place.
        figures: [n] their latencies in ms.
        scales: [n] what part of a block's cost is proportional to, such as pixels relative to a usual image; None: all
            were measured at one size.
        known: weights of other devices, of `weights_of`.  # [F, D]
    """

    def __init__(
        self,
        labels: Labels,
        choices: Sequence[Sequence[str]],
        figures: npt.ArrayLike,
        scales: npt.ArrayLike | None = None,
        known: Floats | None = None,
    ) -> None:
        self._labels, self._scaled = labels, scales is not None
        rows = _rows(labels, choices, scales)
        values = np.asarray(figures, dtype=np.float64)
        middle, mean = rows.mean(axis=0), float(values.mean())
        centred, left = rows - middle, values - mean
        parts = [block_diag(*[part] * (2 if self._scaled else 1)) for part in _covariances(labels)]
        few, seen = centred[:_SEEN], left[:_SEEN]
        prior, noise = _chosen(
            few, seen, parts, list(itertools.product(_SHARED, _OF_WORDS, _NEAR, _BY, _OWN, _OF_WORDS))
        )
        if known is not None:
            alike = known @ known.T
            both = [alike / _size(few, alike), prior / _size(few, prior)]
            prior, noise = _chosen(few, seen, both, [(1.0, share) for share in _BESIDE])
        precision = prior @ (centred.T @ centred) + noise * np.eye(len(prior))
        self._weights: Floats = np.linalg.solve(precision, prior @ (centred.T @ left))
        self._constant = mean - float(middle @ self._weights)

    def table(self, scale: float = 1.0) -> BlockTable:
        """The fitted table, for images of this scale."""
        count = sum(len(of) for of in self._labels)
        weights = self._weights[:count]
        return table(self._labels, weights + scale * self._weights[count:] if self._scaled else weights, self._constant)

    def predict(self, choices: Sequence[Sequence[str]], scales: npt.ArrayLike | None = None) -> Floats:
        """Milliseconds of architectures, each at its own scale.  # [n]"""
        found: Floats = _rows(self._labels, choices, scales) @ self._weights + self._constant
        return found


def weights_of(
    labels: Labels, choices: Sequence[Sequence[str]], figures: Floats, scales: npt.ArrayLike | None = None
) -> Floats:
    """Additive weights of D devices whose tables are there in full, each scaled to sums of variance 1.  # [F, D]

    Args:
        labels: of each place.
        choices: [n] measured architectures, many more than weights.
        figures: [n, D] their latencies on each device.
        scales: as in `BlockFit`.
    """
    rows = _rows(labels, choices, scales)
    rows -= rows.mean(axis=0)
    gram = rows.T @ rows + _RIDGE * np.eye(rows.shape[1])
    weights: Floats = np.linalg.solve(gram, rows.T @ (figures - figures.mean(axis=0)))
    scaled: Floats = weights / (rows @ weights).std(axis=0)
    return scaled


def _rows(labels: Labels, choices: Sequence[Sequence[str]], scales: npt.ArrayLike | None) -> Floats:
    """One-hot labels, and again times the scale.  # [n, F]"""
    starts = np.cumsum([0, *(len(of) for of in labels)])
    rows = np.zeros((len(choices), int(starts[-1])))
    for start, of, column in zip(starts, labels, zip(*choices, strict=True), strict=False):
        number = {label: int(start) + i for i, label in enumerate(of)}
        rows[np.arange(len(choices)), [number[label] for label in column]] = 1.0
    return rows if scales is None else np.concatenate([rows, rows * np.asarray(scales)[:, None]], axis=1)


def _covariances(labels: Labels) -> list[Floats]:
    """Six prior covariances of the weights: shared, near and own places, each for equal labels and for common words."""
    flat = [(place, label) for place, of in enumerate(labels) for label in of]
    places = np.array([place for place, _ in flat], dtype=np.float64)
    words = sorted({word for _, label in flat for word in label.split("_")})
    spelled = np.array([[word in label.split("_") for word in words] for _, label in flat], dtype=np.float64)
    names = np.array([label for _, label in flat])
    equal = (names[:, None] == names[None]).astype(np.float64)
    alike = spelled @ spelled.T / spelled.sum(axis=1).mean()
    apart = np.abs(places[:, None] - places[None])
    where = (np.ones_like(apart), np.exp(-apart / _REACH), (apart == 0).astype(np.float64))
    return [place * label for place in where for label in (equal, alike)]


def _size(rows: Floats, prior: Floats) -> float:
    """The mean prior variance of the architectures' sums; 1 where it is 0."""
    return float(np.einsum("nf,fg,ng->n", rows, prior, rows, optimize=True).mean()) or 1.0


def _chosen(
    rows: Floats, values: Floats, parts: Sequence[Floats], tried: Sequence[tuple[float, ...]]
) -> tuple[Floats, float]:
    """The mix of prior covariances with the highest marginal likelihood, and the noise beside it."""
    grams = np.stack([rows @ part @ rows.T for part in parts])
    best: tuple[float, tuple[float, ...], float] | None = None
    for shares in tried:
        spectrum, vectors = np.linalg.eigh(np.tensordot(shares, grams, axes=1))
        squares = (vectors.T @ values) ** 2
        for noise in _NOISE:
            variances = np.maximum(spectrum, 0.0) + noise
            scale = max(float((squares / variances).mean()), 1e-300)
            likelihood = 0.5 * len(values) * np.log(scale) + 0.5 * float(np.log(variances).sum())
            if best is None or likelihood < best[0]:
                best = (likelihood, shares, noise)
    assert best is not None
    prior: Floats = np.tensordot(best[1], np.stack(parts), axes=1)
    return prior, best[2]
