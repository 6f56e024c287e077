"""Progress of a run: the interface of those who show it, and some that show nothing or end the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from genas.core.errors import TookTooLong


class Progress(Protocol):
    """Shows how far a run is."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""

    def step(self, text: str = "") -> None:
        """One more step is done."""

    def note(self, text: str) -> None:
        """Something that the user must know before the run goes on."""


class Silence:
    """Progress that nobody watches."""

    def stage(self, name: str, total: int) -> None:
        """Does nothing."""

    def step(self, text: str = "") -> None:
        """Does nothing."""

    def note(self, text: str) -> None:
        """Does nothing."""


class Steps:
    """Turns the share of a stage that is done into a hundred steps.

    Args:
        progress: who is told.
        text: what each step says.
    """

    def __init__(self, progress: Progress, text: Callable[[], str] = lambda: "") -> None:
        self._progress, self._text, self._done = progress, text, 0

    def __call__(self, share: float) -> None:
        """Report the steps up to this share, from 0 to 1."""
        while self._done < int(100 * share):
            self._done += 1
            self._progress.step(self._text())


class Until:
    """Progress that ends the work at its first step after some time.

    Args:
        progress: who is told.
        seconds: from now on.
        text: what the error says.
    """

    def __init__(self, progress: Progress, seconds: float, text: str) -> None:
        self._progress, self._end, self._text = progress, time.monotonic() + seconds, text

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins, where there is time for it."""
        self._check()
        self._progress.stage(name, total)

    def step(self, text: str = "") -> None:
        """One more step is done; TookTooLong if the time is up."""
        self._check()
        self._progress.step(text)

    def note(self, text: str) -> None:
        """Something that the user must know."""
        self._progress.note(text)

    def _check(self) -> None:
        if time.monotonic() > self._end:
            raise TookTooLong(self._text)
