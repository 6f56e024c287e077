"""MNIST: 70,000 grey images of handwritten digits, 28x28 pixels, 10 classes, from GENAS_DATA."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task

if TYPE_CHECKING:
    from torch import Tensor


class Mnist(Task):
    """Handwritten digits of 28x28 pixels.

    Source: LeCun, Bottou, Bengio & Haffner (1998). The published test images are the test split; a tenth of the
    published training images, the same share of each class and always the same ones, is the validation split.

    Args:
        limit: at most that many training examples, classes in proportion.
    """

    name = "mnist"
    description = "Classify 28x28 grayscale images of handwritten digits, 10 classes (MNIST)."
    modality: ClassVar[str] = "image"
    input_shape = (1, 28, 28)
    outputs = 10
    classes = tuple("0123456789")
    scale = 255.0
    preparation = "divide grey levels by 255, subtract the mean of the training images, divide by their deviation"

    def __init__(self, *, limit: int | None = None) -> None:
        if limit is not None and limit < 10:
            raise RequestError(f"mnist needs a limit of at least 10 training examples, not {limit}.")
        self.limit = limit

    def _read(self, name: str) -> Data:
        import numpy as np
        import pyarrow.parquet as pq
        import torch

        table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["label", "pixels"])
        pixels = np.frombuffer(b"".join(table.column("pixels").to_pylist()), dtype=np.uint8).copy()
        labels = torch.from_numpy(np.asarray(table.column("label")).astype(np.int64))
        return Data(torch.from_numpy(pixels).view(-1, 1, 28, 28), labels)

    @cached_property
    def _learning(self) -> dict[str, Data]:
        from genas.nn import pictures

        images, labels = self._read("mnist_train")
        train, val = pictures.hold_out(labels, 0.1)
        if self.limit is not None:
            train = train[pictures.subset(labels[train], self.limit)]
        return {name: Data(images[rows], labels[rows]) for name, rows in (("train", train), ("val", val))}

    @cached_property
    def _test(self) -> Data:
        return self._read("mnist_test")

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
        """Images as bytes [n, 1, 28, 28] and their digits [n].

        Raises:
            MissingArtifact: where GENAS_DATA lacks the images.
        """
        return self._test if split == "test" else self._learning[split]

    def prepare(self, inputs: Tensor) -> Tensor:
        """Scaled and standardised images."""
        from genas.nn import pictures

        return pictures.standardise(inputs, self.scale, self.mean, self.std)

    def augment(self, inputs: Tensor, seed: int) -> Tensor:
        """Each image moved by up to two pixels."""
        import torch

        from genas.nn import pictures

        blank = [-m / s for m, s in zip(self.mean, self.std, strict=True)]
        return pictures.shift(inputs, 2, blank, torch.Generator().manual_seed(seed))
