"""What readers of new examples share: these need no class, and are read as the training data were."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Paths = str | Path | Iterable[str | Path]  # one file or folder, or several
Batch = tuple[list[str], NDArray[Any]]  # what each example is called, and the raw inputs [n, ...] of all


def listed_paths(paths: Paths) -> list[Path]:
    """One path or several, as a list; ~ is the user's home."""
    several = [paths] if isinstance(paths, str | Path) else paths
    return [Path(path).expanduser() for path in several]


def together(batches: Iterable[Batch], notes: list[str]) -> NDArray[Any]:
    """The raw inputs of all batches; each note on what was read otherwise than it is written is a warning.

    Raises:
        ValueError: there is no example.
    """
    parts = [values for _, values in batches]
    for note in notes:
        warnings.warn(note, stacklevel=3)
    if not parts:
        raise ValueError("There is nothing to read: name a file.")
    return np.concatenate(parts)
