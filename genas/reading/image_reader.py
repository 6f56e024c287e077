"""Reads new pictures in the same way as the training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import picture_sources
from .inputs import Batch, Paths, listed_paths, together
from .pictures import Form, decode

_BATCH = 256  # pictures that are decoded at once


@dataclass(frozen=True)
class ImageReader:
    """How pictures become raw inputs; plain values, so that an exported network can hold them.

    Args:
        form: shape, channels and range.
        white: the value of white in the raw inputs, if the form keeps bytes.
        arrays: the convention of numbers in an .npz, see `picture_sources.Pictures`; "" if the data were files.
    """

    form: Form
    white: float = 255.0
    arrays: str = ""

    def batches(self, paths: Paths, notes: list[str]) -> Iterator[Batch]:
        """The names and the raw inputs [n, C, H, W] of pictures, in batches; a name is the file or the position in it.

        Args:
            paths: picture files, folders of them, .npz and .parquet files, Hugging Face datasets on disk.
            notes: gets sentences on what was left out or not read as written.

        Raises:
            ValueError: a picture can't be read, or has another depth than the training pictures; the text names it.
        """
        for path in listed_paths(paths):
            source = picture_sources.read_new(path, self.arrays)
            notes += source.notes
            for first in range(0, len(source.pictures), _BATCH):
                places = source.places[first : first + _BATCH]
                chosen = zip(source.pictures[first : first + _BATCH], places, strict=True)
                values = np.stack([decode(picture, self.form, place) for picture, place in chosen])
                scaled = self.form.deep or self.white == 255
                yield places, values if scaled else values * np.float32(self.white / 255)

    def read(self, paths: Paths) -> NDArray[Any]:
        """The raw inputs of all pictures, [n, C, H, W], in the order of `paths`; a folder is read alphabetically.

        Raises:
            ValueError: a picture can't be read, or has another depth than the training pictures; the text names it.
        """
        notes: list[str] = []
        return together(self.batches(paths, notes), notes)
