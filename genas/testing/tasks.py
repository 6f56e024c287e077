"""What every task must do, and what a task that is a published table must do for its space."""

from __future__ import annotations

import math
from unittest import SkipTest

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Data, SearchSpace, Split, Task
from genas.core.metrics import on_test
from genas.core.records import Architecture, Measurement
from genas.testing.contract import Broken, check, require, samples, what_is_here

_SHARED = 0.005  # of a split's examples may be in the training split too: published sets have some


def check_task(task: Task, space: SearchSpace | None = None) -> list[str]:
    """Check all contracts of a task.

    Args:
        task: with few examples, so that they are read in no time.
        space: of the architectures that its table answers for, where it is a table.

    Returns:
        What could not be checked, each with its reason.

    Raises:
        Broken: what is wrong with it.
    """
    return check((TASK, (task,)), (TABLE, (task, space)))


def it_says_what_it_is(task: Task) -> None:
    """Its description, shapes and kind of data are such as people, prompts and spaces can go by."""
    require(task.description, "description is empty; write in words what the task is")
    require(task.outputs >= 1, f"outputs must be at least 1, not {task.outputs}")
    require(len(task.classes) in {0, task.outputs}, f"classes names {len(task.classes)} of {task.outputs} outputs")
    whole = all(isinstance(n, int) and n > 0 for n in task.input_shape)
    require(whole, f"input_shape must be whole numbers above 0, not {task.input_shape}")
    require(task.mirror in {None, True, False}, f"mirror must be True, False or None, not {task.mirror!r}")


def some_space_serves_it(task: Task) -> None:
    """There is a space of its modality."""
    served = {registry.load("spaces", name).modality for name in registry.names("spaces")}
    require(
        task.modality in served,
        f"no space makes networks for {task.modality!r} data; modality is one of {', '.join(sorted(served))}, or that "
        "of a space of yours, which is registered first",
    )


def its_training_split_is_fixed_and_of_the_stated_shape(task: Task) -> None:
    """What it is trained on is the same at every call, its inputs and labels are as the task says."""
    _is_as_stated(task, "train")


def its_validation_split_is_fixed_and_of_the_stated_shape(task: Task) -> None:
    """What networks are chosen by is the same at every call, its inputs and labels are as the task says."""
    _is_as_stated(task, "val")


def its_test_split_is_fixed_and_of_the_stated_shape(task: Task) -> None:
    """What the winner is judged by is the same at every call, its inputs and labels are as the task says."""
    _is_as_stated(task, "test")


def _is_as_stated(task: Task, split: Split) -> None:
    import torch

    data, again = _data(task, split), task.data(split)
    shape = tuple(data.inputs.shape[1:])
    require(shape == task.input_shape, f"inputs of {split} have the shape {shape}, not {task.input_shape}")
    require(len(data.inputs) == len(data.labels) > 0, f"{split} must have as many labels as inputs, and some")
    same = torch.equal(again.inputs, data.inputs) and torch.equal(again.labels, data.labels)
    require(same, f"data({split!r}) is another at the second call")
    if data.labels.is_floating_point():
        require(torch.isfinite(data.labels).all(), f"{split} has labels that are not finite")
    else:
        require(data.labels.dtype == torch.int64, f"labels of {split} must be int64, not {data.labels.dtype}")
        low, high = int(data.labels.min()), int(data.labels.max())
        require(low >= 0 and high < task.outputs, f"labels of {split} must be 0 to {task.outputs - 1}")


def the_training_split_has_every_class(task: Task) -> None:
    """Each class can be learned."""
    labels = _data(task, "train").labels
    if labels.is_floating_point():
        raise SkipTest("its labels are numbers, not classes")
    require(len(set(labels.tolist())) == task.outputs, "the training split lacks a class")


def what_is_chosen_by_was_not_trained_on(task: Task) -> None:
    """The training and the validation split share no example."""
    _share_nothing(task, "val")


def what_is_judged_by_was_not_trained_on(task: Task) -> None:
    """The training and the test split share no example."""
    _share_nothing(task, "test")


def _share_nothing(task: Task, split: Split) -> None:
    train, others = ({example.numpy().tobytes() for example in _data(task, s).inputs} for s in ("train", split))
    shared = len(train & others)
    require(shared <= _SHARED * len(others), f"{shared} examples of {split} are in the training split")


def batch_is_decided_by_the_seed(task: Task) -> None:
    """`batch` gives as many prepared training examples as asked for, the same for the same seed."""
    import torch

    try:
        with what_is_here():
            (one, labels), (same, others) = task.batch(8, seed=3), task.batch(8, seed=3)
    except ScoreFailed as error:
        raise SkipTest(str(error)) from error
    require(torch.equal(labels, others), "batch(n, seed) gives other labels at the second call")
    if isinstance(one, torch.Tensor):  # else a graph
        shape = (8, *task.input_shape)
        require(tuple(one.shape) == shape, f"batch(8) has the shape {tuple(one.shape)}, not {shape}")
        require(one.is_floating_point(), "batch() must give inputs as prepare() makes them: floating point")
        require(torch.equal(one, same), "batch(n, seed) gives other examples at the second call")


