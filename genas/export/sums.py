"""Writes and checks SHA256SUMS, the digests of a folder's files (`sha256sum -c SHA256SUMS` checks them too)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from genas.core.errors import Damaged, RequestError

NAME = "SHA256SUMS"


def write(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Write the digests of the named files, and of the Python files in the named folders; missing ones are skipped.

    Returns:
        A description of the written file, by its name.
    """
    candidates = [path for name in names for path in (folder / name, *(folder / name).glob("*.py"))]
    files = sorted(path for path in candidates if path.is_file())
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")
    return {NAME: "the digests of all of them"}


def check(path: Path) -> None:
    """Compare a file with its digest in the folder's SHA256SUMS.

    Raises:
        RequestError: there is no SHA256SUMS, or it lacks the file.
        Damaged: the file is not as it was written.
    """
    sums = path.parent / NAME
    if not sums.is_file():
        raise RequestError(f"{path.parent} has no {NAME}; export the network again: genas export RUN KEY.")
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    digests = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if path.name not in digests:
        raise RequestError(f"{sums} does not list {path.name}; export the network again: genas export RUN KEY.")
    if digests[path.name] != _digest(path):
        raise Damaged(f"{path} is not as it was written. Export the network again: genas export RUN KEY.")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
