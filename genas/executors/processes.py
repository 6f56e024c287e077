"""Measures in worker processes on this machine, several architectures at a time."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from queue import SimpleQueue
from typing import Any, ClassVar

from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Executor


class Processes(Executor):
    """Each worker is a process of its own, started afresh (not forked) and with its own torch threads.

    A worker that is killed in the middle of a job (out of memory, say) is replaced and the job tried once more; if
    that worker dies too, the job ends as ScoreFailed, which makes a failed trial. Workers end with the process that
    started them, however that ends.

    Args:
        workers: processes; None is one for each `threads` cores.
        threads: of torch for each evaluation; None shares the cores out among the workers.
        gpus: CUDA devices that are shared out among the workers, by number, as [0, 1]; None leaves all to each.
    """

    name = "processes"
    short: ClassVar[str | None] = "workers"

    def __init__(
        self, *, workers: int | None = None, threads: int | None = None, gpus: Sequence[int] | None = None
    ) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if (workers or 1) < 1 or (threads or 1) < 1:
            raise RequestError("processes needs at least 1 worker and 1 thread; write processes:2, for example.")
        self.workers = workers or max(1, cores // (threads or 1))
        self.threads = threads or max(1, cores // self.workers)
        self._free: SimpleQueue[_Slot] = SimpleQueue()
        for number in range(self.workers):
            self._free.put(_Slot((gpus[number :: self.workers] or [gpus[number % len(gpus)]]) if gpus else None))
        self._hands = ThreadPoolExecutor(self.workers, thread_name_prefix="genas")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of the work, which must be picklable; a lost worker's is ScoreFailed."""
        return self._hands.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        slot = self._free.get()
        try:
            return slot.run(fn, *args, **kwargs)
        finally:
            self._free.put(slot)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, after their jobs where `wait`."""
        self._hands.shutdown(wait, cancel_futures=cancel_futures)
        while not self._free.empty():
            self._free.get().close()


class _Slot:
    """One worker process at a time."""

    def __init__(self, gpus: Sequence[int] | None) -> None:
        self._gpus = gpus
        self._pool: ProcessPoolExecutor | None = None

    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            try:
                return self._worker().submit(fn, *args, **kwargs).result()
            except BrokenProcessPool:
                self.close()
        raise ScoreFailed("the worker process died twice while it measured this (killed, or out of memory)")

    def _worker(self) -> ProcessPoolExecutor:
        if self._pool is None:
            fresh = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=fresh, initializer=_begin, initargs=(self._gpus,))
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _begin(gpus: Sequence[int] | None) -> None:
    """In the worker: see only these CUDA devices, and end when the run's process ends."""
    if gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, gpus))
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
