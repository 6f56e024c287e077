"""Data that are only described: architectures can be proposed and counted for them, nothing can be trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.rng import seed_of

if TYPE_CHECKING:
    from torch import Tensor

_VALUES, _CLASSES = 2**24, 100_000  # more, and no network for it could be built or timed here
Modality = Literal["image", "graph", "text", "tabular"]


class Described(Task):
    """Classification of data of a stated kind and shape that are not here.

    Networks can be proposed, counted and timed; proxies that look at examples see noise. `design` needs real data.

    Args:
        modality: image, graph, text or tabular.
        input_shape: (C, H, W) of an image, (features,) of a node or row, (tokens,) of a text.
        outputs: number of classes.

    Raises:
        RequestError: a size below 1, or fewer than 2 classes.
    """

    name = "described"
    here = False

    def __init__(
        self, *, modality: Modality = "image", input_shape: Sequence[int] = (3, 32, 32), outputs: int = 10
    ) -> None:
        if outputs < 2 or not input_shape or min(input_shape) < 1:
            raise RequestError("described needs at least 2 outputs and an input_shape of sizes above zero.")
        if math.prod(input_shape) > _VALUES or outputs > _CLASSES:
            raise RequestError(
                f"described: an example has at most {_VALUES:,} values and one of {_CLASSES:,} classes, not "
                f"{'x'.join(map(str, input_shape))[:60]} and {outputs:,}."
            )
        if modality == "image" and len(input_shape) != 3:
            raise RequestError(f"described: images have an input_shape (C, H, W), not {tuple(input_shape)}.")
        self.modality = modality  # type: ignore[misc]  # of the task here, not of its class
        self.input_shape, self.outputs = tuple(input_shape), outputs
        size = "x".join(map(str, self.input_shape))
        self.description = f"Classify {modality} data of shape {size} into {outputs} classes; the data are not here."

    def data(self, split: Split) -> Data:
        """Never given.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(
            f"the {split} data are only described, and nothing can be trained on them: name a path or a known data set"
        )

    def batch(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Noise of the stated shape with random classes, for proxies."""
        import torch

        generator = torch.Generator().manual_seed(seed_of("described", seed))
        inputs = torch.randn(n, *self.input_shape, generator=generator)
        return inputs, torch.randint(self.outputs, (n,), generator=generator)
