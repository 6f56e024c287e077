"""Whitening initialisation: a first layer whose outputs have equal variance in all directions of image patches.

Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (arXiv 2404.00498, section 3.2). In the paper these
filters are frozen; here they are trained further.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core.interfaces import Task

_IMAGES = 64  # number of images; they have tens of thousands of patches
_FLOOR = 0.01  # fraction of the mean variance added to each variance, so that noise is not amplified


@torch.no_grad()
def whitened(network: nn.Module, task: Task) -> nn.Module:
    """Set the filters of the first convolution to the principal components of training image patches, in place.

    Each component is scaled to unit variance and used twice, with both signs, because a rectifier follows. Further
    filters keep their initial values. Nothing changes if the inputs are not images, or if the first layer is frozen or
    is not a convolution of the images.

    Returns:
        the same network.
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
    """The image patches that the layer's filters are applied to: [n, C * k * k]."""
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
