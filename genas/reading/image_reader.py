"""Reads new pictures as those of the training data were read."""

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
        white: what is white in the raw inputs, where the form keeps bytes.
        arrays: how numbers of an .npz are meant, see `picture_sources.Pictures`; "" where the data were files.
    """

    form: Form
    white: float = 255.0
    arrays: str = ""

    def batches(self, paths: Paths, notes: list[str]) -> Iterator[Batch]:
        """The raw inputs [n, C, H, W] of pictures, some at a time, each called by its file or its place in one.

        Args:
            paths: picture files, folders of them, .npz and .parquet files, Hugging Face datasets on disk.
            notes: gets sentences on what was left out or read otherwise than it is written.

        Raises:
            ValueError: something can't be read, or not as the training pictures were; the text names it.
        """
        for path in listed_paths(paths):
            found = picture_sources.read_new(path, self.arrays)
            notes += found.notes
            for first in range(0, len(found.pictures), _BATCH):
                places = found.places[first : first + _BATCH]
                chosen = zip(found.pictures[first : first + _BATCH], places, strict=True)
                values = np.stack([decode(picture, self.form, place) for picture, place in chosen])
                scaled = self.form.deep or self.white == 255
                yield places, values if scaled else values * np.float32(self.white / 255)

    def read(self, paths: Paths) -> NDArray[Any]:
        """The raw inputs of all pictures, [n, C, H, W], in the order of `paths` and, in a folder, of the alphabet.

        Raises:
            ValueError: something can't be read, or not as the training pictures were; the text names it.
        """
        notes: list[str] = []
        return together(self.batches(paths, notes), notes)
