"""What every task must do."""

import pytest
import torch
from plugin_contexts import TASK_OF_SPACE, WINE

from genas.core import registry
from genas.core.errors import MissingArtifact, ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Architecture, Use

OPTIONS = {"cifar10": {"limit": 200}, "mnist": {"limit": 200}}
pytestmark = pytest.mark.usefixtures("untouched_randomness")


@pytest.fixture(params=registry.names("tasks"), scope="module")
def task(request, picture_folder):
    options = {"images": {"path": str(picture_folder)}, "tabular": dict(WINE.options), **OPTIONS}.get(request.param, {})
    return registry.create("tasks", Use(request.param, options))


def pieces(task, split):
    """The split, or None where the task says why it has none."""
    try:
        return task.data(split)
    except (MissingArtifact, ScoreFailed) as error:
        assert str(error)
        return None


def test_says_what_it_is(task):
    assert task.description and task.outputs >= 1
    assert len(task.classes) in (0, task.outputs)
    assert all(isinstance(n, int) and n > 0 for n in task.input_shape)
    assert task.modality in {registry.load("spaces", name).modality for name in registry.names("spaces")}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_splits_are_fixed_and_of_the_stated_shape(task, split):
    data = pieces(task, split)
    if data is None:
        return
    assert tuple(data.inputs.shape[1:]) == task.input_shape
    assert len(data.inputs) == len(data.labels) > 0
    assert data.labels.dtype == torch.int64
    assert int(data.labels.min()) >= 0 and int(data.labels.max()) < task.outputs
    again = task.data(split)
    assert torch.equal(again.inputs, data.inputs) and torch.equal(again.labels, data.labels)


def test_train_has_every_class_and_shares_no_example_with_the_others(task):
    splits = {name: pieces(task, name) for name in ("train", "val", "test")}
    if splits["train"] is None:
        return
    assert len(splits["train"].labels.unique()) == task.outputs
    rows = {name: {x.numpy().tobytes() for x in data.inputs} for name, data in splits.items() if data is not None}
    for name in rows.keys() - {"train"}:
        shared = rows["train"] & rows[name]
        assert len(shared) <= 0.005 * len(rows[name]), f"{len(shared)} examples of {name} are in train"


def test_preparation_is_what_its_figures_say(task):
    data = pieces(task, "train")
    if data is None or task.modality != "image":
        return
    prepared = task.prepare(data.inputs[:64])
    assert prepared.dtype == torch.float32
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (task.mean, task.std))
    torch.testing.assert_close(prepared, (data.inputs[:64] / task.scale - mean) / std)
    assert task.preparation and "\n" not in task.preparation
    whole = task.prepare(data.inputs)
    assert whole.mean().abs() < 0.05 and (whole.std() - 1).abs() < 0.05


def test_its_own_changes_of_images_are_decided_by_the_seed(task):
    data = pieces(task, "train")
    if data is None or task.modality != "image":
        return
    x = task.prepare(data.inputs[:16])
    kept = x.clone()
    one, same, other = (task.augment(x, seed) for seed in (1, 1, 2))
    assert torch.equal(one, same) and one.shape == x.shape
    assert torch.equal(one, other) == (type(task).augment is Task.augment)
    assert torch.equal(x, kept), "augment changed its input"


def test_says_whether_mirrored_images_keep_their_class(task):
    assert task.mirror in (None, True, False)


def test_batch_is_decided_by_the_seed(task):
    try:
        (a, la), (b, lb) = task.batch(8, seed=3), task.batch(8, seed=3)
    except (MissingArtifact, ScoreFailed) as error:
        assert str(error)
        return
    if isinstance(a, torch.Tensor):
        assert tuple(a.shape) == (8, *task.input_shape) and a.is_floating_point()
        assert torch.equal(a, b)
    assert torch.equal(la, lb)


def test_lookup_of_what_no_table_has_fails(task):
    nothing = Architecture("no_such_space", ("input", "output"), ((0, 1),))
    with pytest.raises(ScoreFailed):
        task.lookup(nothing, "accuracy")


@pytest.mark.parametrize("use", [use for name, use in TASK_OF_SPACE.items() if use.name == name], ids=str)
def test_table_tasks_answer_for_their_space(use):
    from genas.core.rng import rng

    task = registry.create("tasks", use)
    space = registry.create("spaces", task.name)
    for i in range(5):
        found = task.lookup(space.sample(rng(0, "lookup", i)), task.metric.name)
        assert 0 <= found.value <= 1 and found.seconds > 0 and found.metric == task.metric.name
