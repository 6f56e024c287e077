"""Records of tasks: how outputs are judged, and how new inputs are prepared; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Evaluation(NamedTuple):
    """How good a network's outputs are, judged by the task.

    Args:
        metrics: by name, the task's own among them.
        loss: what they cost, so that networks trained by different recipes can be compared.
    """

    metrics: Mapping[str, float]
    loss: float


@dataclass(frozen=True)
class Scaling:
    """(value / scale - mean) / std, per channel, feature or target."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1.0


@dataclass(frozen=True)
class Preparation:
    """How new inputs become those of a network and its outputs become answers, as an exported network carries it.

    Args:
        words: the same in a sentence, for people.
        inputs: all that `Task.prepare` does; None where it does something else.
        targets: of a task of numbers, the scaling that its outputs are in; None where they are the numbers themselves.
    """

    words: str
    inputs: Scaling | None = None
    targets: Scaling | None = None
