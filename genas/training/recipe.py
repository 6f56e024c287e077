"""Training recipes: a few hyperparameters that are searched together with the architecture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import numpy as np

from genas.core.errors import RequestError
from genas.core.records import Options

Flips = Literal["none", "mirror", "turns"]
OF_LOSS = ("smoothing", "mix")  # values that only work if the task's loss supports them; see `Task.follows`


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of one training.

    Args:
        learning_rate: of Muon and AdamW; constant, except in the final leg of a training, where it decays to zero.
        weight_decay: of both optimizers, on weights with two or more dimensions.
        batch_size: examples per step.
        smoothing: label smoothing in [0, 1).
        shift: maximum random translation, as a fraction of the image's shorter side.
        flips: "none"; "mirror" mirrors images left to right at random; "turns" also rotates them by quarter turns.
        cutout: side of a square that is blanked out of each image, as a fraction of its shorter side.
        mix: maximum weight of a second image in (0, 0.5] (mixup); 0 turns mixup off.

    `smoothing` and `mix` are 0 if the task's loss does not support them.

    Raises:
        RequestError: a value is out of its range.
    """

    learning_rate: float = 8e-3
    weight_decay: float = 0.02
    batch_size: int = 64
    smoothing: float = 0.1
    shift: float = 0.08
    flips: Flips = "none"
    cutout: float = 0.0
    mix: float = 0.0

    def __post_init__(self) -> None:
        bounds = {
            "learning_rate": (1e-6, 1.0), "weight_decay": (0.0, 10.0), "batch_size": (2, 100_000),
            "smoothing": (0.0, 0.9), "shift": (0.0, 0.5), "cutout": (0.0, 0.9), "mix": (0.0, 0.5),
        }  # fmt: skip
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise RequestError(f"recipe: {name} must be a number from {low:g} to {high:g}, not {value!r}.")
        if not isinstance(self.batch_size, int):
            raise RequestError(f"recipe: batch_size must be a whole number, not {self.batch_size!r}.")
        if self.flips not in ("none", "mirror", "turns"):
            raise RequestError(f"recipe: flips must be none, mirror or turns, not {self.flips!r}.")

    def to_data(self) -> Options:
        """The recipe as plain values."""
        return asdict(self)

    @staticmethod
    def from_data(options: Mapping[str, Any]) -> Recipe:
        """The recipe of plain values; missing ones take their default.

        Raises:
            RequestError: a name is unknown, or a value is out of its range.
        """
        if unknown := sorted(set(options) - {field.name for field in fields(Recipe)}):
            known = ", ".join(field.name for field in fields(Recipe))
            raise RequestError(f"recipe: there is no {unknown[0]!r}; write one of {known}.")
        return Recipe(**options)

    def allowed(self, mirror: bool | None, follows: Collection[str] = OF_LOSS) -> Recipe:
        """The recipe for a task.

        Args:
            mirror: whether a mirrored image keeps its class; None is unknown and changes nothing.
            follows: which of `OF_LOSS` the task's loss supports.
        """
        idle: Options = dict.fromkeys(unfollowed(follows), 0.0)
        kept = replace(self, **idle)
        if mirror is False:
            return replace(kept, flips="none")
        return replace(kept, flips="mirror") if mirror and kept.flips == "none" else kept

    def changed(self, random: np.random.Generator, kept: Collection[str] = ()) -> Recipe:
        """A mutation: the recipe with one value moved to a neighbouring choice; values named in `kept` stay."""
        names = [name for name in CHOICES if name not in kept]
        name = names[int(random.integers(len(names)))]
        values = CHOICES[name]
        place = min(range(len(values)), key=lambda i: _distance(values[i], getattr(self, name)))
        step = place + (1 if place == 0 or (place < len(values) - 1 and random.random() < 0.5) else -1)
        return replace(self, **{name: values[step]})

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.to_data().items())


OF_IMAGES = ("shift", "flips", "cutout")  # values without meaning for tabular data
_FIXING = ("batch_size", "learning_rate")  # options of the validator that override every recipe


def fixed(options: Mapping[str, Any]) -> Options:
    """The values that the options of the validator fix in every recipe."""
    return {name: options[name] for name in _FIXING if options.get(name) is not None}


def unfollowed(follows: Collection[str]) -> tuple[str, ...]:
    """The values of a recipe that a task's loss does not support."""
    return tuple(name for name in OF_LOSS if name not in follows)


def effective(
    written: Mapping[str, Any],
    options: Mapping[str, Any],
    mirror: bool | None,
    follows: Collection[str] = OF_LOSS,
    *,
    frozen: bool = False,
) -> Recipe:
    """The recipe that a network is actually trained with.

    Args:
        written: values of the candidate; missing ones take their default.
        options: options of the validator; they override `written`.
        mirror: whether a mirrored image keeps its class; None is unknown.
        follows: which of `OF_LOSS` the task's loss supports.
        frozen: whether the network has a frozen stem. Its feature maps are cached, of images and mirrored images, so
            images can't be shifted, rotated or blanked out.
    """
    recipe = Recipe.from_data({**written, **fixed(options)}).allowed(mirror, follows)
    if not frozen:
        return recipe
    return replace(recipe, shift=0.0, cutout=0.0, flips="none" if recipe.flips == "none" else "mirror")


CHOICES: dict[str, tuple[Any, ...]] = {
    "learning_rate": (2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2),
    "weight_decay": (0.005, 0.02, 0.05, 0.1),
    "batch_size": (16, 32, 64, 128),
    "smoothing": (0.0, 0.1, 0.2),
    "shift": (0.0, 0.04, 0.08, 0.12),
    "flips": ("none", "mirror", "turns"),
    "cutout": (0.0, 0.25, 0.4),
    "mix": (0.0, 0.2, 0.4),
}


def _distance(one: Any, other: Any) -> float:
    if isinstance(one, str):
        return float(one != other)
    return abs(float(one) - float(other))
