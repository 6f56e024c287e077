"""The questions that a predictor answers: how good an architecture is on a task, or what it costs on a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.encodings.devices import device
from genas.encodings.sentences import described

MERIT = "merit"
_SHARP = 0.05  # temperature: a cosine larger by this much has e times the weight

Kind = Literal["task", "device"]


class Question(NamedTuple):
    """A criterion that ranks architectures.

    Args:
        metric: "merit" for the metric of a task, or a metric of a device, such as latency_ms.
        words: description of the task or the device.
        shape: outputs and input shape of a task; batch size of a device.
    """

    metric: str
    words: str
    shape: tuple[int, ...] = ()

    @property
    def kind(self) -> Kind:
        """Whether it is about a task or a device."""
        return "task" if self.metric == MERIT else "device"

    def vector(self) -> Tensor:
        """The embedding [E] of its task or device; for a task, the same as `task_vector`."""
        return described(self.words, self.shape)


def of_task(task: Task) -> Question:
    """The question of how good architectures are on the task."""
    return Question(MERIT, task.description, (task.outputs, *task.input_shape))


def of_device(metric: str, name: str) -> Question:
    """The question of how little architectures cost on a device.

    Args:
        metric: such as latency_ms.
        name: a table's name for the device, or a description in words.
    """
    described_device = device(name)
    return Question(metric, described_device.words, (described_device.batch,))


class Taught(nn.Module):
    """The questions that a predictor was trained on, and their weights in the answer to a new question.

    A trained question has weight 1 in its own answer. A new question is answered by the trained ones of the same
    metric, with weights softmax(cosine similarity / 0.05) of their vectors. So an answer never extrapolates beyond the
    trained questions. (Networks that read the vectors themselves ranked as well on unseen devices, on average over nine
    devices in one draw, and worse on six of these.)

    Source: attention with fixed keys as in Vinyals et al., Matching networks (2016), eq. 1.

    Args:
        questions: the Q trained questions.
        size: E, the length of their vectors.
    """

    vectors: Tensor

    def __init__(self, questions: Sequence[Question], size: int) -> None:
        super().__init__()
        self.questions = tuple(questions)
        self.register_buffer("vectors", torch.zeros(len(self.questions), size))  # [Q, E]

    def shares(self, question: Question | None) -> Tensor:
        """The weight [Q] of each trained question in the answer; None weighs all tasks equally.

        Raises:
            RequestError: no question of that metric was trained.
        """
        if question in self.questions:
            return torch.eye(len(self.questions))[self.questions.index(question)]
        metric = MERIT if question is None else question.metric
        same_metric = torch.tensor([taught.metric == metric for taught in self.questions])
        if not same_metric.any():
            raise untaught(metric, sorted({taught.metric for taught in self.questions}))
        similarity = torch.zeros(len(same_metric))
        if question is not None:
            similarity = torch.cosine_similarity(self.vectors.cpu(), question.vector()[None])
        return torch.softmax(similarity.masked_fill(~same_metric, -torch.inf) / _SHARP, dim=0)


def untaught(metric: str, known: Sequence[str]) -> RequestError:
    """The error for a metric that the predictor was not trained on; it says how to train one that was."""
    how = "give it examples of the task" if metric == MERIT else "name devices: table:TASK:devices=NAME+NAME"
    return RequestError(
        f"The predictor was taught {' and '.join(known)}, not {metric}; fit one (genas fit gnn SPACE ...) and {how}."
    )
