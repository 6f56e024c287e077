"""The ledger: an append-only file of events, all that a run keeps. Resume is a re-run that looks here first."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from genas.core import wire
from genas.core.errors import LedgerCorrupt, RequestError, ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.records import Architecture, Measurement, Use

Event = dict[str, Any]


class Ledger:
    """Events of one run, in order, in memory and (where a path is given) in a JSON-lines file.

    A last line that a killed run left unfinished is cut off; any other unreadable line is a LedgerCorrupt.

    Args:
        path: the file; None keeps the events in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._events: list[Event] = []
        self._index: dict[str, Event] = {}
        self._file: IO[bytes] | None = None
        if path is not None:
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
        assert self._file is not None
        raw = path.read_bytes()
        good = raw[: raw.rfind(b"\n") + 1]
        for number, line in enumerate(good.splitlines(), start=1):
            try:
                self._remember(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise LedgerCorrupt(
                    f"Line {number} of {path} cannot be read ({error}). Delete that line, or name another --out."
                ) from error
        if len(good) < len(raw):
            self._file.truncate(len(good))

    def _remember(self, event: Event) -> None:
        if not isinstance(event, dict):
            raise ValueError("an event is a table of keys")
        self._events.append(event)
        if "id" in event:
            self._index[event["id"]] = event

    def append(self, event: Event) -> None:
        """Write an event; it is on disk when this returns."""
        line = json.dumps(event, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        self._remember(event)
        if self._file is not None:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())

    def read(self, since: int = 0) -> Iterator[Event]:
        """The events from number `since` on."""
        return iter(self._events[since:])

    def find(self, identity: str) -> Event | None:
        """The event with that id, or None."""
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


class Meter:
    """Measures through a ledger: what is written there is not measured again.

    Args:
        scorer: what measures.
        use: the name and options it was made from; part of the identity of a measurement.
        ledger: where measurements are looked up and written.
    """

    def __init__(self, scorer: Scorer, use: Use, ledger: Ledger) -> None:
        self.scorer, self.ledger = scorer, ledger
        self._stem = json.dumps([use.name, use.options], sort_keys=True)
        self.fitted_on = 0

    def fit(self, trials: Sequence[Any]) -> None:
        """Fit the scorer; later measurements are told apart from earlier ones by the number of trials."""
        self.scorer.fit(trials)
        self.fitted_on = len(trials)

    def measure(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0, verb: str = "score"
    ) -> list[Measurement | ScoreFailed]:
        """One result per architecture, in order, each taken from the ledger or measured and written there."""
        ids = [self._id(verb, arch, fidelity, seed) for arch in archs]
        fresh = {i: a for i, a in zip(ids, archs, strict=True) if self.ledger.find(i) is None}
        if verb == "test":
            assert hasattr(self.scorer, "test")
            made = [self._test(arch, seed) for arch in fresh.values()]
        else:
            made = self.scorer.score_all(list(fresh.values()), fidelity=fidelity, seed=seed) if fresh else []
        for identity, arch, result in zip(fresh, fresh.values(), made, strict=True):
            event: Event = {"kind": "measurement", "id": identity, "key": arch.key, "scorer": self.scorer.name}
            if isinstance(result, ScoreFailed):
                event["failure"] = str(result)
            else:
                event["measurement"] = wire.to_data(result)
            self.ledger.append(event)
        return [self._result(i) for i in ids]

    def _test(self, arch: Architecture, seed: int) -> Measurement | ScoreFailed:
        try:
            return self.scorer.test(arch, seed=seed)  # type: ignore[attr-defined,no-any-return]
        except ScoreFailed as failure:
            return failure

    def _id(self, verb: str, arch: Architecture, fidelity: float, seed: int) -> str:
        fitted = self.fitted_on if self.scorer.fits else 0
        return f"{verb} {self._stem} {arch.key} {fidelity:g} {seed} {fitted}"

    def _result(self, identity: str) -> Measurement | ScoreFailed:
        event = self.ledger.find(identity)
        assert event is not None
        if "failure" in event:
            return ScoreFailed(event["failure"])
        return wire.from_data(Measurement, event["measurement"])
