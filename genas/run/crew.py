"""Trains courses on the executor and writes each result into the ledger as soon as it arrives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any

from genas.core import wire
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Executor
from genas.core.ledger import Event, Ledger
from genas.core.records import Request
from genas.run.trainer import Course, Result, Trainer, work


class Crew:
    """Trains the courses of a race. Results that are in the ledger are not trained again.

    Args:
        trainer: trains in this process.
        device: where networks are, in this process and in workers.
        spent: tells the seconds of the budget that are used.
    """

    def __init__(
        self,
        request: Request,
        ledger: Ledger,
        trainer: Trainer,
        *,
        executor: Executor,
        device: str,
        spent: Callable[[], float],
    ) -> None:
        self.request, self.ledger, self.trainer, self.executor = request, ledger, trainer, executor
        self._device, self._spent = device, spent

    def results(self, courses: Sequence[Course], stage: str) -> Iterator[tuple[Course, Event]]:
        """Each course with its event: first those that are in the ledger, then the others as they end."""
        waiting: dict[Future[Any], Course] = {}
        todo: list[Course] = []
        for course in courses:
            if (event := self.ledger.find(identity_of(course, stage))) is None:
                todo.append(course)
            else:
                yield course, event
        do = self._worker()
        for course in todo:
            while len(waiting) >= self.executor.workers:
                yield from self._collect(waiting, stage)
            waiting[self.executor.submit(do, course)] = course
        while waiting:
            yield from self._collect(waiting, stage)

    def _collect(self, waiting: dict[Future[Any], Course], stage: str) -> list[tuple[Course, Event]]:
        """Wait until at least one has ended; return all that have."""
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        results = []
        for future in [f for f in waiting if f in done]:
            course = waiting.pop(future)
            try:
                result: Result | ScoreFailed = future.result()
            except ScoreFailed as failure:
                result = failure
            results.append((course, self.record(course, stage, result)))
        return results

    def record(self, course: Course, stage: str, result: Result | ScoreFailed) -> Event:
        """Write a course's result into the ledger and return the event."""
        key = course.candidate.key
        event: Event = {"kind": "measurement", "id": identity_of(course, stage), "key": key, "scorer": "race"}
        if isinstance(result, ScoreFailed):
            event["failure"] = str(result)
        else:
            event |= {
                "measurement": wire.to_data(result.measured),
                "loss": result.loss,
                "slope": result.slope,
                "seen": result.examples,
            }
        event |= {"leg": course.legs[-1].name, "clock": self._spent()}
        return self.ledger.append(event)

    def _worker(self) -> Any:
        if not self.executor.apart:
            return self.trainer.run
        place = {
            "request": wire.to_data(self.request), "device": self._device,
            "ledger": str(self.ledger.path), "threads": self.executor.threads,
        }  # fmt: skip
        return partial(work, json.dumps(place))


def identity_of(course: Course, stage: str) -> str:
    """The id of the event that holds the measurement after a stage of a course."""
    return f"race {course.candidate.key} {course.seed} {stage}"
