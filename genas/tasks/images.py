"""Your own images: a folder per class, an .npz, a Hugging Face dataset on disk, or a parquet file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split
from genas.core.paths import written
from genas.tasks._own import asked
from genas.tasks._pictures import PictureTask
from genas.tasks._splits import check_classes, divide, shared

if TYPE_CHECKING:
    from genas.reading.image_reader import ImageReader
    from genas.reading.pictures import Form, Look, Source

_KEPT, _SHRUNK = 256, 128  # pixels: images of one size up to the first keep it, others become squares up to the second
_FULL = 16384  # a whole number of grey that pictures of fewer than 15 bits don't reach
_DARK = 63  # of 255: pixels of 14 bits and less that lie in 16
_LITTLE = 0.01  # of the training images' range
_SPLITS: tuple[Split, ...] = ("train", "val", "test")


class Images(PictureTask):
    """Classification of the images at `path`.

    Splits that the data name are kept (train, val, test); what they lack is taken from train, 15 % of each class; data
    without splits are divided 70, 15 and 15 % within each class, equal images on one side. The division is the same in
    every run. `notes` and `examine` say what was left out or is odd.

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
    form: Form  # what every image becomes: shape, and for images of more than eight bits the range

    def __init__(
        self,
        *,
        path: str,
        size: int | None = None,
        channels: Literal[1, 3] | None = None,
        limit: int | None = None,
        mirror: bool | None = None,
    ) -> None:
        from genas.reading import labels, picture_sources, pictures

        if size is not None and size < 4:
            raise RequestError(f"images: size must be at least 4 pixels, not {size}.")
        if channels not in (None, 1, 3):
            raise RequestError(f"images: channels must be 1 (grey) or 3 (colour), not {channels}.")
        self.path, self.mirror = written(path), mirror
        with asked():
            source = picture_sources.read(self.path)
            kept, unlabelled = labels.known_rows(source.words, source.splits, self.path, "images")
            splits = [source.splits[row] for row in kept]
            words, matches = labels.matched([str(source.words[row]) for row in kept], splits)
            self._pictures: list[Source] = [source.pictures[row] for row in kept]
            self._places = [source.places[row] for row in kept]
            looks = [pictures.look(p, w) for p, w in zip(self._pictures, self._places, strict=True)]
        self.classes = labels.ordered(words)
        self.outputs = len(self.classes)
        numbers = {word: number for number, word in enumerate(self.classes)}
        self._labels = [numbers[word] for word in words]
        check_classes(self.path, self._labels, self.classes, limit, "images")
        with asked():
            keys = _keys(self._pictures)
        self._rows, divided = divide(self.path, self._labels, splits, self.classes, limit, "images", keys=keys)
        depth, height, width = _shape(looks, size, channels)
        self.input_shape = (depth, height, width)
        self.form = pictures.Form(depth, height, width)
        self.notes = (
            *source.notes,
            *unlabelled,
            *matches,
            *divided,
            *_odd(looks, self._places),
            *self._deepened(looks),
        )
        self._arrays = source.arrays
        self._cut = {row for row, look in enumerate(looks) if look.depth == "cut"}
        self.scale = 1.0 if self.form.deep else 255.0
        self._describe()

    @property
    def data_id(self) -> str:
        """The folder or file of the images."""
        return str(self.path.resolve())

    def reader(self) -> ImageReader:
        """Reads pictures as these were read."""
        from genas.reading.image_reader import ImageReader

        return ImageReader(self.form, self.scale, self._arrays)

    def _describe(self) -> None:
        """Say in words what the task is, and what an exported network's images need."""
        form = self.form
        size = f"{form.height}x{form.width}"
        shown = ", ".join(self.classes[:12]) + (", ..." if self.outputs > 12 else "")
        self.description = (
            f"Classify {size} {'grayscale' if form.channels == 1 else 'colour'} images, {self.outputs} classes: "
            f"{shown} ({self.path.name})."
        )
        shares = f"bring the values from {form.low:g}..{form.high:g} to 0..1" if form.deep else "divide by 255"
        self.preparing = (
            f"scale to {size} pixels, {'grey' if form.channels == 1 else 'RGB'}, {shares}, subtract the mean of the "
            "training images per channel, divide by their deviation"
        )

    def _deepened(self, looks: Sequence[Look]) -> list[str]:
        """Choose the range of images of more than eight bits, by the training ones; a sentence where depths differ.

        Raises:
            RequestError: images whose ranges can't be compared, or a training image that can't be decoded.
        """
        from genas.reading import pictures

        depths = ["byte" if look.depth == "cut" else look.depth for look in looks]
        kinds = Counter(depths)
        if set(kinds) == {"byte"}:
            return []
        example = {kind: self._places[depths.index(kind)] for kind in kinds}
        deep = "float" if "float" in kinds else "whole"
        lowest, highest = float("inf"), float("-inf")
        with asked():
            for row in self._rows["train"].tolist():
                if depths[row] == deep:
                    values = pictures.pixels(self._pictures[row], self._places[row])
                    lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
        if len(kinds) > 1 and (deep == "float" or not _FULL <= highest <= pictures.WHITE):
            named = {"byte": "8 bits", "whole": "more bits", "float": "floats"}
            shown = " and ".join(f"{named[kind]} ({place})" for kind, place in example.items())
            raise RequestError(
                f"{self.path} holds images of {shown}, whose ranges can't be compared. Save all of them alike."
            )
        low, high = pictures.range_of(lowest, highest, deep) if len(kinds) == 1 else (0.0, pictures.WHITE)
        self.form = pictures.Form(self.form.channels, self.form.height, self.form.width, low, high, deep=True)
        if len(kinds) == 1:
            return []
        return [
            f"{kinds[deep]:,} of {len(looks):,} images have 16 bits, the others 8 (as {example['byte']}): each is "
            "scaled by its own full range, 65,535 or 255."
        ]

    @cached_property
    def _decoded(self) -> dict[str, Data]:
        return {}

    def data(self, split: Split) -> Data:
        """Images as bytes [n, C, H, W], or in 0..1 as float32 where they have more than eight bits, and their classes.

        Raises:
            RequestError: where an image is corrupt; the message names it.
        """
        import torch

        from genas.reading import pictures

        if split not in self._decoded:
            rows = self._rows[split].tolist()
            kind = torch.float32 if self.form.deep else torch.uint8
            images = torch.empty((len(rows), *self.input_shape), dtype=kind)
            with asked():
                for place, row in enumerate(rows):
                    found = pictures.decode(self._pictures[row], self.form, self._places[row])
                    images[place] = torch.from_numpy(found)
            self._decoded[split] = Data(images, torch.tensor([self._labels[row] for row in rows]))
        return self._decoded[split]

    def examine(self) -> Sequence[str]:
        """Decode every image of every split; `notes`, and what only decoding shows.

        Raises:
            RequestError: an image is corrupt; the message names it.
        """
        seen: dict[int, Hashable] = {}
        flat, brightest = [], 0
        for split in _SPLITS:
            for row, image in zip(self._rows[split].tolist(), self.data(split).inputs, strict=True):
                seen[row] = _digest(image.numpy().tobytes())
                if row in self._cut:
                    brightest = max(brightest, int(image.max()))
                if bool((image == image[:, :1, :1]).all()):
                    flat.append(row)
        if self._cut and not self.form.deep and brightest <= _DARK:
            raise RequestError(
                f"The images of 16 bits for each colour (as {self._places[min(self._cut)]}) use so few of them that "
                "the upper eight, which are read, hold next to nothing. Save them with eight bits."
            )
        found = shared(self._rows, seen, "images")
        notes = [*self.notes, *(text for text in found if text not in self.notes)]
        notes += self._scaled_otherwise()
        if flat:
            notes.append(
                f"{len(flat):,} of {len(seen):,} images are one flat colour once they are read (as "
                f"{self._places[flat[0]]}): is their ink in the channel of opacity, or are they empty?"
            )
        return notes

    def _scaled_otherwise(self) -> list[str]:
        """Sentences on splits whose values lie far outside the range of the training images, or in little of it."""
        low, high = (self.form.low, self.form.high) if self.form.deep else (0.0, 1.0)
        ends = {}
        for split in _SPLITS:
            inputs = self.data(split).inputs
            ends[split] = [float(end) * (high - low) + low for end in (inputs.min(), inputs.max())]
        least, most = (low, high) if self.form.deep else ends["train"]
        notes = []
        for split in _SPLITS[1:]:
            first, last = ends[split]
            far = self.form.deep and (first < low - (high - low) / 2 or last > high + (high - low) / 2)
            if far or last - first < _LITTLE * (ends["train"][1] - ends["train"][0]):
                notes.append(
                    f"Values of the {split} split go from {first:.4g} to {last:.4g}, "
                    f"{'far beyond' if far else 'in little of'} the {least:.4g} to {most:.4g} of the training images: "
                    "were they scaled alike?"
                )
        return notes


