"""How word lists are written in these folders: as a block of text, one line for each idea, in the syntax of `re`."""

from __future__ import annotations

import re

# Any word except one that begins a new clause.
WORD = r"(?!(?:und|aber|oder|sondern|et|mais|ou)\b)[^\W\d]+"


def one_of(block: str) -> str:
    """The lines of a block as the alternatives of one group; a line may hold several, and the first match wins."""
    return f"(?:{'|'.join(_lines(block))})"


def words(block: str) -> re.Pattern[str]:
    """Any alternative of a block as a whole word or phrase, in upper or lower case."""
    return re.compile(rf"\b{one_of(block)}\b", re.I)


def rows(block: str) -> tuple[tuple[str, str], ...]:
    """The rows of a dictionary, written "meaning <- words", as pairs (words, meaning).

    A line without a meaning adds words to the row above. Spaces around a meaning count if it stands in quotes.
    """
    pairs: list[tuple[str, str]] = []
    for line in _lines(block):
        meaning, arrow, said = line.partition(" <- ")
        if arrow:
            pairs.append((said.strip(), meaning.strip().strip('"')))
        else:
            pairs[-1] = f"{pairs[-1][0]}|{line}", pairs[-1][1]
    return tuple(pairs)


def _lines(block: str) -> list[str]:
    """The lines without surrounding spaces; empty lines and comments (#) are dropped."""
    return [line for whole in block.splitlines() if (line := whole.strip()) and not line.startswith("# ")]
