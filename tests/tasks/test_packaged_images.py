"""CIFAR-10 and MNIST: published counts, and limits in proportion."""

import pytest
import torch

from genas.core.errors import MissingArtifact, RequestError
from genas.tasks.cifar10 import Cifar10
from genas.tasks.mnist import Mnist


@pytest.fixture(scope="module", params=[Cifar10, Mnist])
def task(request, bench_data):
    return request.param(limit=500)


def test_test_split_is_the_published_one(task):
    assert len(task.data("test").labels) == 10_000
    counts = task.data("test").labels.bincount().tolist()
    published = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert counts == (published if task.name == "mnist" else [1000] * 10)


def test_a_tenth_of_the_training_images_validates_whatever_the_limit(task):
    val = task.data("val").labels
    assert len(val) == (5999 if task.name == "mnist" else 5000)  # tenths of the class counts, rounded
    assert len(task.data("train").labels) == 500
    other = type(task)(limit=100)
    assert torch.equal(other.data("val").inputs, task.data("val").inputs)


def test_limited_training_images_are_in_proportion(task):
    counts = task.data("train").labels.bincount()
    assert counts.min() >= 44 and counts.max() <= 57


def test_images_are_told_apart_by_a_line(task):
    """Least squares on 500 pictures is far above chance: images and labels belong together."""
    x, y = task.prepare(task.data("train").inputs).flatten(1), task.data("train").labels
    x = torch.cat((x, torch.ones(len(x), 1)), 1).double()
    weights = torch.linalg.solve(
        x.T @ x + 300 * torch.eye(x.shape[1]).double(), x.T @ torch.nn.functional.one_hot(y, 10).double()
    )
    val = task.prepare(task.data("val").inputs[::10]).flatten(1)
    val = torch.cat((val, torch.ones(len(val), 1)), 1).double()
    right = ((val @ weights).argmax(1) == task.data("val").labels[::10]).double().mean().item()
    assert right > (0.75 if task.name == "mnist" else 0.2)


@pytest.mark.parametrize("kind", [Cifar10, Mnist])
def test_missing_data_is_said_with_its_place(kind, monkeypatch, tmp_path):
    monkeypatch.setenv("GENAS_DATA", str(tmp_path))
    with pytest.raises(MissingArtifact, match="GENAS_DATA"):
        kind().data("train")


@pytest.mark.parametrize("kind", [Cifar10, Mnist])
def test_limit_below_one_a_class(kind):
    with pytest.raises(RequestError, match="at least 10"):
        kind(limit=9)