def its_own_changes_of_inputs_are_decided_by_the_seed(task: Task) -> None:
    """`augment` gives a changed copy of the same shape, the same for the same seed, and leaves its input alone."""
    import torch

    if type(task).augment is Task.augment:
        raise SkipTest("it has no augment() of its own")
    inputs = task.prepare(_data(task, "train").inputs[:16])
    kept = inputs.clone()
    one, same, other = (task.augment(inputs, seed) for seed in (1, 1, 2))
    require(one.shape == inputs.shape, f"augment() gives the shape {tuple(one.shape)}, not {tuple(inputs.shape)}")
    require(torch.equal(inputs, kept), "augment() changed its input; change a copy")
    require(torch.equal(one, same), "augment(inputs, seed) gives others at the second call")
    require(not torch.equal(one, other), "augment(inputs, seed) gives the same for every seed")


def lookup_of_what_no_table_has_fails(task: Task) -> None:
    """A figure that is not known is ScoreFailed, never made up."""
    nothing = Architecture("no_such_space", ("input", "output"), ((0, 1),))
    try:
        with what_is_here():
            found = task.lookup(nothing, task.metric.name)
    except ScoreFailed:
        return
    require(False, f"lookup() of an architecture of no space must raise ScoreFailed, but gave {found}")


def the_table_answers_for_its_space(task: Task, space: SearchSpace | None) -> None:
    """`lookup` knows the task's metric, on the validation split, of every architecture that it does not leave out."""
    for arch in _tabulated(task, space):
        try:
            with what_is_here():
                found, again = task.lookup(arch, task.metric.name), task.lookup(arch, task.metric.name)
        except ScoreFailed as error:
            remedy = "where a table knows some architectures alone, `measured` says which"
            raise Broken(f"lookup({arch}, {task.metric.name!r}) fails ({error}); {remedy}") from error
        _is_figure(found, again, arch, task.metric.name)


def the_table_tells_the_test_split_from_that_of_validation(task: Task, space: SearchSpace | None) -> None:
    """`lookup` of `test_<metric>` is the figure that a winner is judged by in the end."""
    metric = on_test(task.metric.name)
    for arch in _tabulated(task, space):
        try:
            with what_is_here():
                found, again = task.lookup(arch, metric), task.lookup(arch, metric)
        except ScoreFailed as error:
            raise SkipTest(f"it has no figures of a test split: {error}") from error
        _is_figure(found, again, arch, metric)


def _is_figure(found: Measurement, again: Measurement, arch: Architecture, metric: str) -> None:
    require(found.metric == metric, f"lookup(arch, {metric!r}) gives the metric {found.metric!r}")
    require(math.isfinite(found.value), f"lookup({arch}, {metric!r}) gives {found.value}")
    require(found == again, f"lookup({arch}, {metric!r}) gives another figure at the second call")
    require(found.seconds >= 0, f"lookup({arch}, {metric!r}) is charged with {found.seconds} seconds")


def the_table_fails_where_it_has_no_such_metric(task: Task, space: SearchSpace | None) -> None:
    """A metric without a table is ScoreFailed."""
    arch = _tabulated(task, space)[0]
    try:
        with what_is_here():
            found = task.lookup(arch, "no_such_metric")
    except ScoreFailed:
        return
    require(False, f"lookup(arch, 'no_such_metric') must raise ScoreFailed, but gave {found}")


def _data(task: Task, split: Split) -> Data:
    if not task.here:
        raise SkipTest("its examples are not here")
    try:
        with what_is_here():
            return task.data(split)
    except ScoreFailed as error:
        raise SkipTest(str(error)) from error


def _tabulated(task: Task, space: SearchSpace | None) -> list[Architecture]:
    """Some architectures that its table must know."""
    if type(task).lookup is Task.lookup:
        raise SkipTest("it is no table")
    if space is None:
        raise SkipTest("no space was given, whose architectures its table answers for")
    with what_is_here():
        return list(task.measured[:5]) or samples(space, 5)


TASK = (
    it_says_what_it_is,
    some_space_serves_it,
    its_training_split_is_fixed_and_of_the_stated_shape,
    its_validation_split_is_fixed_and_of_the_stated_shape,
    its_test_split_is_fixed_and_of_the_stated_shape,
    the_training_split_has_every_class,
    what_is_chosen_by_was_not_trained_on,
    what_is_judged_by_was_not_trained_on,
    batch_is_decided_by_the_seed,
    its_own_changes_of_inputs_are_decided_by_the_seed,
    lookup_of_what_no_table_has_fails,
)
TABLE = (
    the_table_answers_for_its_space,
    the_table_tells_the_test_split_from_that_of_validation,
    the_table_fails_where_it_has_no_such_metric,
)
