"""What an ensemble of trees on hand-made features makes of architectures, for the searches that predict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from genas.core.records import Architecture
from genas.encodings.paths import ArchFeatures


def forest_votes(
    features: ArchFeatures,
    told: Sequence[Architecture],
    losses: Sequence[float],
    pool: Sequence[Architecture],
    *,
    trees: int,
    random_state: int,
) -> npt.NDArray[np.float64]:
    """The losses that each of the extra-trees, fitted on what was told, predicts for the pool.  # [trees, pool]

    Source: Geurts et al., "Extremely randomized trees" (2006).
    """
    from sklearn.ensemble import ExtraTreesRegressor

    rows = features.features([*told, *pool])
    model = ExtraTreesRegressor(trees, max_features=0.5, random_state=random_state)
    model.fit(rows[: len(told)], np.array(losses))
    return np.stack([tree.predict(rows[len(told) :]) for tree in model.estimators_])
