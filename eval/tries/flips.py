"""Flips one bit in a run's folder and resumes the run: the outcome must be the same report, or one error.

Two runs on digits, counted in trials, are made once in a folder beside the results: a finished one, and one that was
killed before its final training. Each attempt copies one of them and changes one bit of one file. Half of the files are
ledgers; the others are checkpoints, weights, reports and exported files.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import kills

from genas import api
from genas.core.errors import GenasError
from tries import RIGHT, Wrong, advice, code

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"
SMALL: dict[str, Any] = {
    "proposers": ["uniform"], "scorers": ["params"], "budget": {"trials": 2}, "device": "cpu",
    "validator": {"name": "train", "options": {"epochs": 2, "examples": 128}},
}  # fmt: skip
SAID = "was damaged; what it held is trained again"


def resumed(folder: Path) -> None:
    api.design(GOAL, out=folder, executor="serial:threads=1", **SMALL)


def prepare(base: Path) -> None:
    """Make both runs where they are not there; where two processes do, the first is kept."""
    if base.is_dir():
        return
    making = base.with_name(f"{base.name}-{os.getpid()}")
    resumed(making / "finished")
    shutil.copytree(making / "finished", making / "stopped")
    lines = (making / "stopped" / "ledger.jsonl").read_text().splitlines(keepends=True)
    last = next(number for number, line in enumerate(lines) if '"id":"finalists"' in line)
    (making / "stopped" / "ledger.jsonl").write_text("".join(lines[: last + 1]))
    for name in ("report.json", "report.html"):
        (making / "stopped" / name).unlink()
    shutil.rmtree(making / "stopped" / "winner")
    try:
        making.rename(base)
    except OSError:
        if not base.is_dir():
            raise
        shutil.rmtree(making)


@cache
def undisturbed(base: Path) -> tuple[Any, str, dict[str, bytes]]:
    """The report as data and in words, and the exported files, of the run that nothing happened to."""
    folder = base / "finished"
    return kills.report(folder), api.report(folder), exported(folder)


def exported(folder: Path) -> dict[str, bytes]:
    """What each file of the winner holds, by its place in the folder."""
    files = (path for path in sorted((folder / "winner").rglob("*")) if path.is_file())
    return {str(path.relative_to(folder / "winner")): path.read_bytes() for path in files}


def attempt(draw: random.Random, place: Path) -> str:
    """Raises Wrong where the run goes on and comes to something else.

    Args:
        place: a folder in that of the results, with the two runs beside it.
    """
    base = place.parent / f"flipped-{code()}"
    prepare(base)
    name = draw.choice(("finished", "stopped"))
    folder = Path(shutil.copytree(base / name, place / "run"))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    path = folder / "ledger.jsonl" if draw.random() < 0.5 else draw.choice(files)
    raw = bytearray(path.read_bytes())
    at, bit = draw.randrange(len(raw)), draw.randrange(8)
    raw[at] ^= 1 << bit
    path.write_bytes(bytes(raw))
    try:
        resumed(folder)
    except GenasError as error:
        return advice(error)
    where = f"bit {bit} of byte {at} of {path.relative_to(folder)}, {name}"
    want, _, files_wanted = undisturbed(base)
    got = kills.report(folder)
    said = [text for text in got["warnings"] if SAID in text]
    got["warnings"] = [text for text in got["warnings"] if text not in said]
    if got != want:
        raise Wrong(f"another report after {where}: {json.dumps(got)[:300]}")
    if other := sorted(name for name, content in exported(folder).items() if files_wanted.get(name) != content):
        raise Wrong(f"other files {other} after {where}")
    api.report(folder)
    return RIGHT
