"""What a predictor can be asked: how good an architecture is on a task, or what it costs on a device."""

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
_SHARP = 0.05  # difference of cosines that weighs e times as much

Kind = Literal["task", "device"]


class Question(NamedTuple):
    """One order of architectures; two are the same where all three are.

    Args:
        metric: "merit" for the task's own, or a figure of a device, as latency_ms.
        words: what the task or the device is.
        shape: outputs and input shape of a task, the batch of a device.
    """

    metric: str
    words: str
    shape: tuple[int, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return "task" if self.metric == MERIT else "device"

    def vector(self) -> Tensor:
        """Its subject in numbers [E], as `task_vector` has them for a task."""
        return described(self.words, self.shape)


def of_task(task: Task) -> Question:
    """How good architectures are on the task."""
    return Question(MERIT, task.description, (task.outputs, *task.input_shape))


def of_device(metric: str, name: str) -> Question:
    """How little they cost on a device: a table's name for it, or words."""
    found = device(name)
    return Question(metric, found.words, (found.batch,))


class Taught(nn.Module):
    """The questions that a predictor was taught, and which of them answer another one.

    A taught question answers itself. Another is answered by those of its metric, each with the weight
    softmax(cosine / 0.05) of its vector's likeness: so no answer goes beyond what was taught. (Networks that read the
    vectors themselves ranked as well on unseen devices, on average over nine in one draw, and worse on six of these.)

    Source: attention with fixed keys as in Vinyals et al., Matching networks (2016), eq. 1.
    """

    vectors: Tensor

    def __init__(self, questions: Sequence[Question], size: int) -> None:
        super().__init__()
        self.questions = tuple(questions)
        self.register_buffer("vectors", torch.zeros(len(self.questions), size))  # [Q, E]

    def shares(self, question: Question | None) -> Tensor:
        """The weight of each taught question in the answer; None asks all tasks alike.  # [Q]

        Raises:
            RequestError: where nothing of that metric was taught.
        """
        if question in self.questions:
            return torch.eye(len(self.questions))[self.questions.index(question)]
        metric = MERIT if question is None else question.metric
        alike = torch.tensor([taught.metric == metric for taught in self.questions])
        if not alike.any():
            raise untaught(metric, sorted({taught.metric for taught in self.questions}))
        likeness = torch.zeros(len(alike))
        if question is not None:
            likeness = torch.cosine_similarity(self.vectors.cpu(), question.vector()[None])
        return torch.softmax(likeness.masked_fill(~alike, -torch.inf) / _SHARP, dim=0)


def untaught(metric: str, known: Sequence[str]) -> RequestError:
    """Says how to teach that metric."""
    how = "give it examples of the task" if metric == MERIT else "name devices: table:TASK:devices=NAME+NAME"
    return RequestError(
        f"The predictor was taught {' and '.join(known)}, not {metric}; fit one (genas fit gnn SPACE ...) and {how}."
    )
