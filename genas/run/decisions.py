"""Decisions of a race that its ledger tells: they are followed only where they are about what the ledger holds."""

from __future__ import annotations

from collections.abc import Collection

from genas.core.errors import LedgerCorrupt
from genas.core.ledger import Event


def check_rung(event: Event, number: int, known: Collection[str]) -> None:
    """That the entrants of a rung are networks that the ledger tells of, which joined on it or before.

    Raises:
        LedgerCorrupt: one is not.
    """
    for entrant in event["entrants"]:
        if entrant["key"] not in known or entrant["joined"] > number:
            raise _unknown(event, entrant["key"])


def check_finalists(event: Event, known: Collection[str], trained: Collection[str]) -> None:
    """That the finalists, or those whose weights they begin with, were trained in the rungs.

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
