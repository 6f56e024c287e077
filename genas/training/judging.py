"""Evaluation of networks on held-out examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genas.core import clock
from genas.core.errors import GenasError
from genas.core.interfaces import Data, Task
from genas.core.rng import seed_of
from genas.core.task_records import Evaluation

_LOSS = 0.1  # weight of the loss beside a share, which is noisier on few examples
_TIMED = 128  # number of examples that are timed
_DRAWS = 200  # bootstrap samples for a standard error


@dataclass(frozen=True)
class Judged:
    """The result of an evaluation.

    Args:
        value: value of the task's metric.
        loss: the loss that the task's `evaluate` returned.
        error: standard error of the value over the choice of examples; None if it was not requested.
        others: names and values of the task's further `metrics`, in their order.
    """

    value: float
    loss: float
    error: float | None = None
    others: tuple[tuple[str, float], ...] = ()


def worth(task: Task, value: float, loss: float) -> float:
    """The criterion that compares points of a training; larger is better.

    It is the value of the task's metric, negated if less is better. If the metric is a share, a tenth of the loss is
    subtracted.
    """
    return task.metric.sign * value - (_LOSS * loss if task.metric.share else 0.0)


def judge(network: nn.Module, task: Task, data: Data, device: torch.device, *, sure: bool = False) -> Judged:
    """Evaluate a network on raw examples; it is left in evaluation mode.

    Args:
        network: the network.
        task: prepares the inputs and evaluates the outputs.
        data: raw examples.
        device: where to compute.
        sure: whether to compute the standard error too.
    """
    images = data.inputs.ndim == 4
    batches = (task.prepare(data.inputs[part].to(device)) for part in parts(len(data.labels)))
    ready = (x.contiguous(memory_format=torch.channels_last) if images else x for x in batches)
    return judged(network.eval(), ready, task, data.labels, device, sure=sure)


def judging_seconds(network: nn.Module, task: Task, device: torch.device, count: int) -> float:
    """An estimate of the seconds to evaluate `count` examples: 128 are timed, after a few to warm up."""
    data = task.data("val")
    for part in (data.inputs[:16], data.inputs[:_TIMED]):
        start = clock.now()
        judge(network, task, Data(part, data.labels[: len(part)]), device)
    return count * (clock.now() - start) / len(part)


@torch.inference_mode()
def judged(
    forward: Callable[[Tensor], Tensor],
    batches: Iterable[Tensor],
    task: Task,
    labels: Tensor,
    device: torch.device,
    *,
    sure: bool = False,
) -> Judged:
    """Evaluate a function on prepared inputs.

    Args:
        forward: prepared inputs [B, ...] -> outputs [B, ...].
        batches: of the inputs, in the order of the labels.
        task: evaluates the outputs.
        labels: [n, ...].
        device: where to compute.
        sure: whether to compute the standard error too.

    Raises:
        GenasError: the task's `evaluate` does not return a metric that the task declares.
    """
    outputs = torch.cat([forward(inputs.to(device)).float() for inputs in batches])
    wanted = labels.to(device)
    found = task.evaluate(outputs, wanted)
    value = _figure(task, task.metric.name, found)
    others = tuple((metric.name, _figure(task, metric.name, found)) for metric in task.metrics)
    return Judged(value, float(found.loss), _error(task, value, outputs, wanted) if sure else None, others)


def _figure(task: Task, name: str, found: Evaluation) -> float:
    """The value of a metric that the task declares."""
    if name not in found.metrics:
        given = ", ".join(found.metrics) or "none"
        raise GenasError(
            f"{task.name} declares the metric {name}, but its evaluate gives {given}: add {name!r} to what it returns."
        )
    return float(found.metrics[name])


def _error(task: Task, value: float, outputs: Tensor, wanted: Tensor) -> float:
    """The standard error of the task's metric over the choice of examples.

    Source: for a share, the binomial distribution, with a variance of at least that of one example in a thousand; for
    other metrics, the bootstrap (Efron, Annals of Statistics 1979).
    """
    count = len(wanted)
    if task.metric.share:
        return math.sqrt(max(value * (1 - value), 1e-3) / count)
    generator = torch.Generator().manual_seed(seed_of("bootstrap", count))
    drawn = []
    for _ in range(_DRAWS):
        rows = torch.randint(count, (count,), generator=generator).to(wanted.device)
        drawn.append(_figure(task, task.metric.name, task.evaluate(outputs[rows], wanted[rows])))
    return float(torch.tensor(drawn, dtype=torch.float64).std())


@torch.no_grad()
def renew_norms(network: nn.Module, forward: Callable[[Tensor], Tensor], batches: Iterable[Tensor]) -> None:
    """Recompute the statistics of batch norms for averaged weights, since those of the training don't fit them.

    Frozen layers keep theirs.

    Source: Izmailov et al. (UAI 2018), section 3.2.

    Args:
        network: its batch norms are changed; it is left in evaluation mode.
        forward: the network, or the part of it that takes the batches as inputs.
        batches: prepared inputs.
    """
    network.train()
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.training]
    network.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of all batches
        norm.train()
    for inputs in batches if norms else ():
        forward(inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


def parts(total: int, size: int = 256) -> tuple[Tensor, ...]:
    """Indices of `total` examples in batches of `size`."""
    return torch.split(torch.arange(total), size)
