"""Translates German and French sentences into the English that the rules read, with one dictionary per language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from genas.core.errors import RequestError
from genas.interpreters.plain import french, german
from genas.interpreters.plain.numerals import Numerals
from genas.interpreters.plain.spelling import Vocabulary

_UNIT = r"(?:parameters|percent|%|m?FLOPs|(?:milli|micro)?seconds|minutes|hours|days|trials|classes|[km]b)(?!\w)"
_PERCENT = r"pour ?cents?(?!\w)"


@dataclass(frozen=True)
class Language:
    """A language and its dictionary.

    Args:
        tells: words that occur in no English sentence.
        parts: rows of (words, meaning) for fractions, replaced before number words are read.
        words: rows for all other words, replaced in their order.
        numerals: number words.
        spelling: words in which typing errors are corrected first.
    """

    tells: re.Pattern[str]
    parts: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    numerals: Numerals
    spelling: Vocabulary

    @cached_property
    def _lost(self) -> re.Pattern[str]:
        """Number words, also misspelt ones, that are left before a unit or another number and thus were not read."""
        word = rf"(?<![\w.,])(?<![0-9] )(?!(?:une?|eine?)\b)(?:(?:{self.numerals.words})(?:[ -]|und)?)+"
        long = "|".join(word for word in (*self.numerals.small, *self.numerals.scales) if len(word) > 5)
        return re.compile(rf"(?:{word}|\b(?:{long})\w+ )[ -]?{_UNIT}|{word} ?(?:oder|ou|to|and) (?=[0-9])", re.I)

    def english(self, text: str) -> str:
        """The text in English; RequestError for number words that are not understood."""
        text = self.spelling.mended(text)
        text = re.sub(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", "", text)
        text = re.sub(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+(?![\w])", _point, text)
        text = re.sub(rf"(?<=[0-9]) ?{_PERCENT}", "%", text, flags=re.I)
        text = self.numerals.ranges(_replaced(text, self.parts), "zwischen|von|entre|de", "und|bis|et|à")
        text = re.sub(rf"(?<!\w)({self.numerals.words}) {_PERCENT}", r"\1 %", text, flags=re.I)
        text = re.sub(r"\b(d)'(?=[0-9])", r"\1e ", self.numerals.digits(text), flags=re.I)
        text = _replaced(text, self.words)
        if left := self._lost.search(text):
            raise RequestError(f"The number in {left[0][:40]!r} is not understood. Write it in digits.")
        return re.sub(r"(?<=[0-9]) (?:de |d')(?=parameters)", " ", text, flags=re.I)


_GERMAN = Language(german.TELLS, german.PARTS, german.WORDS, german.NUMERALS, german.SPELLING)
_FRENCH = Language(french.TELLS, french.PARTS, french.WORDS, french.NUMERALS, french.SPELLING)


def tells(sentence: str) -> tuple[int, int]:
    """How many words of the sentence are German only, and how many French only."""
    german, french = (len(language.tells.findall(sentence)) for language in (_GERMAN, _FRENCH))
    return german, french


def english(sentence: str) -> str:
    """The sentence with German or French words, decimals and thousands in English; an English sentence stays as it is.

    Raises:
        RequestError: a number means thousands in one language and a fraction in the other.
    """
    german, french = tells(sentence)
    if not german and not french:
        return sentence
    return (_GERMAN if german >= french else _FRENCH).english(sentence)


def _replaced(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, meaning in _compiled(table):
        text = pattern.sub(meaning, text)
    return text


@lru_cache
def _compiled(table: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The rows with their words as patterns that match whole words outside paths."""
    begin, end = r"(?:(?!\w)|(?<![\w/.]))", r"(?:(?<!\w)|(?![\w/]))"
    return tuple((re.compile(f"{begin}(?:{words}){end}", re.I), meaning) for words, meaning in table)


def _point(match: re.Match[str]) -> str:
    """1.500.000,5 as 1500000.5; 0.985 and 2.5 as they are."""
    number = match[0]
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?", number):
        return number.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+", number):
        raise RequestError(f"Is {number[:24]!r} a thousand or a fraction? Write it without a comma.")
    return number.replace(",", ".") if re.fullmatch(r"[0-9]+,[0-9]+", number) else number
