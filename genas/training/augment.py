"""Augmentation of prepared images by a recipe; all random numbers come from one generator."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genas.training.recipe import Recipe

_GROWTH = ((0.25, 0.5), (0.6, 0.75))  # (until this fraction of a leg, images have this fraction of height and width)


class Mixed(NamedTuple):
    """Blended images (mixup): the label of each second image, and its weight."""

    inputs: Tensor  # [B, C, H, W]
    second: Tensor  # [B]
    share: float


def augment(inputs: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Images [B, C, H, W], mirrored or rotated, shifted and partly blanked out at random."""
    side = min(inputs.shape[2:])
    if recipe.flips != "none":
        inputs = _turned(inputs, recipe.flips == "turns", generator)
    if pixels := round(recipe.shift * side):
        inputs = _moved(inputs, pixels, generator)
    if hole := round(recipe.cutout * side):
        inputs = _cut(inputs, hole, generator)
    return inputs


def share_of_side(progress: float) -> float:
    """The fraction of their height and width that growing images have at this progress of a leg.

    Source: progressive resizing, as in EfficientNetV2 (Tan & Le, ICML 2021, section 4.2): features learned quickly on
    small images transfer to large ones.
    """
    return next((share for until, share in _GROWTH if progress < until), 1.0)


def shrunk(inputs: Tensor, share: float, least: int) -> Tensor:
    """Images [B, C, H, W] resized to the fraction `share` of their sides: even numbers of pixels, at least `least`."""
    sides = [min(side, max(least, 2 * round(side * share / 2))) for side in inputs.shape[2:]]
    if sides == list(inputs.shape[2:]):
        return inputs
    return F.interpolate(inputs, size=sides, mode="bilinear", antialias=True, align_corners=False)


def mix(inputs: Tensor, labels: Tensor, most: float, generator: torch.Generator) -> Mixed:
    """Blend each example with another one of the batch, with one random weight for the whole batch.

    Source: mixup, Zhang et al. (ICLR 2018); the weight is uniform in [0, most] instead of Beta-distributed.

    Args:
        inputs: [B, ...].
        labels: [B].
        most: maximum weight of the second example.
        generator: of the CPU.
    """
    share = most * float(torch.rand((), generator=generator))
    other = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    return Mixed(torch.lerp(inputs, inputs[other], share), labels[other], share)


def _turned(inputs: Tensor, quarters: bool, generator: torch.Generator) -> Tensor:
    """Mirror each image with probability 1/2; with `quarters`, also rotate it by a random multiple of 90 degrees."""
    mirrored = (torch.rand(len(inputs), generator=generator) < 0.5).to(inputs.device)
    inputs = torch.where(mirrored[:, None, None, None], inputs.flip(3), inputs)
    if not quarters:
        return inputs
    upside = (torch.rand(len(inputs), generator=generator) < 0.5).to(inputs.device)
    inputs = torch.where(upside[:, None, None, None], inputs.flip(2), inputs)
    if inputs.shape[2] != inputs.shape[3]:
        return inputs
    turned = (torch.rand(len(inputs), generator=generator) < 0.5).to(inputs.device)
    return torch.where(turned[:, None, None, None], inputs.transpose(2, 3), inputs)


def _moved(inputs: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Shift each image by up to `pixels` along both axes; its border is repeated into the gap."""
    batch, _, height, width = inputs.shape
    moves = torch.randint(0, 2 * pixels + 1, (2, batch), generator=generator)
    padded = F.pad(inputs, (pixels,) * 4, mode="replicate").permute(0, 2, 3, 1)  # [B, H + 2p, W + 2p, C]
    found = torch.empty((batch, height, width, inputs.shape[1]), dtype=inputs.dtype, device=inputs.device)
    for image, (top, left) in enumerate(moves.T.tolist()):
        found[image] = padded[image, top : top + height, left : left + width]
    return found.permute(0, 3, 1, 2)


def _cut(inputs: Tensor, hole: int, generator: torch.Generator) -> Tensor:
    """A square of each image set to its data set's mean (DeVries & Taylor 2017); it may reach over the border."""
    batch, _, height, width = inputs.shape
    rows, columns = (torch.randint(0, n, (batch,), generator=generator).to(inputs.device) for n in (height, width))
    down = torch.arange(height, device=inputs.device)[None] - rows[:, None] + hole // 2  # [B, H]
    along = torch.arange(width, device=inputs.device)[None] - columns[:, None] + hole // 2  # [B, W]
    inside = ((down >= 0) & (down < hole))[:, :, None] & ((along >= 0) & (along < hole))[:, None]  # [B, H, W]
    return inputs.masked_fill(inside[:, None], 0.0)
