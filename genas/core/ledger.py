"""The ledger: an append-only file of events, the whole memory of a run. A resumed run looks here first."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from genas.core import events
from genas.core.errors import LedgerCorrupt, NotWritten, RequestError
from genas.core.secrets import masked

Event = dict[str, Any]

FORMAT = 2  # of the file; 1 had no checksums
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}  # no space left, quota exceeded, broken disk
_SEALED = re.compile(rb'(\{.*),"sum":"([0-9a-f]{16})"\}', re.DOTALL)
_FORMAT = re.compile(rb'\{"format":([0-9]{1,9}),')


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Turn an error of a full or broken disk into a NotWritten that names the run's folder."""
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
        raise _unwritable(folder, str(error)) from error
    return folder


class Ledger:
    """Events of one run, in order, in memory and (where a path is given) in a JSON-lines file.

    Each line ends with a checksum over itself and the checksum of the line before, so that what was changed, put in or
    taken out before the end is found. A last line that a killed run left unfinished is cut off.

    Args:
        path: the file; None keeps the events in memory only.
        follow: only read what the run that writes the file has put there, again whenever something is not found.
        held: write nothing before `begin`, so that a request that is refused leaves no trace.

    Raises:
        LedgerCorrupt: a line is not as it was written, or of another format; the message says which and what to do.
        RequestError: no file can be written there, or another run is writing it.
    """

    def __init__(self, path: Path | None = None, *, follow: bool = False, held: bool = False) -> None:
        self.path, self._follow = path, follow
        self._events: list[Event] = []
        self._index: dict[str, Event] = {}
        self._file: IO[bytes] | None = None
        self._read = 0  # bytes
        self._sum = ""  # of the last line
        self._held: list[Event] | None = [] if held and path is not None else None
        self._made: list[Path] | None = None  # the folders that were made for the file, where it was made here
        if path is None:
            return
        if follow:
            try:
                there = path.is_file()
            except (OSError, ValueError) as error:  # a name that no file can have
                raise RequestError(f"{str(path)[-80:]!r} can't be read: {error}. Name the folder of a run.") from error
            if not there:
                raise RequestError(
                    f"There is no run in {path.parent}, {path.name} is missing. Name the folder of a run."
                )
            self._load(path)
        elif not held or _exists(path):
            self._open(path)
        else:
            _check_place(path.parent)

    # The file

    def begin(self) -> None:
        """Write the events held back so far; from now on each is written at once."""
        if self._held is None or self.path is None:
            return
        held, self._held = self._held, None
        if self._file is None:
            self._open(self.path)
            if self._read:
                raise RequestError(f"Another run has begun in {self.path.parent}; name another --out.")
        if held:
            self._write(held)

    def discard(self) -> None:
        """Remove the file if it was made here, with the folders that were made for it and hold nothing else."""
        if self.path is None or self._made is None:
            return
        self.close()
        self.path.unlink(missing_ok=True)
        for folder in self._made:
            if not any(folder.iterdir()):
                folder.rmdir()
        self._made = None

    def _open(self, path: Path) -> None:
        missing = [folder for folder in (path.parent, *path.parent.parents) if not _exists(folder)]
        new = not _exists(path)
        self._file = _opened(folder_for_run(path.parent) / path.name)
        with ExitStack() as refused:
            refused.callback(self.close)
            self._lock(path)
            self._load(path)
            refused.pop_all()
        self._made = missing if new else None

    def _lock(self, path: Path) -> None:
        assert self._file is not None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RequestError(f"Another run is writing {path}; wait for it or name another --out.") from error

    def _load(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                file.seek(self._read)
                raw = file.read()
        except OSError as error:
            raise RequestError(f"{path} can't be read: {error}. Name the folder of a run.") from error
        *lines, rest = raw.split(b"\n")
        for line in lines:
            self._take(path, line)
            self._read += len(line) + 1
        if _SEALED.match(rest) and not _SEALED.fullmatch(rest):  # no run that is killed leaves that
            raise _corrupt(path, len(self._events) + 1, "it does not end where it ended when it was written")

    def _take(self, path: Path, line: bytes) -> None:
        """A line of the file, verified."""
        number = len(self._events) + 1
        if number == 1:
            _check_format(path, line)
        match = _SEALED.fullmatch(line)
        if match is None or match[2].decode() != (total := _sum_of(self._sum, match[1] + b"}")):
            raise _corrupt(path, number, "its checksum does not fit, so it was changed after it was written")
        body = match[1] + b"}"
        try:
            event = json.loads(body)
            events.check(event)
            event.pop("format", None)
            self._remember(event)
        except ValueError as error:
            raise _corrupt(path, number, f"it is no event that this genas knows ({error})") from error
        self._sum = total

    # Events

    def append(self, event: Event) -> Event:
        """Write an event; it is on disk when this returns, or when `begin` does where the ledger is held.

        Returns:
            The event as it is kept: secrets in it are masked, but for its id, by which it is found again.

        Raises:
            ValueError: it is no event, or there is one of its id.
            NotWritten: the disk is full.
        """
        if self._follow:
            raise TypeError("a ledger that follows another run's is never written")
        events.check(event)
        if event["id"] in self._index:
            raise ValueError(f"the ledger has an event {event['id']!r}")
        event = {**masked(event), "id": event["id"]}
        if self._held is not None:
            self._held.append(event)
        elif self._file is not None:
            self._write([event])
        self._remember(event)
        return event

    def warn(self, name: str, text: str) -> None:
        """Append a warning for the report, once under that name."""
        identity = masked(f"warning {name}")
        if self.find(identity) is None:
            self.append({"kind": "warning", "id": identity, "text": text})

    def _remember(self, event: Event) -> None:
        if event["id"] in self._index:
            raise ValueError(f"an earlier line has the id {event['id']!r}")
        self._events.append(event)
        self._index[event["id"]] = event

    def _write(self, new: Sequence[Event]) -> None:
        """Write all lines to disk, or none of them. The file is not buffered, so closing it writes nothing."""
        assert self._file is not None
        assert self.path is not None
        lines, total = sealed(new, self._sum, first=self._read == 0)
        with keeping(self.path.parent):
            try:
                self._file.truncate(self._read)  # half a line of a run that was killed
                rest = memoryview(lines)
                while rest:
                    rest = rest[self._file.write(rest) :]
                os.fsync(self._file.fileno())
            except OSError:
                os.ftruncate(self._file.fileno(), self._read)
                raise
        self._read += len(lines)
        self._sum = total

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


def sealed(new: Sequence[Event], total: str = "", *, first: bool) -> tuple[bytes, str]:
    """The lines of events as a ledger holds them, and the checksum of the last.

    Args:
        total: the checksum of the line before.
        first: whether these begin the file, whose first line tells its format.
    """
    lines: list[bytes] = []
    for event in new:
        body = _json({"format": FORMAT, **event} if first and not lines else event)
        total = _sum_of(total, body)
        lines.append(body[:-1] + b',"sum":"' + total.encode() + b'"}\n')
    return b"".join(lines), total


def _json(event: Event) -> bytes:
    return json.dumps(event, allow_nan=False, separators=(",", ":")).encode()


def _sum_of(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + body).hexdigest()[:16]


def _check_format(path: Path, line: bytes) -> None:
    match = _FORMAT.match(line)
    if match is None:
        raise LedgerCorrupt(
            f"Line 1 of {path} tells no format: an earlier genas wrote it, without checksums, or it was changed. Name "
            "another --out; a ledger to learn from gets its checksums from `python -m genas.core.seal`."
        )
    if int(match[1]) != FORMAT:
        age = "a newer" if int(match[1]) > FORMAT else "an earlier"
        raise LedgerCorrupt(
            f"Line 1 of {path} has the format {int(match[1])} of {age} genas; this one reads {FORMAT}. Use "
            "that genas, or name another --out."
        )


def _corrupt(path: Path, number: int, reason: str) -> LedgerCorrupt:
    keep = f"keep the {number - 1} lines before it (head -n {number - 1}), " if number > 1 else ""
    return LedgerCorrupt(
        f"Line {number} of {path}: {reason}. Bring back the file as it was, {keep}or name another --out."
    )


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise _unwritable(path, str(error)) from error
    return True


def _check_place(folder: Path) -> None:
    """Check that a run's folder can be made there, by making and removing one of another name."""
    there = next(place for place in (folder, *folder.parents) if _exists(place))
    try:
        with keeping(folder), TemporaryDirectory(dir=there):
            pass
    except OSError as error:
        raise _unwritable(folder, str(error)) from error


def _unwritable(folder: Path, reason: str) -> RequestError:
    return RequestError(f"No run can be written in {str(folder)[-80:]!r}: {reason}. Name another folder.")


def _opened(path: Path) -> IO[bytes]:
    try:
        with keeping(path.parent):
            return path.open("a+b", buffering=0)
    except OSError as error:
        raise _unwritable(path.parent, str(error)) from error
