"""Lets one long verb run at a time in a process, whichever face called it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOK = 0.2  # seconds between two looks at whether the one who waits was cancelled


class Queue:
    """Lets one caller work at a time. Long verbs share torch's threads and random numbers, so they take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait until nobody else works, then keep the turn until the block ends.

        Args:
            waiting: called several times a second while others work; what it raises ends the wait.
        """
        while not self._lock.acquire(timeout=_LOOK):
            waiting()
        try:
            yield
        finally:
            self._lock.release()


PROCESS = Queue()  # of all faces that work in this process
