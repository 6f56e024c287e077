"""The ledger: an append-only file of events, all that a run keeps. Resume is a re-run that looks here first."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from genas.core.errors import LedgerCorrupt, RequestError

Event = dict[str, Any]


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
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
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
        self._remember(event)
        if self._file is not None:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())

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
