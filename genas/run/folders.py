"""The folders that runs are written in, named after their sentences."""

from __future__ import annotations

import re
import time
from itertools import count
from pathlib import Path


def slug(goal: str) -> str:
    """The words of a sentence as a part of a folder's name, at most 40 characters; "" where it has none."""
    return re.sub(r"[^a-z0-9]+", "-", goal.lower()).strip("-")[:40].strip("-")


def default_folder(goal: str) -> Path:
    """`runs/<time>-<slug>` for a sentence, numbered where two begin in one second."""
    base = f"{time.strftime('%Y%m%d-%H%M%S')}-{slug(goal) or 'run'}"
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(folder for name in names if not (folder := Path("runs") / name).exists())
