"""The ledger: an append-only file of events, all that a run keeps. Resume is a re-run that looks here first."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from genas.core.errors import LedgerCorrupt, NotWritten, RequestError

Event = dict[str, Any]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}  # no space left, quota exceeded, broken disk


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """What is written within that the disk does not take is a NotWritten that names the run's folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NotWritten(
            f"{folder} can't be written: {error.strerror}. What is in its ledger is safe; make room, and the same "
            "command with the same --out goes on from there."
        ) from error


def folder_for_run(folder: Path) -> Path:
    """The folder, made where it does not exist.

    Raises:
        RequestError: it can be none.
        NotWritten: the disk is full.
    """
    try:
        with keeping(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise RequestError(f"No run can be written in {str(folder)[-80:]!r}: {error}. Name another folder.") from error
    return folder


class Ledger:
    """Events of one run, in order, in memory and (where a path is given) in a JSON-lines file.

    A last line that a killed run left unfinished is cut off; any other unreadable line is a LedgerCorrupt.

    Args:
        path: the file; None keeps the events in memory only.
        follow: only read what the run that writes the file has put there, again whenever something is not found.
    """

    def __init__(self, path: Path | None = None, *, follow: bool = False) -> None:
        self.path, self._follow = path, follow
        self._events: list[Event] = []
        self._index: dict[str, Event] = {}
        self._file: IO[bytes] | None = None
        self._read = 0  # bytes
        if follow and path is not None and not path.is_file():
            raise RequestError(f"There is no run in {path.parent}, {path.name} is missing. Name the folder of a run.")
        if path is not None and not follow:
            self._file = _opened(folder_for_run(path.parent) / path.name)
            self._lock(path)
            self._load(path)

    def _lock(self, path: Path) -> None:
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RequestError(f"Another run is writing {path}; wait for it or name another --out.") from error

    def _load(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._read)
            raw = file.read()
        good = raw[: raw.rfind(b"\n") + 1]
        for number, line in enumerate(good.splitlines(), start=len(self._events) + 1):
            try:
                self._remember(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise LedgerCorrupt(
                    f"Line {number} of {path} cannot be read ({error}). Delete that line, or name another --out."
                ) from error
        self._read += len(good)
        if self._file is not None and len(good) < len(raw):
            self._file.truncate(self._read)

    def _remember(self, event: Event) -> None:
        if not isinstance(event, dict):
            raise ValueError("an event is a table of keys")
        self._events.append(event)
        if "id" in event:
            self._index[event["id"]] = event

    def append(self, event: Event) -> None:
        """Write an event; it is on disk when this returns."""
        if self._follow:
            raise TypeError("a ledger that follows another run's is never written")
        line = json.dumps(event, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        if self._file is not None and self.path is not None:
            with keeping(self.path.parent):
                self._write(self._file, line)
        self._remember(event)

    def _write(self, file: IO[bytes], line: bytes) -> None:
        """The whole line on disk, or none of it: the file is not buffered, so nothing is left for its closing."""
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), self._read)
            raise
        self._read += len(line)

    def read(self, since: int = 0) -> Iterator[Event]:
        """The events from number `since` on."""
        if self._follow and self.path is not None:
            self._load(self.path)
        return iter(self._events[since:])

    def find(self, identity: str) -> Event | None:
        """The event with that id, or None."""
        if self._follow and self.path is not None and identity not in self._index:
            self._load(self.path)
        return self._index.get(identity)

    @property
    def store(self) -> Path | None:
        """The folder for large things (weights) beside the file; None for a ledger in memory."""
        return None if self.path is None else self.path.parent / "store"

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _opened(path: Path) -> IO[bytes]:
    try:
        with keeping(path.parent):
            return path.open("a+b", buffering=0)
    except OSError as error:
        raise RequestError(
            f"No run can be written in {str(path.parent)[-80:]!r}: {error}. Name another --out."
        ) from error
