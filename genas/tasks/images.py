"""Your own images: a folder per class, an .npz, a Hugging Face dataset on disk, or a parquet file."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split
from genas.core.paths import written
from genas.tasks._pictures import PictureTask
from genas.tasks._splits import check_classes, divide

_KEPT, _SHRUNK = 256, 128  # pixels: images of one size up to the first keep it, others become squares up to the second


class Images(PictureTask):
    """Classification of the images at `path`.

    Splits that the data name are kept (train, val, test); what they lack is taken from train, 15 % of each class; data
    without splits are divided 70, 15 and 15 % within each class. The division is the same in every run.

    Args:
        path: a folder with one folder per class (perhaps inside train, val and test), an .npz with x and y, a Hugging
            Face dataset saved to disk, or a parquet file with columns image, label and perhaps split.
        size: height and width in pixels; without it, images that all have one size of up to 256 keep it, and others
            become squares of their median shorter side, 128 at most.
        channels: 1 for grey, 3 for colour; without it, grey where all are.
        limit: at most that many training examples, classes in proportion.
        mirror: whether an image keeps its class when mirrored left to right; None lets the validation split decide.

    Raises:
        RequestError: where there are no images, fewer than two classes, or too few images in one.
    """

    name = "images"

    def __init__(
        self,
        *,
        path: str,
        size: int | None = None,
        channels: Literal[1, 3] | None = None,
        limit: int | None = None,
        mirror: bool | None = None,
    ) -> None:
        from genas.nn import picture_sources

        if size is not None and size < 4:
            raise RequestError(f"images: size must be at least 4 pixels, not {size}.")
        if channels not in (None, 1, 3):
            raise RequestError(f"images: channels must be 1 (grey) or 3 (colour), not {channels}.")
        self.path, self.mirror = written(path), mirror
        self._source = picture_sources.read(self.path)
        self.classes = self._source.classes
        self.outputs = len(self.classes)
        check_classes(self.path, self._source.labels, self.classes, limit, "images")
        self._rows = divide(self.path, self._source.labels, self._source.splits, self.classes, limit, "images")
        self.input_shape = self._shape(size, channels)
        depth, height, width = self.input_shape
        shown = ", ".join(self.classes[:12]) + (", ..." if self.outputs > 12 else "")
        self.description = (
            f"Classify {height}x{width} {'grayscale' if depth == 1 else 'colour'} images, {self.outputs} classes: "
            f"{shown} ({self.path.name})."
        )
        self.preparation = (
            f"scale to {height}x{width} pixels, {'grey' if depth == 1 else 'RGB'}, divide by 255, subtract the mean of "
            "the training images per channel, divide by their deviation"
        )

    def _shape(self, size: int | None, channels: int | None) -> tuple[int, int, int]:
        from genas.nn import pictures

        shapes = [pictures.measure(p, w) for p, w in zip(self._source.pictures, self._source.places, strict=True)]
        depth = channels or max(shape[0] for shape in shapes)
        sizes = {shape[1:] for shape in shapes}
        if size is not None:
            return depth, size, size
        if len(sizes) == 1 and max(next(iter(sizes))) <= _KEPT:
            return (depth, *sizes.pop())
        shorter = sorted(min(shape[1:]) for shape in shapes)
        side = min(_SHRUNK, shorter[len(shorter) // 2])
        return depth, side, side

    @cached_property
    def _decoded(self) -> dict[str, Data]:
        return {}

    def data(self, split: Split) -> Data:
        """Images as bytes [n, C, H, W] and their classes [n].

        Raises:
            RequestError: where an image is corrupt; the message names it.
        """
        import torch

        from genas.nn import pictures

        if split not in self._decoded:
            rows = self._rows[split]
            channels, height, width = self.input_shape
            images = torch.empty((len(rows), channels, height, width), dtype=torch.uint8)
            for place, row in enumerate(rows.tolist()):
                source, where = self._source.pictures[row], self._source.places[row]
                images[place] = pictures.decode(source, where, size=(height, width), channels=channels)
            self._decoded[split] = Data(images, torch.tensor([self._source.labels[row] for row in rows.tolist()]))
        return self._decoded[split]
