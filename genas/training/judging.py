"""What a network does on examples that it was not trained on."""

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

_LOSS = 0.1  # what the loss weighs beside a share of few examples, which is the less steady figure
_TIMED = 128  # examples
_DRAWS = 200  # samples with replacement that an error bar comes from


@dataclass(frozen=True)
class Judged:
    """What the averaged weights do on the validation split.

    Args:
        value: of the task's metric.
        loss: as the task's `evaluate` says.
        error: the standard error of the value over the choice of examples; None where it was not asked for.
        others: names and values of the task's further `metrics`, in their order.
    """

    value: float
    loss: float
    error: float | None = None
    others: tuple[tuple[str, float], ...] = ()


def worth(task: Task, value: float, loss: float) -> float:
    """What two points of a training are compared by, larger is better: the metric, a share less a tenth of the loss."""
    return task.metric.sign * value - (_LOSS * loss if task.metric.share else 0.0)


def judge(network: nn.Module, task: Task, data: Data, device: torch.device, *, sure: bool = False) -> Judged:
    """What the task says of a network in evaluation mode; its error too where it must be `sure`."""
    images = data.inputs.ndim == 4
    batches = (task.prepare(data.inputs[part].to(device)) for part in parts(len(data.labels)))
    ready = (x.contiguous(memory_format=torch.channels_last) if images else x for x in batches)
    return judged(network.eval(), ready, task, data.labels, device, sure=sure)


def judging_seconds(network: nn.Module, task: Task, device: torch.device, count: int) -> float:
    """About how long it takes to judge so many examples: some are timed, after a few that are not."""
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
    """The same of what turns prepared inputs into outputs [B, ...], for batches in the order of the labels [n, ...].

    Raises:
        GenasError: the task's `evaluate` does not give a metric that the task declares.
    """
    outputs = torch.cat([forward(inputs.to(device)).float() for inputs in batches])
    wanted = labels.to(device)
    found = task.evaluate(outputs, wanted)
    value = _figure(task, task.metric.name, found)
    others = tuple((metric.name, _figure(task, metric.name, found)) for metric in task.metrics)
    return Judged(value, float(found.loss), _error(task, value, outputs, wanted) if sure else None, others)


def _figure(task: Task, name: str, found: Evaluation) -> float:
    """The value of one of the metrics that the task declares."""
    if name not in found.metrics:
        given = ", ".join(found.metrics) or "none"
        raise GenasError(
            f"{task.name} declares the metric {name}, but its evaluate gives {given}: add {name!r} to what it returns."
        )
    return float(found.metrics[name])


def _error(task: Task, value: float, outputs: Tensor, wanted: Tensor) -> float:
    """The standard error of the task's metric over the choice of examples.

    Source: of a share that of the binomial distribution, at least that of one example in a thousand; else the bootstrap
    (Efron, Annals of Statistics 1979).
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
    """Take the statistics of batch normalisation anew: those of many weights suit none, their average least of all.

    Layers that are frozen keep theirs. Source: Izmailov et al. (UAI 2018), section 3.2.

    Args:
        network: whose layers are meant; it is left in evaluation mode.
        forward: all of it, or the part that the batches are inputs of.
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
    """The numbers of so many examples in batches."""
    return torch.split(torch.arange(total), size)
