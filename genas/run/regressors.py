"""Ridge regression and boosted trees on the splits of a table of numbers: a yardstick for the run's networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from genas.core.records import Rival
from genas.core.rng import seed_of
from genas.run.classical import features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from genas.core.interfaces import Split, Task

    Numbers = NDArray[np.float64]
    Fitted = Callable[[Numbers], Numbers]  # features [rows, F] -> outputs [rows, targets]

_PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_TREES = ((31, 20), (8, 5))  # leaves of a tree at most, examples of a leaf at least
_ROUNDS = (25, 50, 100)  # of boosting


def regressors(task: Task, seed: int) -> list[Rival]:
    """Fit ridge regression and histogram gradient boosting to the splits of a table whose targets are numbers.

    Each is fitted with a few settings. The validation split chooses one by the task's own metric; the test split is
    read once, for the chosen one.

    Source: the boosting is scikit-learn's, after Ke et al., "LightGBM" (NeurIPS 2017).

    Args:
        task: what the networks are trained on.
        seed: of the boosting.

    Returns:
        Ridge regression, then gradient boosting; [] where rows are not what the task has, or its outputs are not the
        numbers of its labels.
    """
    if task.modality != "tabular" or (wanted := as_outputs(task, task.data("train").labels)) is None:
        return []
    rows, numbers, sign = features(task, task.data("train")), wanted.double().numpy(), task.metric.sign
    results = []
    for name, settings in {"ridge regression": _ridge, "gradient boosting": _boosting}.items():
        start = time.perf_counter()
        models = list(settings(rows, numbers, seed))
        values = [_value(task, model, "val") for model in models]
        best = max(range(len(models)), key=lambda i: sign * values[i])
        seconds = time.perf_counter() - start
        results.append(Rival(name, values[best], _value(task, models[best], "test"), seconds))
    return results


def as_outputs(task: Task, labels: Tensor) -> Tensor | None:
    """Labels [n] or [n, targets] as a perfect network's outputs [n, targets]; None where they are not its numbers."""
    import torch

    numbers = labels[:, None] if labels.ndim == 1 else labels
    if task.answer != "number" or numbers.ndim != 2 or numbers.shape[1] != task.outputs:
        return None
    scaling = None if task.preparation is None else task.preparation.targets
    if scaling is None:
        return numbers.float()
    mean, std = (torch.tensor(values, dtype=torch.float64) for values in (scaling.mean, scaling.std))
    return ((numbers.double() / scaling.scale - mean) / std).float()


def _value(task: Task, model: Fitted, split: Split) -> float:
    """The task's metric of a model on a split."""
    import torch

    data = task.data(split)
    outputs = torch.from_numpy(model(features(task, data))).float()
    return float(task.evaluate(outputs, data.labels).metrics[task.metric.name])


def _ridge(rows: Numbers, numbers: Numbers, seed: int) -> Iterator[Fitted]:
    """Ridge regression with each penalty."""
    from sklearn.linear_model import Ridge

    for penalty in _PENALTIES:
        model = Ridge(alpha=penalty, random_state=seed_of(seed, "ridge") % 2**32).fit(rows, numbers)
        yield lambda given, model=model: model.predict(given).reshape(len(given), -1)  # type: ignore[misc]


def _boosting(rows: Numbers, numbers: Numbers, seed: int) -> Iterator[Fitted]:
    """Boosting with trees of each size and each number of rounds, one model for each target."""
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor

    for leaves, smallest in _TREES:
        for rounds in _ROUNDS:
            models = [
                HistGradientBoostingRegressor(
                    max_iter=rounds, max_leaf_nodes=leaves, min_samples_leaf=smallest, early_stopping=False,
                    random_state=seed_of(seed, "boosting") % 2**32,
                ).fit(rows, numbers[:, target])
                for target in range(numbers.shape[1])
            ]  # fmt: skip
            yield lambda given, models=models: np.stack([m.predict(given) for m in models], 1)  # type: ignore[misc]
