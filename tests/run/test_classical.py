"""The classical models beside the networks: the right figures, and a test split that chooses nothing."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wine_table import wine_csv

from genas.core import registry
from genas.core.interfaces import Data, Task
from genas.core.metrics import Metric
from genas.core.records import Use
from genas.core.task_records import Evaluation
from genas.run.classical import classical


class Rows(Task):
    """Rows of numbers given as arrays; it notes which splits are read."""

    name, modality, description = "rows", "tabular", "rows of a test"

    def __init__(self, **splits):
        self.splits = splits
        self.input_shape = (splits["train"][0].shape[1],)
        self.outputs = int(max(labels.max() for _, labels in splits.values())) + 1
        self.read = []

    def data(self, split):
        self.read.append(split)
        inputs, labels = self.splits[split]
        return Data(torch.tensor(inputs, dtype=torch.float32), torch.tensor(labels))


@pytest.fixture(scope="module")
def wine():
    task = registry.create("tasks", Use("tabular", {"path": str(wine_csv()), "label": "target"}))
    return {split: tuple(part.numpy() for part in task.data(split)) for split in ("train", "val", "test")}


def random_rows(count, seed=0):
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(count, 4))
    return inputs, (inputs[:, 0] + 0.3 * generator.normal(size=count) > 0).astype(int)


def test_logistic_regression_has_the_accuracies_of_an_independent_computation(wine):
    fits = []
    for penalty in (0.01, 0.1, 1.0, 10.0, 100.0):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=10_000)).fit(*wine["train"])
        right = accuracy_score(wine["val"][1], model.predict(wine["val"][0]))
        fits.append((-right, log_loss(wine["val"][1], model.predict_proba(wine["val"][0])), model))
    right, _, best = min(fits, key=lambda fit: fit[:2])
    result = classical(Rows(**wine), 0)[0]
    assert result.name == "logistic regression"
    assert result.validation == -right
    assert result.test == accuracy_score(wine["test"][1], best.predict(wine["test"][0]))
    assert result.seconds > 0


def test_a_task_with_another_metric_has_its_classical_models_judged_by_that(wine):
    class Halves(Rows):
        metric = Metric("wrong_half", goal="min", role="quality")

        def evaluate(self, outputs, targets):
            wrong = float((outputs.argmax(1) != targets).double().mean())
            return Evaluation({"wrong_half": wrong / 2}, wrong)

    for plain, halved in zip(classical(Rows(**wine), 0), classical(Halves(**wine), 0), strict=True):
        assert halved.validation == pytest.approx((1 - plain.validation) / 2)
        assert halved.test == pytest.approx((1 - plain.test) / 2)


def test_other_test_labels_change_the_test_accuracy_only(wine):
    inputs, labels = wine["test"]
    wrong = {**wine, "test": (inputs, (labels + 1) % 3)}
    for honest, fooled in zip(classical(Rows(**wine), 0), classical(Rows(**wrong), 0), strict=True):
        assert fooled.validation == honest.validation
        assert fooled.test <= 1 - honest.test  # the same predictions, which can't be right twice


def test_both_models_learn_wine_and_read_the_test_split_once(wine):
    task = Rows(**wine)
    results = classical(task, 0)
    assert [result.name for result in results] == ["logistic regression", "gradient boosting"]
    assert all(result.test > 0.9 for result in results)
    assert task.read.count("test") == len(results)


def test_boosting_sees_what_a_straight_line_cannot():
    inputs, _ = random_rows(600)
    labels = ((inputs[:, 0] > 0) ^ (inputs[:, 1] > 0)).astype(int)
    parts = {"train": slice(0, 400), "val": slice(400, 500), "test": slice(500, 600)}
    straight, boosted = classical(Rows(**{name: (inputs[part], labels[part]) for name, part in parts.items()}), 0)
    assert straight.test < 0.7 and boosted.test > 0.9


def test_the_same_seed_gives_the_same_figures(wine):
    first, second = (classical(Rows(**wine), 3) for _ in range(2))
    assert [(r.validation, r.test) for r in first] == [(r.validation, r.test) for r in second]


def test_a_constant_column_a_single_example_and_an_unseen_class_are_borne():
    inputs, labels = random_rows(40)
    inputs[:, 3] = 1e6 + 0.1
    labels[0] = 2  # the only one of its class to train on
    test = random_rows(20, seed=1)
    test[0][:, 3] = 5.0  # what never changed in training says nothing
    test[1][0] = 3  # a class that training never saw
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = classical(Rows(train=(inputs, labels), val=test, test=test), 0)
    assert all(0.5 < result.test < 1 for result in results)


def test_few_rows_are_enough():
    three = {split: random_rows(6, seed) for seed, split in enumerate(("train", "val", "test"))}
    assert all(0 <= result.test <= 1 for result in classical(Rows(**three), 0))


def test_a_task_of_pictures_has_no_classical_models():
    assert classical(registry.create("tasks", "digits"), 0) == []
