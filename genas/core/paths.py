"""Paths as a user writes them."""

from __future__ import annotations

import os
from pathlib import Path

_DATA = "GENAS_DATA"


def written(path: str | Path) -> Path:
    """The path with "~" and a first part $GENAS_DATA replaced; no other variable is read, since errors show paths."""
    first, *rest = Path(path).parts or ("",)
    if first == f"${_DATA}" and os.environ.get(_DATA):
        return Path(os.environ[_DATA], *rest)
    return Path(path).expanduser()
