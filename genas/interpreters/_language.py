"""What a language is to the interpreter: words that tell it, tables that turn it into the English of the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genas.interpreters._numerals import Numerals

# Any word but one that begins another thought.
WORD = r"(?!(?:und|aber|oder|sondern|et|mais|ou)\b)[^\W\d]+"


@dataclass(frozen=True)
class Language:
    """`tells` are words that no English sentence has; `words` are replaced in order; `numerals` are counting words.

    `parts` are fractions, which are replaced before counting words are read.
    """

    tells: re.Pattern[str]
    parts: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    numerals: Numerals
