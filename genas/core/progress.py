"""Who is told how far a run is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Who is told how far the run is."""

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""

    def step(self, text: str = "") -> None:
        """One more step is done."""


class Silence:
    """Progress that nobody watches."""

    def stage(self, name: str, total: int) -> None:
        """Does nothing."""

    def step(self, text: str = "") -> None:
        """Does nothing."""
