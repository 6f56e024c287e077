"""A package of plug-ins, as pip would have installed it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genas.core import registry


@contextmanager
def installed_package(site: Path, name: str, entry_points: str) -> Iterator[Path]:
    """While this lasts, the folder is on the path and holds a package's metadata with these entry points."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    sys.path.insert(0, str(site))
    registry.forget()
    try:
        yield info
    finally:
        sys.path.remove(str(site))
        registry.forget()
