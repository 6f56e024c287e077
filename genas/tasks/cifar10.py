"""CIFAR-10: 60,000 colour photographs of 32x32 pixels, 10 classes, from GENAS_DATA."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task

if TYPE_CHECKING:
    from torch import Tensor


class Cifar10(Task):
    """Small photographs of vehicles and animals.

    Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009). The published test images are
    the test split; a tenth of the published training images, the same share of each class and always the same ones,
    is the validation split.

    Args:
        limit: at most that many training examples, classes in proportion.
    """

    name = "cifar10"
    description = "Classify 32x32 colour photographs of vehicles and animals, 10 classes (CIFAR-10)."
    modality: ClassVar[str] = "image"
    input_shape = (3, 32, 32)
    outputs = 10
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    scale = 255.0
    preparation = "divide by 255, subtract the mean of the training images per channel, divide by their deviation"

    def __init__(self, *, limit: int | None = None) -> None:
        if limit is not None and limit < 10:
            raise RequestError(f"cifar10 needs a limit of at least 10 training examples, not {limit}.")
        self.limit = limit

    @cached_property
    def _learning(self) -> dict[str, Data]:
        from genas.nn import pictures

        labels = _labels("cifar10_train")
        train, val = pictures.hold_out(labels, 0.1)
        if self.limit is not None:
            train = train[pictures.subset(labels[train], self.limit)]
        return {name: _decode("cifar10_train", rows) for name, rows in (("train", train), ("val", val))}

    @cached_property
    def _test(self) -> Data:
        import torch

        return _decode("cifar10_test", torch.arange(len(_labels("cifar10_test"))))

    @cached_property
    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        from genas.nn import pictures

        return pictures.statistics(self._learning["train"].inputs, self.scale)

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of the scaled training images, per channel."""
        return self._statistics[0]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of the scaled training images, per channel."""
        return self._statistics[1]

    def data(self, split: Split) -> Data:
        """Images as bytes [n, 3, 32, 32] and their classes [n].

        Raises:
            MissingArtifact: where GENAS_DATA lacks the images.
        """
        return self._test if split == "test" else self._learning[split]

    def prepare(self, inputs: Tensor) -> Tensor:
        """Scaled and standardised images."""
        from genas.nn import pictures

        return pictures.standardise(inputs, self.scale, self.mean, self.std)

    def augment(self, inputs: Tensor, seed: int) -> Tensor:
        """Each image mirrored by the toss of a coin and moved by up to four pixels."""
        import torch

        from genas.nn import pictures

        generator = torch.Generator().manual_seed(seed)
        blank = [-m / s for m, s in zip(self.mean, self.std, strict=True)]
        return pictures.shift(pictures.flip(inputs, generator), 4, blank, generator)


def _labels(name: str) -> Tensor:
    import numpy as np
    import pyarrow.parquet as pq
    import torch

    table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["label"])
    return torch.from_numpy(np.asarray(table.column("label")).astype(np.int64))  # [n]


def _decode(name: str, rows: Tensor) -> Data:
    import pyarrow.parquet as pq
    import torch

    from genas.nn import pictures

    table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["jpeg"]).take(rows.numpy())
    images = torch.empty((len(rows), 3, 32, 32), dtype=torch.uint8)
    for place, (row, encoded) in enumerate(zip(rows.tolist(), table.column("jpeg").to_pylist(), strict=True)):
        images[place] = pictures.decode(encoded, f"{row} of {name}")
    return Data(images, _labels(name)[rows])
