"""Evaluation of networks on held-out examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core import clock
from genas.core.interfaces import Data, Task

_SHARPNESS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # inverse temperatures
_TIMED = 128  # number of examples that are timed


@dataclass(frozen=True)
class Judged:
    """The result of an evaluation.

    Args:
        accuracy: fraction of examples whose label has the largest score.
        loss: mean cross-entropy at the best of several temperatures (Guo et al., ICML 2017), so that recipes that make
            networks less confident, such as mixup, are not at a disadvantage.
    """

    accuracy: float
    loss: float

    @property
    def worth(self) -> float:
        """Accuracy minus a tenth of the loss; what trainings are compared by."""
        return self.accuracy - 0.1 * self.loss


def judge(network: nn.Module, task: Task, data: Data, device: torch.device) -> Judged:
    """Evaluate a network on raw examples; it is left in evaluation mode."""
    images = data.inputs.ndim == 4
    batches = (task.prepare(data.inputs[part].to(device)) for part in parts(len(data.labels)))
    ready = (x.contiguous(memory_format=torch.channels_last) if images else x for x in batches)
    return judged(network.eval(), ready, data.labels, device)


def judging_seconds(network: nn.Module, task: Task, device: torch.device, count: int) -> float:
    """An estimate of the seconds to evaluate `count` examples: 128 are timed, after a few to warm up."""
    data = task.data("val")
    for part in (data.inputs[:16], data.inputs[:_TIMED]):
        start = clock.now()
        judge(network, task, Data(part, data.labels[: len(part)]), device)
    return count * (clock.now() - start) / len(part)


@torch.inference_mode()
def judged(
    forward: Callable[[Tensor], Tensor], batches: Iterable[Tensor], labels: Tensor, device: torch.device
) -> Judged:
    """Evaluate a function on prepared inputs.

    Args:
        forward: prepared inputs [B, ...] -> scores [B, classes].
        batches: of the inputs, in the order of the labels.
        labels: [n].
        device: where to compute.
    """
    scores = torch.cat([forward(inputs.to(device)).float() for inputs in batches])  # [n, classes]
    wanted = labels.to(device)
    right = int((scores.argmax(1) == wanted).sum())
    losses = [float(F.cross_entropy(scores * sharp, wanted)) for sharp in _SHARPNESS]
    return Judged(right / len(labels), min((x for x in losses if math.isfinite(x)), default=math.inf))


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
