"""Teaches the learned predictor several questions at once, and how unsure to be of those it was not taught."""

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

_PARTS = 4  # in which questions are left out, at most
_LEAST = 10  # answers that intervals are calibrated on


class Lesson(NamedTuple):
    """What n examples answer to Q questions.

    Args:
        questions: Q of them.
        vectors: of their subjects, [Q, E].
        quantiles: [n, Q] rank of each example from 0 (worst) to 1 (best), nan where it has no answer.
    """

    questions: tuple[Question, ...]
    vectors: Tensor
    quantiles: Tensor

    def without(self, left: Collection[int]) -> Lesson:
        """The lesson but for the questions of these numbers."""
        kept = [number for number in range(len(self.questions)) if number not in left]
        return Lesson(tuple(self.questions[k] for k in kept), self.vectors[kept], self.quantiles[:, kept])

    def parts(self) -> list[list[int]]:
        """The questions in up to four parts, to be left out in turn: alike many tasks and devices in each.

        All that is asked of one device is left out together. Where there is one subject of a kind, it stays in.
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
    """A new predictor fitted to several questions, as `teach` fits one to one; and what `train` returned.

    Architectures are compared within one question, tasks among each other too: their ranks are alike enough to share
    pairs. Tasks and devices weigh the same however many there are.

    Args:
        archs: n examples; the same architecture is left out of the same net wherever it stands.
        lesson: what they answer.
        train: see `teach`.
    """
    questions = [list(question) for question in lesson.questions]
    model = GraphPredictor(space.name, space.ops, questions=questions, size=lesson.vectors.shape[1])
    if model.taught is None:
        raise RequestError("A predictor needs a question to be taught.")
    model.taught.vectors.copy_(lesson.vectors)
    of_task = torch.tensor([question.kind == "task" for question in lesson.questions])
    costs = (~of_task).nonzero()  # [C, 1]
    groups, amounts = [of_task.nonzero().flatten(), *costs], [1.0, *([1 / max(1, len(costs))] * len(costs))]
    folds = folds_of(archs, model.config["nets"])

    def loss(batch: Collated, rows: Tensor, weights: Tensor) -> Tensor:
        found, wanted = model(batch), lesson.quantiles[rows].T.to(device)  # [nets, Q, B], [Q, B]
        total: Tensor = found.sum() * 0
        for group, amount in zip(groups, amounts, strict=True):
            number, column = (~wanted[group].isnan()).nonzero(as_tuple=True)
            one = predictor_loss(found[:, group[number], column], wanted[group[number], column], weights[:, column])
            total = total + amount * one
        return total / (float(of_task.any()) + float(len(costs) > 0))

    value = train(model, folded(model, archs, folds, loss, device))
    found = model.eval().logits(archs, device)  # [nets, Q, n]
    model.config["stretches"] = _stretches(found, folds, lesson.quantiles)
    return model, value


def _stretches(found: Tensor, folds: Tensor, quantiles: Tensor) -> list[float]:
    """For each question; one with fewer than ten answers takes the largest of the others, as 1 where there is none."""
    some = [(number, column, ~column.isnan()) for number, column in enumerate(quantiles.T)]
    own = {
        number: stretch_of(found[:, number, known], folds[known], column[known].numpy().astype(np.float64))
        for number, column, known in some
        if int(known.sum()) >= _LEAST
    }
    return [own.get(number, max(own.values(), default=1.0)) for number, _, _ in some]


def folds_of(archs: Sequence[Architecture], nets: int) -> Tensor:
    """Which net does not see each example: the same for the same architecture.  # [n]"""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(arch.key for arch in archs))}
    return torch.tensor([numbers[arch.key] % nets for arch in archs])


def widen(
    model: GraphPredictor,
    space: SearchSpace,
    archs: Sequence[Architecture],
    lesson: Lesson,
    trains: Callable[[int], Train],
) -> None:
    """Find out how unsure a predictor should be of questions that it was not taught.

    In turn it is taught without some of the tasks and devices and asked about these: for each kind, nine tenths of what
    was left out lies within 1.645 of the widened deviations. So they hold how much tasks (devices) differ as far as the
    taught ones do; where only one is known, nothing is known of that.

    Source: leave-one-out over groups, see `genas.predictors.task_transfer.KnownTasks`.

    Args:
        model: what `teach_questions` made of the same examples and lesson.
        trains: the training of each part.
    """
    folds, errors = folds_of(archs, model.config["nets"]), dict[str, list[Floats]]()
    device = str(model.taught.vectors.device) if model.taught else "cpu"
    for part, left in enumerate(lesson.parts()):
        rest = lesson.without(left)
        other, _ = teach_questions(space, archs, rest, trains(part), device)
        for number in left:
            question, column = lesson.questions[number], lesson.quantiles[:, number]
            if question.metric not in {one.metric for one in rest.questions}:
                continue  # it has no answer
            known = (~column.isnan()).nonzero().flatten()
            found = other.asked([archs[int(row)] for row in known], device, question)
            values = column[known].numpy().astype(np.float64)
            errors.setdefault(question.kind, []).append(np.stack([*left_out_of(found, folds[known]), values]))
    for kind, parts in errors.items():
        if len((known_of := np.concatenate(parts, axis=1))[0]) >= _LEAST:
            model.config["widened"][kind] = calibrate(*known_of).factor / TWO_SIDED_90
