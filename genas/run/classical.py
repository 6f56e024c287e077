"""Logistic regression and boosted trees on the splits of a table of classes: a yardstick for the run's networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from genas.core.metrics import ACCURACY
from genas.core.records import Rival
from genas.core.rng import seed_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genas.core.interfaces import Data, Split, Task

    Probabilities = NDArray[np.float64]  # [rows, classes that the training rows have]

_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)  # C of scikit-learn: the smaller, the stronger the penalty
_LARGE = 5_000_000  # training rows x features x classes above which only C = 1 is tried
_TREES = ((31, 20), (8, 5))  # leaves of a tree at most, examples of a leaf at least
_ROUNDS = 100  # of boosting at most
_LEAST = 1e-12  # probability of a class
_WORK = 2_000_000  # rounds x classes x training rows; above it there are fewer rounds, but at least 20


class _Rows(NamedTuple):
    """The standardised features of a split [rows, features] and the labels [rows]."""

    inputs: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class _Fitted:
    """A model with one setting, fitted to the training rows.

    Args:
        classes: the label that each column of the probabilities stands for.
        probabilities: of given features.
    """

    classes: NDArray[np.int64]
    probabilities: Callable[[NDArray[np.float64]], Probabilities]

    def accuracy(self, rows: _Rows) -> float:
        """The share of rows whose most probable label is right."""
        return float((self.classes[self.probabilities(rows.inputs).argmax(1)] == rows.labels).mean())

    def value(self, task: Task, rows: _Rows) -> float:
        """What the task says of the model: its accuracy, or any other metric, asked of log-probabilities."""
        if task.metric == ACCURACY:
            return self.accuracy(rows)
        import numpy as np
        import torch

        scores = np.full((len(rows.labels), task.outputs), np.log(_LEAST))
        scores[:, self.classes] = np.log(np.clip(self.probabilities(rows.inputs), _LEAST, 1.0))
        evaluation = task.evaluate(torch.from_numpy(scores), torch.from_numpy(rows.labels))
        return float(evaluation.metrics[task.metric.name])

    def loss(self, rows: _Rows) -> float:
        """The mean negative log-likelihood of the labels."""
        return _loss(self.probabilities(rows.inputs), self.classes, rows.labels)


def classical(task: Task, seed: int) -> list[Rival]:
    """Fit logistic regression and histogram gradient boosting to the splits of a table.

    Each model is fitted with a few settings. The validation split chooses one: by the task's metric, then by
    likelihood. The test split is read once, for the chosen one. The fits use as many threads as OpenMP may.

    Source: the boosting is scikit-learn's, after Ke et al., "LightGBM" (NeurIPS 2017).

    Args:
        task: what the networks are trained on; if its modality is not "tabular", the answer is [].
        seed: of the boosting.

    Returns:
        Logistic regression, then gradient boosting.
    """
    if task.modality != "tabular":
        return []
    train, validation = _rows(task, "train"), _rows(task, "val")
    models = {"logistic regression": _logistic(train), "gradient boosting": _boosting(train, validation, seed)}
    results = []
    for name, settings in models.items():
        start = time.perf_counter()
        best = min(settings, key=lambda m: (-task.metric.sign * m.value(task, validation), m.loss(validation)))
        seconds = time.perf_counter() - start
        results.append(Rival(name, best.value(task, validation), best.value(task, _rows(task, "test")), seconds))
    return results


def _rows(task: Task, split: Split) -> _Rows:
    """Features and labels of a split."""
    import numpy as np

    data = task.data(split)
    return _Rows(features(task, data), data.labels.numpy().astype(np.int64))


def features(task: Task, data: Data) -> NDArray[np.float64]:
    """Rows, each feature minus its mean over its deviation in the training rows; constant ones become 0."""
    import numpy as np

    train = task.data("train").inputs.numpy().astype(np.float64)
    deviation = train.std(0)
    steady = deviation <= 1e-7 * np.abs(train).max(0)
    scaled = (data.inputs.numpy().astype(np.float64) - train.mean(0)) / np.where(steady, 1.0, deviation)
    return np.where(steady, 0.0, scaled)


def _logistic(train: _Rows) -> Iterator[_Fitted]:
    """Logistic regression with each penalty; it is given enough iterations to converge."""
    from sklearn.linear_model import LogisticRegression

    large = train.inputs.size * len(set(train.labels.tolist())) > _LARGE
    for penalty in (1.0,) if large else _PENALTIES:
        model = LogisticRegression(C=penalty, max_iter=10_000).fit(train.inputs, train.labels)
        yield _Fitted(model.classes_, model.predict_proba)


def _boosting(train: _Rows, validation: _Rows, seed: int) -> Iterator[_Fitted]:
    """Boosting with trees of each size, stopped after the round whose validation likelihood is highest."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    classes = len(set(train.labels.tolist()))
    rounds = min(_ROUNDS, max(20, _WORK // (classes * len(train.labels))))
    for leaves, smallest in _TREES:
        model = HistGradientBoostingClassifier(
            max_iter=rounds,
            max_leaf_nodes=leaves,
            min_samples_leaf=smallest,
            early_stopping=False,
            random_state=seed_of(seed, "boosting") % 2**32,
        ).fit(train.inputs, train.labels)
        stages = model.staged_predict_proba(validation.inputs)
        losses = [_loss(stage, model.classes_, validation.labels) for stage in stages]
        yield _Fitted(model.classes_, _stopped(model.staged_predict_proba, losses.index(min(losses))))


def _stopped(
    staged: Callable[[NDArray[np.float64]], Iterator[Probabilities]], number: int
) -> Callable[[NDArray[np.float64]], Probabilities]:
    """Of all stages of a boosted model, the probabilities of the one with that number, counted from 0."""
    return lambda inputs: next(islice(staged(inputs), number, None))


def _loss(probabilities: Probabilities, classes: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood; a label that the training rows lack has the probability `_LEAST`."""
    import numpy as np

    of_label = np.where(classes == labels[:, None], probabilities, 0.0).sum(1)  # [rows]
    return float(-np.log(np.clip(of_label, _LEAST, 1.0)).mean())
