"""MNIST: 70,000 grey images of handwritten digits, 28x28 pixels, 10 classes, from GENAS_DATA."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.tasks._pictures import PublishedTask

if TYPE_CHECKING:
    from torch import Tensor


class Mnist(PublishedTask):
    """Handwritten digits of 28x28 pixels.

    Source: LeCun, Bottou, Bengio & Haffner (1998). The published test images are the test split; a tenth of the
    published training images, the same share of each class and always the same ones, is the validation split.

    Args:
        limit: at most that many training examples, classes in proportion.
    """

    name = "mnist"
    file: ClassVar[str] = "mnist"
    description = "Classify 28x28 grayscale images of handwritten digits, 10 classes (MNIST)."
    input_shape = (1, 28, 28)
    outputs = 10
    mirror = False
    classes = tuple("0123456789")
    preparing = "divide grey levels by 255, subtract the mean of the training images, divide by their deviation"

    def _images(self, name: str, rows: Tensor) -> Tensor:
        import numpy as np
        import pyarrow.parquet as pq
        import torch

        table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["pixels"])
        pixels = np.frombuffer(b"".join(table.column("pixels").to_pylist()), dtype=np.uint8).copy()
        return torch.from_numpy(pixels).view(-1, *self.input_shape)[rows]
