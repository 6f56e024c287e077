"""Gives ledgers of earlier versions, which had no checksums, the form of today: `python -m genas.core.seal LEDGER...`.

What is then learned from such a ledger (`genas fit`, eval/portfolio.py) is trusted as it is found.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from pathlib import Path

from genas.core import events
from genas.core.errors import GenasError, LedgerCorrupt, RequestError
from genas.core.ledger import Event, Ledger, sealed


def seal(path: Path) -> int:
    """Rewrite a ledger with checksums; lines that have one must verify. Return how many had none.

    A last line that was left unfinished is dropped. No run may be writing the file.

    Raises:
        RequestError: there is no such file, or a run is writing it.
        LedgerCorrupt: a line is no event, or was changed after it got its checksum.
    """
    if not path.is_file():
        raise RequestError(f"{path} does not exist; name a ledger.")
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RequestError(f"A run is writing {path}; wait for its end.") from error
        lines = file.read().split(b"\n")[:-1]
        old = next((n for n, line in enumerate(lines) if b'"sum":"' not in line[-27:]), len(lines))
        done = _verified(path, lines[:old])
        ids = {event["id"] for event in done}
        new = [_event(path, number, line, ids) for number, line in enumerate(lines[old:], start=old + 1)]
        whole, _ = sealed([*done, *new], first=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(whole)
        os.replace(part, path)
    return len(new)


def _verified(path: Path, lines: list[bytes]) -> list[Event]:
    """The events of lines that have checksums."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(b"".join(line + b"\n" for line in lines))
    try:
        return list(Ledger(part, follow=True).read())
    except LedgerCorrupt as error:
        raise LedgerCorrupt(str(error).replace(str(part), str(path))) from error
    finally:
        part.unlink()


def _event(path: Path, number: int, line: bytes, known: set[str]) -> Event:
    """The event of a line without a checksum; its id is added to `known`."""
    try:
        event: Event = json.loads(line)
        events.check(event)
        if event["id"] in known:
            raise ValueError(f"an earlier line has the id {event['id']!r}")
    except ValueError as error:
        raise LedgerCorrupt(
            f"Line {number} of {path} is no event that this genas knows ({error}). Delete it."
        ) from error
    known.add(event["id"])
    return event


def main() -> None:
    """Seal each named file; stop with exit code 2 at the first that can't be sealed."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m genas.core.seal LEDGER...")
    try:
        for name in sys.argv[1:]:
            print(f"{name}: {seal(Path(name))} lines sealed")
    except GenasError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
