"""Workers that each do one job at a time, whatever they are made of; a lost one is replaced and its job tried again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Executor


class Lost(Exception):
    """The worker died in the middle of a job."""


class Slot(ABC):
    """The place of one worker, started when there is work for it."""

    @abstractmethod
    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What the work returns or raises; Lost where the worker died, the next job having a new one."""

    @abstractmethod
    def close(self) -> None:
        """End the worker, if there is one."""


class SlotExecutor(Executor):
    """Jobs wait for a free slot; one whose worker dies is tried once more, and is ScoreFailed if that dies too.

    Args:
        slots: one for each job at a time.
        threads: of torch for each job.
    """

    def __init__(self, slots: Sequence[Slot], threads: int) -> None:
        self.workers, self.threads = len(slots), threads
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for slot in slots:
            self._free.put(slot)
        self._hands = ThreadPoolExecutor(len(slots), thread_name_prefix="genas")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of the work, which must be picklable."""
        return self._hands.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        slot = self._free.get()
        try:
            return slot.run(fn, *args, **kwargs)
        except Lost:
            return self._again(slot, fn, *args, **kwargs)
        finally:
            self._free.put(slot)

    def _again(self, slot: Slot, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        try:
            return slot.run(fn, *args, **kwargs)
        except Lost as error:
            raise ScoreFailed(
                f"its worker died twice while it was measured (killed, or out of memory): {error}"
            ) from error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, after their jobs where `wait`."""
        self._hands.shutdown(wait, cancel_futures=cancel_futures)
        while not self._free.empty():
            self._free.get().close()
