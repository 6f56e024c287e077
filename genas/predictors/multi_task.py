"""Trains the predictor on several questions at once, and calibrates its uncertainty on new questions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.predictors.conformal import TWO_SIDED_90, calibrate
from genas.predictors.gnn import (
    Collated,
    Floats,
    GraphPredictor,
    Train,
    folded,
    left_out_of,
    predictor_loss,
    stretch_of,
)
from genas.predictors.questions import Kind, Question

_PARTS = 4  # maximum number of folds in which questions are left out
_LEAST = 10  # minimum number of answers to calibrate intervals on


class Lesson(NamedTuple):
    """The answers of n examples to Q questions.

    Args:
        questions: Q of them.
        vectors: [Q, E] embeddings of their tasks and devices.
        quantiles: [n, Q] rank of each example from 0 (worst) to 1 (best); nan where it has no answer.
    """

    questions: tuple[Question, ...]
    vectors: Tensor
    quantiles: Tensor

    def without(self, left: Collection[int]) -> Lesson:
        """The same lesson without the questions of these indices."""
        kept = [number for number in range(len(self.questions)) if number not in left]
        return Lesson(tuple(self.questions[k] for k in kept), self.vectors[kept], self.quantiles[:, kept])

    def parts(self) -> list[list[int]]:
        """Indices of the questions in up to four folds to leave out in turn, with tasks and devices spread evenly.

        All questions about one device are in the same fold. If there is only one task, or one device, it is in none.
        """
        subjects: dict[Kind, list[tuple[object, ...]]] = {"task": [], "device": []}
        for question in self.questions:
            if question[1:] not in subjects[question.kind]:
                subjects[question.kind].append(question[1:])
        most = min(_PARTS, max(map(len, subjects.values())))
        parts: list[list[int]] = [[] for _ in range(most)]
        for number, question in enumerate(self.questions):
            if len(own := subjects[question.kind]) > 1:
                parts[own.index(question[1:]) % most].append(number)
        return [part for part in parts if part]


def teach_questions(
    space: SearchSpace, archs: Sequence[Architecture], lesson: Lesson, train: Train, device: str = "cpu"
) -> tuple[GraphPredictor, float]:
    """A new predictor fitted to several questions, and the value that `train` returned. `teach` fits to one question.

    The ranking loss compares architectures within one device, and across all tasks (ranks on different tasks are
    similar enough for that). All tasks together have the same weight as all devices together.

    Args:
        space: the search space.
        archs: n examples; the same architecture is held out from the same net wherever it occurs.
        lesson: their answers.
        train: see `teach`.
        device: where to train.

    Raises:
        RequestError: the lesson has no question.
    """
    questions = [list(question) for question in lesson.questions]
    model = GraphPredictor(space.name, space.ops, questions=questions, size=lesson.vectors.shape[1])
    if model.taught is None:
        raise RequestError("A predictor needs at least one question: a task or a device with measured architectures.")
    model.taught.vectors.copy_(lesson.vectors)
    of_task = torch.tensor([question.kind == "task" for question in lesson.questions])
    costs = (~of_task).nonzero()  # [C, 1]
    groups, amounts = [of_task.nonzero().flatten(), *costs], [1.0, *([1 / max(1, len(costs))] * len(costs))]
    folds = folds_of(archs, model.config["nets"])

    def loss(batch: Collated, rows: Tensor, weights: Tensor) -> Tensor:
        logits, targets = model(batch), lesson.quantiles[rows].T.to(device)  # [nets, Q, B], [Q, B]
        total: Tensor = logits.sum() * 0
        for group, amount in zip(groups, amounts, strict=True):
            number, column = (~targets[group].isnan()).nonzero(as_tuple=True)
            one = predictor_loss(logits[:, group[number], column], targets[group[number], column], weights[:, column])
            total = total + amount * one
        return total / (float(of_task.any()) + float(len(costs) > 0))

    value = train(model, folded(model, archs, folds, loss, device))
    logits = model.eval().logits(archs, device)  # [nets, Q, n]
    model.config["stretches"] = _stretches(logits, folds, lesson.quantiles)
    return model, value


def _stretches(logits: Tensor, folds: Tensor, quantiles: Tensor) -> list[float]:
    """The stretch of each question; with fewer than ten answers, the largest of the others, or 1 if there is none."""
    columns = [(number, column, ~column.isnan()) for number, column in enumerate(quantiles.T)]
    own = {
        number: stretch_of(logits[:, number, answered], folds[answered], column[answered].numpy().astype(np.float64))
        for number, column, answered in columns
        if int(answered.sum()) >= _LEAST
    }
    return [own.get(number, max(own.values(), default=1.0)) for number, _, _ in columns]


def folds_of(archs: Sequence[Architecture], nets: int) -> Tensor:
    """The index [n] of the net that each example is held out from; equal for equal architectures."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(arch.key for arch in archs))}
    return torch.tensor([numbers[arch.key] % nets for arch in archs])


def widen(
    model: GraphPredictor,
    space: SearchSpace,
    archs: Sequence[Architecture],
    lesson: Lesson,
    trains: Callable[[int], Train],
) -> None:
    """Calibrate the predictor's uncertainty on tasks and devices that it was not trained on; set `widened` in place.

    Predictors are trained without some of the tasks and devices and then asked about these. For each kind, 90 % of the
    left-out answers lie within 1.645 of the widened standard deviations. So these cover differences between tasks (or
    devices) as far as the trained ones differ. With only one task (or device), nothing is set for it.

    Source: leave-one-out over groups, see `genas.predictors.task_transfer.KnownTasks`.

    Args:
        model: the result of `teach_questions` on the same examples and lesson.
        space: the search space.
        archs: the n examples.
        lesson: their answers.
        trains: returns the training function of each fold.
    """
    folds, errors = folds_of(archs, model.config["nets"]), dict[str, list[Floats]]()
    device = str(model.taught.vectors.device) if model.taught else "cpu"
    for part, left in enumerate(lesson.parts()):
        rest = lesson.without(left)
        other, _ = teach_questions(space, archs, rest, trains(part), device)
        for number in left:
            question, column = lesson.questions[number], lesson.quantiles[:, number]
            if question.metric not in {one.metric for one in rest.questions}:
                continue  # no trained question can answer it
            answered = (~column.isnan()).nonzero().flatten()
            logits = other.asked([archs[int(row)] for row in answered], device, question)
            values = column[answered].numpy().astype(np.float64)
            errors.setdefault(question.kind, []).append(np.stack([*left_out_of(logits, folds[answered]), values]))
    for kind, parts in errors.items():
        predictions = np.concatenate(parts, axis=1)  # mean, spread, value: [3, n]
        if len(predictions[0]) >= _LEAST:
            model.config["widened"][kind] = calibrate(*predictions).factor / TWO_SIDED_90
