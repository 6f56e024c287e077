"""The loss of a training step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from genas.training.augment import mix
from genas.training.recipe import Recipe


def loss(
    forward: Callable[[Tensor], Tensor], inputs: Tensor, labels: Tensor, recipe: Recipe, generator: torch.Generator
) -> Tensor:
    """Mean cross-entropy over examples; in an ensemble also over members, each of which is trained separately.

    Args:
        forward: inputs [B, ...] -> logits [B, C], or [members, B, C].
        inputs: [B, ...].
        labels: [B].
        recipe: its label smoothing and mixup.
        generator: draws the blended examples; on the CPU.
    """
    if recipe.mix == 0:
        return _cross_entropy(forward(inputs), labels, recipe.smoothing)
    mixed = mix(inputs, labels, recipe.mix, generator)
    scores = forward(mixed.inputs)
    first, second = (_cross_entropy(scores, y, recipe.smoothing) for y in (labels, mixed.second))
    return torch.lerp(first, second, mixed.share)


def _cross_entropy(scores: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    if scores.ndim == 3:
        scores, labels = scores.flatten(0, 1), labels.repeat(len(scores))
    return F.cross_entropy(scores, labels, label_smoothing=smoothing)
