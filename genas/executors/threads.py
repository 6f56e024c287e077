"""Trains and measures in threads of this process, one core each; data are loaded once and shared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from genas.core.errors import RequestError
from genas.core.interfaces import Executor
from genas.core.ranges import Workers


class Threads(Executor):
    """Each worker is a thread. Torch releases Python's global lock while it computes, so the threads run in parallel.

    Args:
        workers: number of threads; None starts one per core.
        threads: torch threads per worker.
    """

    name = "threads"
    apart: ClassVar[bool] = False
    short: ClassVar[str | None] = "workers"

    def __init__(self, *, workers: Workers | None = None, threads: Workers = 1) -> None:
        from genas.training.timing import cores

        if (1 if workers is None else workers) < 1 or threads < 1:
            raise RequestError("threads needs at least 1 worker and 1 thread; write threads:2, for example.")
        self.workers, self.threads = workers or max(1, cores() // threads), threads
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="genas")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future of the job."""
        return self._pool.submit(self._run, fn, *args, **kwargs)

    def _run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        import torch

        torch.set_num_threads(self.threads or 1)
        return fn(*args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the threads; with `wait`, after their jobs."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
