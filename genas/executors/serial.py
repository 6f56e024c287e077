"""Measures in this process, one architecture after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ClassVar

from genas.core.interfaces import Executor
from genas.core.ranges import Workers


class Serial(Executor):
    """Work is done when `submit` returns.

    Args:
        threads: of torch for each evaluation on the CPU; None lets the run choose.
    """

    name = "serial"
    apart: ClassVar[bool] = False

    def __init__(self, *, threads: Workers | None = None) -> None:
        self.workers, self.threads = 1, threads

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done; an error of the work is raised here and now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
