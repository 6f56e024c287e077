"""A task that has shapes and no data: enough to build networks for, and an error where a test reads more."""

from __future__ import annotations

import torch
from torch import nn

from genas.core.interfaces import Data, SearchSpace, Split, Task


class ShapesOnly(Task):
    """Images by default; modality="graph" with shape (features,) is a graph."""

    def __init__(self, outputs: int = 10, shape: tuple[int, ...] = (3, 32, 32), *, modality: str = "image") -> None:
        self.outputs, self.input_shape = outputs, shape
        self.name, self.description = "shapes_only", "Shapes without data."
        vars(self).update(modality=modality)

    def data(self, split: Split) -> Data:
        raise AssertionError("no data may be read here")


def outlined(space: SearchSpace, text: str, *shape: int, outputs: int = 7) -> nn.Module:
    """The network of an architecture for images of a shape, in evaluation mode, without memory for its weights."""
    with torch.device("meta"):
        return space.build(space.from_text(text), ShapesOnly(outputs, shape)).eval()
