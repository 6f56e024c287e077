"""What architectures cost on a device on which only a few were measured, from what all cost on known devices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
_RIDGE = 0.01  # of the number of architectures, when features explain a known device
_OFFSET = 1.0  # prior variance of the mean of a standardised device
_REST = 0.3  # of what features leave unexplained of a figure on a known device: part of it is noise of measuring


class Posterior(NamedTuple):
    """Expected figures and their standard deviations, in the unit of the measurements."""

    mean: Floats  # [B]
    std: Floats  # [B]


class DeviceTransfer:
    """A Gaussian process over architectures whose prior covariance is learned from known devices.

    Two architectures are alike as far as the known devices treat them alike (figures turned into normal scores; what
    features do not explain of these is mostly noise of measuring and counts less), plus, with less weight, as far as
    their features are alike, each feature counting by how strongly it moves the known devices: the second part reaches
    devices unlike all known ones. The square root of the figures is modelled.
    Architectures that the known devices were not measured on take what the features say of them.

    Source: ours. The problem (10 measurements of an unseen device, others known in full) is HELP's (Lee et al., NeurIPS
    2021), which meta-learns a network instead; Gaussian process: Rasmussen & Williams (2006), chapter 2.

    Args:
        known: figures of the architectures learned from on the known devices; positive, without gaps.  # [N, D]
        features: of the same architectures.  # [N, F]
        families: what each known device is a version of (one card at three batch sizes): together they weigh as one
            device. None: each is its own.
        share: prior variance of the features' part, where the devices' part has 1.
        noise: variance of a measurement, where the measured architectures' spread is 1.
    """

    def __init__(
        self,
        known: Floats,
        features: npt.ArrayLike,
        families: Sequence[Hashable] | None = None,
        *,
        share: float = 0.1,
        noise: float = 0.1,
    ) -> None:
        own: list[Hashable] = list(range(known.shape[1])) if families is None else list(families)
        weights = np.array([1 / own.count(family) for family in own]) / len(set(own))
        table = np.asarray(features, dtype=np.float64)
        self._sorted, self._middle, self._noise = np.sort(known, axis=0), table.mean(axis=0), noise
        scores, centred = self._scores(known), table - self._middle  # [N, D], [N, F]
        gram = centred.T @ centred + _RIDGE * len(table) * np.eye(table.shape[1])
        self._effects = np.linalg.solve(gram, centred.T @ scores)  # [F, D]
        strength = np.sqrt((self._effects**2 * weights).sum(axis=1))  # [F]
        self._of_devices = np.sqrt(weights) / _norm(scores * np.sqrt(weights))  # [D]
        self._of_features = strength * np.sqrt(share) / _norm(centred * strength)  # [F]

    def rows(self, features: npt.ArrayLike, known: Floats | None = None) -> Floats:
        """Vectors whose inner products are the prior covariance.

        Args:
            known: figures on the known devices; a row with a gap (nan), or None, takes what features say.  # [B, D]

        Returns:
            One row for each architecture.  # [B, D + F]
        """
        centred = np.asarray(features, dtype=np.float64) - self._middle
        scores = centred @ self._effects  # [B, D]
        if known is not None:
            whole = ~np.isnan(known).any(axis=1)
            scores[whole] += _REST * (self._scores(known[whole]) - scores[whole])
        return np.concatenate([scores * self._of_devices, centred * self._of_features], axis=1)

    def _scores(self, known: Floats) -> Floats:
        """Normal scores of the ranks among the architectures learned from, equal figures having one score."""
        count = len(self._sorted)
        pairs = list(zip(self._sorted.T, known.T, strict=True))
        below = np.stack([np.searchsorted(one, values, "left") for one, values in pairs], axis=1)
        upto = np.stack([np.searchsorted(one, values, "right") for one, values in pairs], axis=1)
        scores: Floats = ndtri(np.clip((below + upto) / 2 / count, 0.5 / count, 1 - 0.5 / count))
        return scores

    def choose(self, rows: Floats, count: int) -> list[int]:
        """Which of these to measure, so that the others' summed variance becomes the smallest, one after another."""
        covariance, chosen = rows @ rows.T + _OFFSET, list[int]()
        for _ in range(min(count, len(rows))):
            variance = np.diag(covariance)
            gain = (covariance**2).sum(axis=0) / (variance + self._noise)
            gain[chosen] = -1.0  # each once
            best = int(np.argmax(gain))
            chosen.append(best)
            covariance = covariance - np.outer(covariance[:, best], covariance[best]) / (variance[best] + self._noise)
        return chosen

    def predict(self, measured: Floats, figures: npt.ArrayLike, rows: Floats) -> Posterior:
        """What the architectures of `rows` cost on the device.

        Args:
            measured: rows of the measured architectures.  # [n, D + F]
            figures: what they cost, positive.  # [n]
        """
        roots = np.sqrt(np.asarray(figures, dtype=np.float64))
        middle, spread = roots.mean(), max(float(roots.std()), 1e-3 * float(roots.mean()))
        covariance = measured @ measured.T + _OFFSET + self._noise * np.eye(len(roots))
        cross = rows @ measured.T + _OFFSET  # [B, n]
        solved = np.linalg.solve(covariance, cross.T).T  # [B, n]
        root = middle + spread * (solved @ ((roots - middle) / spread))
        left = np.maximum((rows**2).sum(axis=1) + _OFFSET - (solved * cross).sum(axis=1), 0.0)
        std = spread * np.sqrt(left)
        root = np.maximum(root, 1e-3 * middle)  # a cost is positive
        return Posterior(root**2 + std**2, 2 * root * std)


def _norm(table: Floats) -> float:
    """Root of the mean squared length of rows that are centred first."""
    return float(np.sqrt(((table - table.mean(axis=0)) ** 2).sum(axis=1).mean())) or 1.0
