"""Ridge regression and boosted trees beside networks that predict numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diabetes_rows import Diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genas.core.interfaces import Data, Split
from genas.core.task_records import Preparation
from genas.run.regressors import as_outputs, regressors


class Waves(Diabetes):
    """A wave of the first of ten columns."""

    def data(self, split: Split) -> Data:
        inputs = torch.rand(400, 10, generator=torch.Generator().manual_seed(len(split)), dtype=torch.float64)
        return Data(inputs, (10 * inputs[:, 0]).sin().float())


class Spread(Diabetes):
    """Its outputs are a mean and a deviation, its labels one number."""

    outputs = 2


def test_ridge_regression_has_the_errors_of_an_independent_computation() -> None:
    parts = {split: tuple(part.numpy() for part in Diabetes().data(split)) for split in ("train", "val", "test")}
    fits = []
    for penalty in (0.1, 1.0, 10.0, 100.0, 1000.0):
        model = make_pipeline(StandardScaler(), Ridge(alpha=penalty)).fit(*parts["train"])
        fits.append((root_mean_squared_error(parts["val"][1], model.predict(parts["val"][0])), model))
    least, best = min(fits, key=lambda fit: fit[0])
    found = regressors(Diabetes(), 0)[0]
    assert found.name == "ridge regression" and found.validation == pytest.approx(least, rel=1e-4)
    truth = root_mean_squared_error(parts["test"][1], best.predict(parts["test"][0]))
    assert found.test == pytest.approx(truth, rel=1e-4)


def test_boosting_sees_what_a_straight_line_cannot() -> None:
    straight, boosted = regressors(Waves(), 0)
    assert boosted.test < 0.3 * straight.test


def test_labels_become_what_a_perfect_network_would_give() -> None:
    task, labels = Diabetes(), Diabetes().data("val").labels
    outputs = as_outputs(task, labels)
    assert outputs is not None
    assert task.evaluate(outputs, labels).metrics["rmse"] == pytest.approx(0, abs=1e-3)
    unscaled = type("Unscaled", (Diabetes,), {"preparation": Preparation("none")})()
    assert np.array_equal(as_outputs(unscaled, labels), labels[:, None])


def test_outputs_that_are_not_the_labels_have_no_classical_models() -> None:
    assert regressors(Spread(), 0) == []
