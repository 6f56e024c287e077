"""Races that are killed five times each and restarted; `eval/kills.py` defines what must hold for their reports."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import kills

from tries import RIGHT, Wrong, code

EACH = 5  # kills of one race


def attempt(draw: random.Random, place: Path) -> str:
    """Raises Wrong where a killed race comes to another report, or writes an event twice."""
    base = place.parent / f"killed-{code()}"
    base.mkdir(exist_ok=True)
    number, executor = draw.randrange(10**9), draw.choice(kills.EXECUTORS)
    try:
        same, doubled = kills.disturbed(base, executor, number, EACH, draw)
    finally:
        shutil.rmtree(base / f"{executor.partition(':')[0]}-{number}", ignore_errors=True)
    if not same or doubled:
        raise Wrong(f"{executor}: {'the same report' if same else 'another report'}, {doubled} events twice")
    return RIGHT
