"""A ledger of given events, with checksums as a run writes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from genas.core.ledger import Event, Ledger


def write_ledger(path: Path, events: Iterable[Event], tail: str = "") -> Path:
    """Write the events; `tail` is half a line behind them, as a kill may leave it."""
    ledger = Ledger(path)
    for event in events:
        ledger.append(event)
    ledger.close()
    with path.open("a") as file:
        file.write(tail)
    return path
