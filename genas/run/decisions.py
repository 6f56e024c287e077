"""Checks decisions that a race reads from its ledger: they may name only networks that the ledger holds."""

from __future__ import annotations

from collections.abc import Collection

from genas.core.errors import LedgerCorrupt
from genas.core.ledger import Event


def check_rung(event: Event, number: int, known: Collection[str]) -> None:
    """Check that the entrants of a rung are known networks that joined on this rung or before.

    Raises:
        LedgerCorrupt: one is not.
    """
    for entrant in event["entrants"]:
        if entrant["key"] not in known or entrant["joined"] > number:
            raise _unknown(event, entrant["key"])


def check_finalists(event: Event, known: Collection[str], trained: Collection[str]) -> None:
    """Check that each finalist, or the network whose weights it starts from, was trained in the rungs.

    Raises:
        LedgerCorrupt: one was not.
    """
    for entrant in event["entrants"]:
        if entrant["key"] not in known or (entrant["parent"] or entrant["key"]) not in trained:
            raise _unknown(event, entrant["key"])


def _unknown(event: Event, key: str) -> LedgerCorrupt:
    return LedgerCorrupt(
        f"The ledger's decision {event['id']!r} is about {key!r}, of which it does not tell enough. Bring back "
        "the ledger as it was, or name another --out."
    )
