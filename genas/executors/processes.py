"""Measures in worker processes on this machine, several architectures at a time."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ClassVar

from genas.core.errors import RequestError
from genas.core.ranges import Workers
from genas.executors._slots import Lost, Slot, SlotExecutor


class Processes(SlotExecutor):
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
        self, *, workers: Workers | None = None, threads: Workers | None = None, gpus: Sequence[int] | None = None
    ) -> None:
        if (1 if workers is None else workers) < 1 or (1 if threads is None else threads) < 1:
            raise RequestError("processes needs at least 1 worker and 1 thread; write processes:2, for example.")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        count = workers or max(1, cores // (threads or 1))
        shares = [(gpus[n::count] or [gpus[n % len(gpus)]]) if gpus else None for n in range(count)]
        super().__init__([_Process(share) for share in shares], threads or max(1, cores // count))


class _Process(Slot):
    def __init__(self, gpus: Sequence[int] | None) -> None:
        self._gpus = gpus
        self._pool: ProcessPoolExecutor | None = None

    def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self._pool is None:
            fresh = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=fresh, initializer=_begin, initargs=(self._gpus,))
        try:
            return self._pool.submit(fn, *args, **kwargs).result()
        except BrokenProcessPool as error:
            self.close()
            raise Lost("the process ended") from error

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
