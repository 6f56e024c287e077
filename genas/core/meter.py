"""Measures through a ledger, wherever the work runs: what is written there is not measured again."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, NamedTuple

from genas.core import wire
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, Validator
from genas.core.ledger import Event, Ledger
from genas.core.records import Architecture, Measurement, Use


class Job(NamedTuple):
    """One measurement that is wanted."""

    arch: Architecture
    fidelity: float = 1.0
    seed: int = 0


Submit = Callable[[Job], "Future[Measurement | ScoreFailed]"]


class Meter:
    """Measures through a ledger: what is written there is not measured again.

    Args:
        scorer: what measures.
        use: the name and options it was made from; part of the identity of a measurement.
        ledger: where measurements are looked up and written.
    """

    def __init__(self, scorer: Scorer, use: Use, ledger: Ledger) -> None:
        self.scorer, self.use, self.ledger = scorer, use, ledger
        self._stem = json.dumps([use.name, use.options], sort_keys=True)
        self.fitted_on = 0

    def fit(self, trials: Sequence[Any]) -> None:
        """Fit the scorer; later measurements are told apart from earlier ones by the number of trials."""
        self.scorer.fit(trials)
        self.fitted_on = len(trials)

    def measure(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """One result per architecture, in order, each taken from the ledger or measured (together) and written."""
        ids = [self._id("score", Job(arch, fidelity, seed)) for arch in archs]
        fresh = {i: a for i, a in zip(ids, archs, strict=True) if self.ledger.find(i) is None}
        made = self.scorer.score_all(list(fresh.values()), fidelity=fidelity, seed=seed) if fresh else []
        for identity, arch, result in zip(fresh, fresh.values(), made, strict=True):
            self._write(identity, arch, result)
        return [self._result(i) for i in ids]

    def test(self, arch: Architecture, *, seed: int = 0) -> Measurement | ScoreFailed:
        """The validator's figure on the test split, from the ledger if it is there."""
        validator, identity = self.scorer, self._id("test", Job(arch, seed=seed))
        assert isinstance(validator, Validator)
        if self.ledger.find(identity) is None:
            self._write(identity, arch, _attempt(lambda: validator.test(arch, seed=seed)))
        return self._result(identity)

    def stream(self, jobs: Iterable[Job], submit: Submit, workers: int) -> Iterator[Measurement | ScoreFailed]:
        """One result per job, in order. Up to `workers` jobs run at a time, and each is written as soon as it ends.

        The next job is taken only when a worker is free for it, so `jobs` may end early.
        """
        order: deque[str] = deque()
        running: dict[str, tuple[Architecture, Future[Measurement | ScoreFailed]]] = {}
        for job in jobs:
            identity = self._id("score", job)
            order.append(identity)
            if self.ledger.find(identity) is None and identity not in running:
                running[identity] = job.arch, submit(job)
            self._collect(running, room=workers - 1)
            while order and order[0] not in running:
                yield self._result(order.popleft())
        while order:
            self._collect(running, room=len(running) - 1)
            while order and order[0] not in running:
                yield self._result(order.popleft())

    def _collect(
        self, running: dict[str, tuple[Architecture, Future[Measurement | ScoreFailed]]], *, room: int
    ) -> None:
        """Write finished results; wait until at most `room` jobs are running."""
        while True:
            for identity, (arch, future) in list(running.items()):
                if future.done():
                    self._write(identity, arch, _attempt(future.result))
                    del running[identity]
            if len(running) <= max(0, room):
                return
            wait([future for _, future in running.values()], return_when=FIRST_COMPLETED)

    def _write(self, identity: str, arch: Architecture, result: Measurement | ScoreFailed) -> None:
        event: Event = {"kind": "measurement", "id": identity, "key": arch.key, "scorer": self.scorer.name}
        if isinstance(result, ScoreFailed):
            event["failure"] = str(result)
        else:
            event["measurement"] = wire.to_data(result)
        self.ledger.append(event)

    def _id(self, verb: str, job: Job) -> str:
        fitted = self.fitted_on if self.scorer.fits else 0
        return f"{verb} {self._stem} {job.arch.key} {job.fidelity:g} {job.seed} {fitted}"

    def _result(self, identity: str) -> Measurement | ScoreFailed:
        event = self.ledger.find(identity)
        assert event is not None
        if "failure" in event:
            return ScoreFailed(event["failure"])
        return wire.from_data(Measurement, event["measurement"])


def _attempt(measure: Callable[[], Measurement | ScoreFailed]) -> Measurement | ScoreFailed:
    try:
        return measure()
    except ScoreFailed as failure:
        return failure
