"""Predicts costs on a new device from a few measurements there and tables of other devices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
_RIDGE = 0.01  # ridge penalty per architecture, when features are regressed on a known device
_OFFSET = 1.0  # prior variance of the mean of a standardised device
_REST = 0.3  # weight of the residual that features do not explain on a known device: a part of it is measurement noise


class Posterior(NamedTuple):
    """Predicted costs, in the unit of the measurements."""

    mean: Floats  # [B]
    std: Floats  # [B]


class DeviceTransfer:
    """A Gaussian process over architectures whose prior covariance is learned from known devices.

    The covariance of two architectures has two parts. The first compares their costs on the known devices, as normal
    scores; residuals that features do not explain are mostly measurement noise and count less. The second part, with
    a smaller weight, compares their features, each scaled by its effect on the known devices; it serves devices unlike
    all known ones. The model predicts the square root of the cost. For architectures without measurements on the known
    devices, the costs there are predicted from features.

    Source: ours. The problem (10 measurements of an unseen device, others known in full) is HELP's (Lee et al., NeurIPS
    2021), which meta-learns a network instead; Gaussian process: Rasmussen & Williams (2006), chapter 2.

    Args:
        known: [N, D] costs of N architectures on D known devices; positive, without gaps.
        features: [N, F] of the same architectures.
        families: the family of each known device (for example, one card at three batch sizes); a family has the weight
            of one device. None: each device is its own family.
        share: prior variance of the feature part, relative to 1 for the device part.
        noise: variance of a measurement, relative to 1 for the measured architectures.
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
        """Vectors [B, D + F], one per architecture, whose inner products are the prior covariance.

        Args:
            features: [B, F].
            known: [B, D] costs on the known devices. A row with a gap (nan), or None, is predicted from features.
        """
        centred = np.asarray(features, dtype=np.float64) - self._middle
        scores = centred @ self._effects  # [B, D]
        if known is not None:
            whole = ~np.isnan(known).any(axis=1)
            scores[whole] += _REST * (self._scores(known[whole]) - scores[whole])
        return np.concatenate([scores * self._of_devices, centred * self._of_features], axis=1)

    def _scores(self, known: Floats) -> Floats:
        """Normal scores [B, D] of the ranks among the N training architectures; ties have equal scores."""
        count = len(self._sorted)
        pairs = list(zip(self._sorted.T, known.T, strict=True))
        below = np.stack([np.searchsorted(one, values, "left") for one, values in pairs], axis=1)
        upto = np.stack([np.searchsorted(one, values, "right") for one, values in pairs], axis=1)
        scores: Floats = ndtri(np.clip((below + upto) / 2 / count, 0.5 / count, 1 - 0.5 / count))
        return scores

    def choose(self, rows: Floats, count: int) -> list[int]:
        """Indices of `count` architectures to measure, chosen greedily to minimise the summed posterior variance.

        Args:
            rows: [B, D + F] of the architectures to choose from.
            count: how many to choose.
        """
        covariance, chosen = rows @ rows.T + _OFFSET, list[int]()
        for _ in range(min(count, len(rows))):
            variance = np.diag(covariance)
            gain = (covariance**2).sum(axis=0) / (variance + self._noise)
            gain[chosen] = -1.0  # never the same twice
            best = int(np.argmax(gain))
            chosen.append(best)
            covariance = covariance - np.outer(covariance[:, best], covariance[best]) / (variance[best] + self._noise)
        return chosen

    def predict(self, measured: Floats, figures: npt.ArrayLike, rows: Floats) -> Posterior:
        """Predicted costs of B architectures on the new device.

        Args:
            measured: [n, D + F] rows of the measured architectures.
            figures: [n] their measured costs, positive.
            rows: [B, D + F] rows of the architectures to predict.
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
    """Root mean square length of the centred rows; 1 if they are all equal."""
    return float(np.sqrt(((table - table.mean(axis=0)) ** 2).sum(axis=1).mean())) or 1.0
