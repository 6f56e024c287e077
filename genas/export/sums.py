"""SHA256SUMS: the digests of a folder's files, as `sha256sum -c SHA256SUMS` checks them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from genas.core.errors import Damaged, RequestError

NAME = "SHA256SUMS"


def write(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Write the digests of the files and of those in the folders of these names; what is not there is passed over.

    Returns:
        What the written file is, by its name.
    """
    found = [path for name in names for path in (folder / name, *(folder / name).glob("*.py"))]
    files = sorted(path for path in found if path.is_file())
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")
    return {NAME: "the digests of all of them"}


def check(path: Path) -> None:
    """Make sure that a file is as its folder's SHA256SUMS has it.

    Raises:
        RequestError: there is no SHA256SUMS, or it lacks the file.
        Damaged: the file is not as it was written.
    """
    listed = path.parent / NAME
    if not listed.is_file():
        raise RequestError(f"{path.parent} has no {NAME}; write the network anew: genas export RUN KEY.")
    lines = listed.read_text(encoding="utf-8", errors="replace").splitlines()
    known = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if path.name not in known:
        raise RequestError(f"{listed} does not list {path.name}; write the network anew: genas export RUN KEY.")
    if known[path.name] != _digest(path):
        raise Damaged(f"{path} is not as it was written. Write the network anew: genas export RUN KEY.")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
