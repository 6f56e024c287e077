"""What every task must do, and what a task that is a published table must do for its space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args
from unittest import SkipTest

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Answer, Data, SearchSpace, Split, Task
from genas.core.metrics import on_test
from genas.core.records import Architecture, Measurement
from genas.testing.contract import Broken, check, require, samples, what_is_here

if TYPE_CHECKING:
    from torch import Tensor

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
    require(task.answer in get_args(Answer), f"answer must be 'class' or 'number', not {task.answer!r}")
    require(len(task.targets) in {0, task.outputs}, f"targets names {len(task.targets)} of {task.outputs} outputs")
    named = task.classes if task.answer == "number" else task.targets
    require(not named, f"a task whose answer is a {task.answer} has no {'classes' if task.classes else 'targets'}")


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
    if task.answer == "number":
        require(torch.isfinite(data.labels).all(), f"{split} has labels that are not finite")
    else:
        require(data.labels.dtype == torch.int64, f"labels of {split} must be int64, not {data.labels.dtype}")
        low, high = int(data.labels.min()), int(data.labels.max())
        require(low >= 0 and high < task.outputs, f"labels of {split} must be 0 to {task.outputs - 1}")


def the_training_split_has_every_class(task: Task) -> None:
    """Each class can be learned."""
    labels = _data(task, "train").labels
    if task.answer == "number":
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


def its_loss_can_be_made_smaller(task: Task) -> None:
    """`loss` of a batch is one finite number with a gradient; it takes into account what `follows` says."""
    import torch

    outputs, labels = _made_up(task)
    outputs.requires_grad_()
    plain, smoothed = task.loss(outputs, labels), task.loss(outputs, labels, smoothing=0.2)
    require(plain.ndim == 0 and bool(torch.isfinite(plain)), f"loss() must be one finite number, not {plain}")
    (gradient,) = torch.autograd.grad(plain, outputs, allow_unused=True)
    require(gradient is not None and bool(gradient.abs().sum() > 0), "loss() has no gradient in the outputs")
    follows = "smoothing" in task.follows
    require(
        follows == (not torch.equal(plain, smoothed)),
        "loss() and follows disagree: name 'smoothing' there if the loss changes with it, and leave it out if not",
    )


def it_judges_outputs_by_its_metrics(task: Task) -> None:
    """`evaluate` gives every metric that the task declares, whatever the order of the examples."""
    outputs, labels = _made_up(task)
    found, turned = task.evaluate(outputs, labels), task.evaluate(outputs.flip(0), labels.flip(0))
    for metric in (task.metric, *task.metrics):
        require(metric.name in found.metrics, f"evaluate() does not give {metric.name}, which the task declares")
        value, again = found.metrics[metric.name], turned.metrics[metric.name]
        require(math.isfinite(value), f"evaluate() gives {value} as {metric.name}")
        same = math.isclose(value, again, rel_tol=1e-4, abs_tol=1e-6)
        require(same, f"{metric.name} changes with the order of the examples; error bars draw them again")


def it_prepares_inputs_as_it_says(task: Task) -> None:
    """`prepare` does what `preparation` says, so that an exported network takes raw inputs."""
    import torch

    from genas.networks.preparation import standardised

    scaling = None if task.preparation is None else task.preparation.inputs
    if scaling is None:
        raise SkipTest("it does not say how inputs are scaled, so that its networks take prepared ones")
    raw = _data(task, "train").inputs[:16]
    wanted = standardised(raw, scaling.scale, scaling.mean, scaling.std)
    require(torch.allclose(task.prepare(raw).float(), wanted, atol=1e-4), "prepare() and preparation disagree")


def _made_up(task: Task) -> tuple[Tensor, Tensor]:
    """Outputs that a network could give for some of the training examples [n, outputs], and their labels."""
    import torch

    if task.modality == "graph":
        raise SkipTest("its examples are nodes of a graph")
    labels = _data(task, "train").labels[:32]
    return torch.randn(len(labels), task.outputs, generator=torch.Generator().manual_seed(0)), labels


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
            figure = task.lookup(nothing, task.metric.name)
    except ScoreFailed:
        return
    require(False, f"lookup() of an architecture of no space must raise ScoreFailed, but gave {figure}")


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
    its_loss_can_be_made_smaller,
    it_judges_outputs_by_its_metrics,
    it_prepares_inputs_as_it_says,
    batch_is_decided_by_the_seed,
    its_own_changes_of_inputs_are_decided_by_the_seed,
    lookup_of_what_no_table_has_fails,
)
TABLE = (
    the_table_answers_for_its_space,
    the_table_tells_the_test_split_from_that_of_validation,
    the_table_fails_where_it_has_no_such_metric,
)
