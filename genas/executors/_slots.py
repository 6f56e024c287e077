"""The base class of executors with worker processes: a lost worker is replaced and its job is tried once more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Executor


class Lost(Exception):
    """The worker died during a job."""


class Slot(ABC):
    """One worker, started with its first job."""

    @abstractmethod
    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a job in the worker: returns what it returns, raises what it raises.

        Raises:
            Lost: the worker died; the next job gets a new worker.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop the worker, if it is running."""


class SlotExecutor(Executor):
    """Runs each job in a free slot. If its worker dies, the job is tried once more, then fails with ScoreFailed.

    Args:
        slots: one per worker.
        threads: torch threads per job.
    """

    def __init__(self, slots: Sequence[Slot], threads: int) -> None:
        self.workers, self.threads = len(slots), threads
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(len(slots), thread_name_prefix="genas")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of the job; function and arguments must be picklable."""
        return self._threads.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        slot = self._free.get()
        try:
            return slot.run(fn, *args, **kwargs)
        except Lost:
            return self._retry(slot, fn, *args, **kwargs)
        finally:
            self._free.put(slot)

    def _retry(self, slot: Slot, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        try:
            return slot.run(fn, *args, **kwargs)
        except Lost as error:
            raise ScoreFailed(
                f"its worker died twice while it was measured (killed, or out of memory): {error}"
            ) from error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the workers; with `wait`, after their jobs."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        while not self._free.empty():
            self._free.get().close()
