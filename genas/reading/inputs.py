"""What the readers of new examples share. New examples need no class and are read like the training data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Paths = str | Path | Iterable[str | Path]  # one file or folder, or several
Batch = tuple[list[str], NDArray[Any]]  # the names of the examples, and their raw inputs [n, ...]


def listed_paths(paths: Paths) -> list[Path]:
    """One path or several, as a list; ~ is the user's home."""
    several = [paths] if isinstance(paths, str | Path) else paths
    return [Path(path).expanduser() for path in several]


def together(batches: Iterable[Batch], notes: list[str]) -> NDArray[Any]:
    """The raw inputs of all batches as one array; each note becomes a warning.

    Args:
        batches: names and raw inputs.
        notes: sentences on what was not read as written; filled while the batches are read.

    Raises:
        ValueError: there are no examples.
    """
    parts = [values for _, values in batches]
    for note in notes:
        warnings.warn(note, stacklevel=3)
    if not parts:
        raise ValueError("There is nothing to read: name a file.")
    return np.concatenate(parts)
