"""The loss of a training step: the task's loss, with mixup, over all members of an ensemble."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genas.core.interfaces import Task
from genas.training.augment import mix
from genas.training.recipe import Recipe


def loss(
    forward: Callable[[Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    recipe: Recipe,
    generator: torch.Generator,
    *,
    task: Task,
    members: bool = False,
) -> Tensor:
    """The mean of the task's loss over examples; in an ensemble also over members, each of which trains separately.

    Args:
        forward: inputs [B, ...] -> outputs [B, ...], or [members, B, ...].
        inputs: [B, ...].
        targets: [B, ...].
        recipe: its label smoothing and mixup.
        generator: draws the blended examples; on the CPU.
        task: provides the loss.
        members: whether the first dimension of outputs is that of members.
    """

    def cost(outputs: Tensor, wanted: Tensor) -> Tensor:
        if members:
            wanted = wanted.repeat(len(outputs), *(1,) * (wanted.ndim - 1))
            outputs = outputs.flatten(0, 1)
        return task.loss(outputs, wanted, smoothing=recipe.smoothing)

    if recipe.mix == 0:
        return cost(forward(inputs), targets)
    mixed = mix(inputs, targets, recipe.mix, generator)
    outputs = forward(mixed.inputs)
    return torch.lerp(cost(outputs, targets), cost(outputs, mixed.second), mixed.share)
