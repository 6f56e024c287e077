"""A first layer that answers to all directions of the images' patches alike, before anything is learned.

Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (arXiv 2404.00498, section 3.2). There these filters
stay as they are; here they go on learning.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core.interfaces import Task

_IMAGES = 64  # whose patches are looked at: tens of thousands
_FLOOR = 0.01  # of the mean variance is added to each, so that noise is not blown up


@torch.no_grad()
def whitened(network: nn.Module, task: Task) -> nn.Module:
    """The network; the filters of its first convolution are the main directions of the training images' patches.

    Each is scaled to variance one and comes twice, with both signs, as a rectifier follows; filters beyond these stay
    as they were drawn. Nothing is changed where the inputs are no images, or the first layer is frozen or no
    convolution of them.
    """
    first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
    if first is None or len(task.input_shape) != 3 or not first.weight.requires_grad:
        return network
    if first.groups > 1 or first.in_channels != task.input_shape[0]:
        return network
    inputs = task.data("train").inputs
    chosen = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(0))[:_IMAGES]
    patches = _patches(network, first, task.prepare(inputs[chosen]))
    values, directions = torch.linalg.eigh(patches.T @ patches / len(patches))  # the smallest variance first
    scaled = directions * (values.clamp(min=0) + _FLOOR * values.mean()).rsqrt()
    count = min(first.out_channels // 2, len(values))
    filters = scaled.flip(1).T[:count].reshape(count, *first.weight.shape[1:]).to(first.weight.dtype)
    first.weight[: 2 * count] = torch.cat([filters, -filters])
    return network


def _patches(network: nn.Module, first: nn.Conv2d, images: Tensor) -> Tensor:
    """What the layer's filters see of the images: [n, C * k * k]."""
    seen: list[Tensor] = []

    def keep(_module: nn.Module, inputs: Any, _outputs: Any) -> None:
        seen.append(inputs[0])

    hook, training = first.register_forward_hook(keep), network.training
    network.eval()(images)
    network.train(training)
    hook.remove()
    inputs, size = seen[0], first.kernel_size
    border = tuple(k // 2 if side < k else 0 for side, k in zip(inputs.shape[2:], size, strict=True))
    return F.unfold(inputs, size, padding=border, stride=first.stride).mT.flatten(0, 1).double()
