"""A part of a training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Leg:
    """A part of a training, measured in seconds or in examples.

    Args:
        name: identifies the leg within its training; a leg that was stopped is continued under the same name.
        seconds: wall-clock time of the leg.
        examples: number of training examples of the leg.
        decay: whether the learning rate decays to zero over the leg.
        growing: whether the first images are smaller (`augment.share_of_side`), which costs less. This applies only to
            networks with a `least_size`, and not to those with a frozen stem, whose feature maps are cached.
        rate: the peak learning rate; None takes that of the recipe.
    """

    name: str
    seconds: float | None = None
    examples: int | None = None
    decay: bool = False
    growing: bool = False
    rate: float | None = None
