"""Predictions of an ensemble of trees on hand-made features, for model-based searches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from genas.core.records import Architecture
from genas.encodings.paths import ArchFeatures


def forest_votes(
    features: ArchFeatures,
    archs: Sequence[Architecture],
    losses: Sequence[float],
    pool: Sequence[Architecture],
    *,
    trees: int,
    random_state: int,
) -> npt.NDArray[np.float64]:
    """Losses [trees, pool] that each of the extra-trees predicts for the pool.

    Source: Geurts et al., "Extremely randomized trees" (2006).

    Args:
        features: turns architectures into rows of numbers.
        archs: architectures to fit on.
        losses: of each of them.
        pool: architectures to predict.
        trees: size of the ensemble.
        random_state: seed of the ensemble.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    rows = features.features([*archs, *pool])
    model = ExtraTreesRegressor(trees, max_features=0.5, random_state=random_state)
    model.fit(rows[: len(archs)], np.array(losses))
    return np.stack([tree.predict(rows[len(archs) :]) for tree in model.estimators_])
