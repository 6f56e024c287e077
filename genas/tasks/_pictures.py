"""What tasks of pictures share: standardised inputs, and the division of published training and test images."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task
from genas.core.task_records import Preparation, Scaling

if TYPE_CHECKING:
    from torch import Tensor

    from genas.reading.image_reader import ImageReader


def pictures_in(shape: tuple[int, ...], white: float) -> ImageReader:
    """Reads pictures of any size as raw inputs of that shape (C, H, W), whose white is `white`."""
    from genas.reading.image_reader import ImageReader
    from genas.reading.pictures import Form

    channels, height, width = shape
    return ImageReader(Form(channels, height, width), white)


class PictureTask(Task):
    """A task whose inputs are divided by `scale`, then standardised by the training images' statistics."""

    modality: ClassVar[str] = "image"
    scale: float = 255.0
    preparing: str  # how raw pictures become inputs, in words

    @cached_property
    def _statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        import torch

        from genas.tasks import _pixels

        with torch.device("cpu"):  # a network that is only counted is built on the device meta, which holds no numbers
            return _pixels.statistics(self.data("train").inputs, self.scale)

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of the scaled training images, per channel."""
        return self._statistics[0]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of the scaled training images, per channel."""
        return self._statistics[1]

    @property
    def preparation(self) -> Preparation:
        """The scale, and the statistics of the training images."""
        return Preparation(self.preparing, Scaling(self.mean, self.std, self.scale))

    def prepare(self, inputs: Tensor) -> Tensor:
        """Scaled and standardised images."""
        from genas.networks.preparation import standardised

        return standardised(inputs, self.scale, self.mean, self.std)

    def reader(self) -> ImageReader:
        """Reads pictures as the network takes them."""
        return pictures_in(self.input_shape, self.scale)


class PublishedTask(PictureTask):
    """Pictures of GENAS_DATA whose publisher divided them into training and test images.

    The published test images are the test split; a tenth of the published training images, the same share of each
    class and always the same ones, is the validation split.

    Args:
        limit: at most that many training examples, classes in proportion.
    """

    file: ClassVar[str]  # images/<file>_train.parquet and images/<file>_test.parquet

    def __init__(self, *, limit: int | None = None) -> None:
        if limit is not None and limit < self.outputs:
            raise RequestError(f"{self.file} needs a limit of at least {self.outputs} training examples, not {limit}.")
        self.limit = limit

    @abstractmethod
    def _images(self, name: str, rows: Tensor) -> Tensor:
        """Those rows of a file as bytes [n, C, H, W]."""

    @cached_property
    def _learning(self) -> dict[str, Data]:
        from genas.tasks import _pixels

        name = f"{self.file}_train"
        labels = self._labels(name)
        train, val = _pixels.hold_out(labels, 0.1)
        if self.limit is not None:
            train = train[_pixels.subset(labels[train], self.limit)]
        return {split: Data(self._images(name, rows), labels[rows]) for split, rows in (("train", train), ("val", val))}

    @cached_property
    def _test(self) -> Data:
        import torch

        name = f"{self.file}_test"
        labels = self._labels(name)
        return Data(self._images(name, torch.arange(len(labels))), labels)

    def _labels(self, name: str) -> Tensor:
        import numpy as np
        import pyarrow.parquet as pq
        import torch

        table = pq.read_table(assets.data(f"images/{name}.parquet"), columns=["label"])
        return torch.from_numpy(np.asarray(table.column("label")).astype(np.int64))  # [n]

    def data(self, split: Split) -> Data:
        """Images as bytes [n, C, H, W] and their classes [n].

        Raises:
            MissingArtifact: where GENAS_DATA lacks the images.
        """
        return self._test if split == "test" else self._learning[split]
