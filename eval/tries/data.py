"""Data files: tables and pictures with known content in many forms, and damaged ones.

The former must be read as they were meant; a damaged file must be read, or refused with its name.
"""

from __future__ import annotations

import random
from pathlib import Path

from tries import pictures, tables

KINDS = (
    tables.dialect, tables.dialect, tables.dialect, tables.typed, tables.arrays, tables.broken_table, tables.broken_table,
    pictures.folders, pictures.depths, pictures.broken_picture, pictures.broken_archive,
)  # fmt: skip


def attempt(draw: random.Random, place: Path) -> str:
    """Raises Wrong for data that are taken for something else than they are."""
    return draw.choice(KINDS)(draw, place)
