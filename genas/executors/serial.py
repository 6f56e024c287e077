"""Measures one architecture after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ClassVar

from genas.core.interfaces import Executor
from genas.core.ranges import Workers


class Serial(Executor):
    """Runs each job within `submit`.

    Args:
        threads: torch threads per measurement on the CPU; None lets the run choose.
    """

    name = "serial"
    apart: ClassVar[bool] = False

    def __init__(self, *, threads: Workers | None = None) -> None:
        self.workers, self.threads = 1, threads

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A finished future of the job. An error of the job is raised immediately."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
