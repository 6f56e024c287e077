"""CIFAR-10: 60,000 colour photographs of 32x32 pixels, 10 classes, from GENAS_DATA."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.tasks._pictures import PublishedTask

if TYPE_CHECKING:
    from torch import Tensor


class Cifar10(PublishedTask):
    """Small photographs of vehicles and animals.

    Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009). The published test images are
    the test split; a tenth of the published training images, the same share of each class and always the same ones,
    is the validation split.

    Args:
        limit: at most that many training examples, classes in proportion.
    """

    name = "cifar10"
    file: ClassVar[str] = "cifar10"
    description = "Classify 32x32 colour photographs of vehicles and animals, 10 classes (CIFAR-10)."
    input_shape = (3, 32, 32)
    outputs = 10
    mirror = True
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    preparing = "divide by 255, subtract the mean of the training images per channel, divide by their deviation"

    def _images(self, name: str, rows: Tensor) -> Tensor:
        import pyarrow.parquet as pq
        import torch

        from genas.reading import pictures

        table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["jpeg"]).take(rows.numpy())
        form = pictures.Form(*self.input_shape)
        images = torch.empty((len(rows), *self.input_shape), dtype=torch.uint8)
        for place, (row, encoded) in enumerate(zip(rows.tolist(), table.column("jpeg").to_pylist(), strict=True)):
            images[place] = torch.from_numpy(pictures.decode(encoded, form, f"{row} of {name}"))
        return images