def _shape(looks: Sequence[Look], size: int | None, channels: int | None) -> tuple[int, int, int]:
    depth = channels or max(look.channels for look in looks)
    sizes = {(look.height, look.width) for look in looks}
    if size is not None:
        return depth, size, size
    if len(sizes) == 1 and max(next(iter(sizes))) <= _KEPT:
        return (depth, *sizes.pop())
    shorter = sorted(min(look.height, look.width) for look in looks)
    side = min(_SHRUNK, shorter[len(shorter) // 2])
    return depth, side, side


def _odd(looks: Sequence[Look], places: Sequence[str]) -> list[str]:
    """Sentences on images of which not all is read."""
    several = [place for look, place in zip(looks, places, strict=True) if look.frames > 1]
    cut = [place for look, place in zip(looks, places, strict=True) if look.depth == "cut"]
    notes = []
    if several:
        notes.append(f"{len(several):,} images hold several pages or moments; the first is read (as {several[0]}).")
    if cut:
        notes.append(f"{len(cut):,} images have 16 bits for each colour; the upper 8 are read (as {cut[0]}).")
    return notes


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _keys(pictures: Sequence[Source]) -> list[Hashable]:
    """The same for images of equal content; of files, only those of one length are read."""
    lengths = Counter(picture.stat().st_size for picture in pictures if isinstance(picture, Path))
    keys: list[Hashable] = []
    for row, picture in enumerate(pictures):
        if isinstance(picture, Path):
            alone = lengths[picture.stat().st_size] == 1
            keys.append(row if alone else _digest(picture.read_bytes()))
        elif isinstance(picture, bytes):
            keys.append(_digest(picture))
        else:
            keys.append((picture.shape, _digest(picture.tobytes())))
    return keys
