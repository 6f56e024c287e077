"""Measures several architectures at a time, in worker processes on this machine."""

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
    """Each worker is a separate process, spawned (not forked), with its own torch threads.

    If a worker is killed during a job (out of memory, say), it is replaced and the job is tried once more. If that
    worker dies too, the job fails with ScoreFailed, which makes a failed trial. Workers end when the process that
    started them ends, for whatever reason.

    Args:
        workers: number of processes; None starts one per `threads` cores.
        threads: torch threads per measurement; None divides the cores among the workers.
        gpus: numbers of CUDA devices to divide among the workers, such as [0, 1]; None gives every worker all of them.
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
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin, initargs=(self._gpus,))
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
    """In the worker: use only these CUDA devices, and end when the parent process ends."""
    if gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, gpus))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
