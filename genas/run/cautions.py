"""Warnings for the reader of a run's figures: limits genas added, models that saw labels, odd tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from genas.core import assets, registry
from genas.core.interfaces import Task
from genas.core.metrics import ACCURACY, Metric
from genas.core.records import Request, Trial
from genas.run.regressors import as_outputs

_RISING = 0.01  # over the last quarter of a training: of accuracy, or of the value where it is no fraction
_FEW = 400  # test examples: the 95 % interval of an accuracy of .9 is then 6 points wide


def too_slow(train_ms: float) -> str:
    """Say that networks slower than this many milliseconds per example are left out."""
    return (
        f"The seconds of the budget leave out networks that train slower than {train_ms:.3g} ms an example. "
        "A budget in trials has no such limit."
    )


def not_followed(request: Request, metric: str) -> Iterator[tuple[str, str]]:
    """Warnings (name, sentence) where a race decides what the request also says."""
    if request.budget.trials is None and "epochs" in request.validator.options:
        yield "epochs", "The budget counts seconds, so the epochs that were asked for do not bound the training."
    for use in request.scorers:
        if registry.load("scorers", use.name).metric.name == metric:
            yield (
                use.name,
                f"The race measures {metric} itself, by trainings that go on; the scorer {use.name} is not used.",
            )


def cautions(request: Request, task: Task) -> Iterator[tuple[str, str]]:
    """Warnings (name, sentence) that are known before anything is measured."""
    if task.caution:
        yield "task", task.caution
    for name in _models(request):
        count = assets.seen(f"{name}-{request.space.name}").get(str(request.task), 0)
        if count:
            yield (
                name,
                f"The model of {name} was fitted on validation accuracies of {count} architectures on this very task "
                f"({request.task}); on a new task it knows less. It saw no test accuracy.",
            )


def after_training(task: Task, winner: Trial) -> Iterator[tuple[str, str]]:
    """Warnings (name, sentence) about a winner's figures: at chance, still rising, few examples, part of the data."""
    if text := at_chance(task, winner) if task.answer == "class" else at_mean(task, winner):
        yield "at chance", text
    full = [m for m in winner.all(task.metric.name) if m.fidelity == 1 and len(m.curve) >= 4]
    if full and (text := _rising(task.metric, full[0].curve)):
        yield "rising", text
    tests = [m.examples for m in winner.all(task.metric.on_test.name) if m.examples]
    if tests and tests[0] < _FEW:
        unsure = "uncertain by several points" if task.metric.share else "uncertain"
        yield "few tests", f"The test split has {tests[0]} examples only: its figure is {unsure}."
    if task.limit is not None:
        yield "part", f"Only {task.limit:,} of the training examples were used, as the request says."


def _rising(metric: Metric, curve: Sequence[float]) -> str | None:
    """Say that the last quarter of a training still improved the figure; None if it did not."""
    change = curve[-1] - curve[-3]
    if metric.sign * change <= _RISING * (1.0 if metric.fraction else abs(curve[-1])):
        return None
    does = "rises" if metric.goal == "max" else "falls"
    return (
        f"The winner's curve still {does} ({change:+.3f} over the last quarter of its training): a larger budget will "
        "bring more."
    )


def at_mean(task: Task, trial: Trial) -> str | None:
    """Say that a network is not clearly better than always answering the mean; None if it is.

    The test split itself is not looked at: the mean is that of the training labels, judged on the validation split.
    """
    tested = trial.all(task.metric.on_test.name)
    outputs = as_outputs(task, task.data("train").labels)
    if not tested or outputs is None:
        return None
    labels = task.data("val").labels
    always = task.evaluate(outputs.mean(0).expand(len(labels), -1), labels).metrics[task.metric.name]
    value = sum(m.value for m in tested) / len(tested)
    if task.metric.sign * (value - always) > 2 * max(m.std or 0.0 for m in tested):
        return None
    return (
        f"On the test split the winner is hardly better than always saying the mean of the training examples "
        f"({task.metric.label} {always:.4g} on the validation split): it has learned next to nothing. Raise the "
        "budget, or look at the data."
    )


def at_chance(task: Task, trial: Trial) -> str | None:
    """Say that a network is not clearly better than always answering the most frequent class; None if it is.

    The test split itself is not looked at: the share of that class is the training split's, and its two standard errors
    (Wald) are those of as many examples as the validation split has.
    """
    tested = [m.value for m in trial.all(ACCURACY.on_test.name)]
    if not tested:
        return None
    labels = task.data("train").labels.flatten().tolist()
    most = max(Counter(labels).values()) / len(labels)
    error = math.sqrt(most * (1 - most) / len(task.data("val").labels))
    if sum(tested) / len(tested) > most + 2 * error:
        return None
    return (
        f"On the test split the winner is hardly better than always saying the most frequent class ({most:.1%} of the "
        "training examples): it has learned next to nothing. Raise the budget, or look at the data."
    )


def _models(request: Request) -> dict[str, None]:
    """Plug-ins that may load a trained model, including those that refiners ask."""
    names = [use.name for use in (*request.proposers, *request.scorers)]
    for use in request.refiners:
        if use.name in registry.names("refiners") and "generators" in registry.options("refiners", use.name):
            default = registry.options("refiners", use.name)["generators"].default
            names += use.options.get("generators", default)
    return dict.fromkeys(names)
