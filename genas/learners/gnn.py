"""A graph network that predicts how good architectures of one space are, for the scorer `gnn`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from genas.core import registry
from genas.core.examples import Example, quantiles
from genas.core.learner import Learner, Lessons

if TYPE_CHECKING:
    from genas.predictors.multi_task import Lesson


class GnnLearner(Learner):
    """Fits four networks, each of which leaves a fold out.

    From examples of several tasks, or with costs on devices, it learns each order; it is then asked in words for one.

    Source: see `genas.predictors.gnn` and `genas.predictors.multi_task`.
    """

    what: ClassVar[str] = (
        "A graph neural network ensemble that predicts the rank of an architecture, with an uncertainty"
    )
    loss: ClassVar[str] = "4 x squared error of the rank quantile + pairwise ranking loss"
    library: ClassVar[str] = "torch-geometric"

    def learn(self, lessons: Lessons) -> float:
        """Write a graph predictor; several orders also make one network without each, to know how far words carry."""
        from genas.predictors.gnn import teach
        from genas.predictors.multi_task import teach_questions, widen

        (space,), examples = lessons.spaces, lessons.examples
        archs = [e.arch for e in examples]
        if len({e.task for e in examples}) == 1 and not any(" " in name for e in examples for name in e.costs):
            model, _, held_out = teach(space, archs, quantiles(examples), lessons.train, lessons.device)
        else:
            orders = lesson(examples)
            model, held_out = teach_questions(space, archs, orders, lessons.train, lessons.device)
            widen(model, space, archs, orders, lambda part: partial(lessons.train, part=f"-without-{part}"))
        model.eval().to("cpu").save(lessons.folder)
        return held_out


def lesson(examples: Sequence[Example]) -> Lesson:
    """What a predictor learns from the examples: how good they are on each task and how cheap on each device.

    Ranks are within a task, costs too: a table may tell what a device takes for each task's own inputs.
    """
    import torch

    from genas.predictors.multi_task import Lesson
    from genas.predictors.questions import MERIT, Question, of_device, of_task

    uses = {e.task: e.use for e in examples}
    made = {task: use and registry.create("tasks", use, device="cpu", seed=0) for task, use in uses.items()}
    asked = {name: of_task(task) if task else Question(MERIT, name) for name, task in made.items()}
    costs = sorted({name for e in examples for name in e.costs if " " in name})
    asked |= {name: of_device(*name.split(" ", 1)) for name in costs}
    questions = list(dict.fromkeys(asked.values()))
    table = torch.full((len(examples), len(questions)), torch.nan)
    for name, question in asked.items():
        rows = [row for row, e in enumerate(examples) if name == e.task or name in e.costs]
        ranked = [examples[row] if name == examples[row].task else _cheapest(examples[row], name) for row in rows]
        table[rows, questions.index(question)] = torch.tensor(quantiles(ranked))
    return Lesson(tuple(questions), torch.stack([question.vector() for question in questions]), table)


def _cheapest(example: Example, cost: str) -> Example:
    """The same as an example of what is best where it costs little."""
    return example._replace(merit=-example.costs[cost])
