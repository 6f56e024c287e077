"""How words are listed in this folder: a block of text, a line of it for each thought, in the syntax of `re`."""

from __future__ import annotations

import re

# Any word but one that begins another thought.
WORD = r"(?!(?:und|aber|oder|sondern|et|mais|ou)\b)[^\W\d]+"


def one_of(block: str) -> str:
    """The lines of a block as the alternatives of one group; a line may hold several, the first that fits is taken."""
    return f"(?:{'|'.join(_lines(block))})"


def words(block: str) -> re.Pattern[str]:
    """Any of a block's alternatives as a whole word or phrase, in either case."""
    return re.compile(rf"\b{one_of(block)}\b", re.I)


def rows(block: str) -> tuple[tuple[str, str], ...]:
    """A dictionary's rows, "meaning <- words", as (words, meaning); a line without a meaning goes on with the words.

    Spaces around a meaning count where it stands in quotes.
    """
    found: list[tuple[str, str]] = []
    for line in _lines(block):
        meaning, arrow, said = line.partition(" <- ")
        if arrow:
            found.append((said.strip(), meaning.strip().strip('"')))
        else:
            found[-1] = f"{found[-1][0]}|{line}", found[-1][1]
    return tuple(found)


def _lines(block: str) -> list[str]:
    """Lines without what stands around them; lines that begin with # are comments."""
    return [line for whole in block.splitlines() if (line := whole.strip()) and not line.startswith("# ")]
