"""German and French sentences in the English that the grammar reads: one table of words per language."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.interpreters._french import FRENCH
from genas.interpreters._german import GERMAN


def english(sentence: str) -> str:
    """The sentence with German or French words, decimals and thousands as English has them; English stays as it is.

    Raises:
        RequestError: a number that is a thousand in one language and a fraction in the other.
    """
    german, french = (len(language.tells.findall(sentence)) for language in (GERMAN, FRENCH))
    if not german and not french:
        return sentence
    language = GERMAN if german >= french else FRENCH
    text = re.sub(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", "", sentence)
    text = re.sub(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+(?![\w])", _point, text)
    text = _PERCENT.sub("%", text)
    text = language.numerals.ranges(_replaced(text, language.parts), "zwischen|von|entre|de", "und|bis|et|à")
    text = re.sub(rf"(?<!\w)({language.numerals.words}) pour ?cents?(?!\w)", r"\1 %", text, flags=re.I)
    text = re.sub(r"\b(d)'(?=[0-9])", r"\1e ", language.numerals.digits(text), flags=re.I)
    text = _replaced(text, language.words)
    word = rf"(?<![\w.,])(?<![0-9] )(?!(?:une?|eine?)\b)(?:(?:{language.numerals.words})(?:[ -]|und)?)+"
    if left := re.search(rf"{word}[ -]?{_COUNTED}|{word} ?(?:oder|ou|to|and) (?=[0-9])", text, re.I):
        raise RequestError(f"The number in {left[0][:40]!r} is not understood. Write it in digits.")
    return re.sub(r"(?<=[0-9]) (?:de |d')(?=parameters)", " ", text, flags=re.I)


def _replaced(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for words, meaning in table:
        text = re.sub(rf"(?:(?!\w)|(?<![\w/.]))(?:{words})(?:(?<!\w)|(?![\w/]))", meaning, text, flags=re.I)
    return text


_COUNTED = (
    r"(?:parameters|percent|%|m?FLOPs|milliseconds|microseconds|seconds|minutes|hours|days|trials|classes|[km]b)(?!\w)"
)
_PERCENT = re.compile(r"(?<=[0-9]) ?pour ?cents?(?!\w)", re.I)


def _point(match: re.Match[str]) -> str:
    """1.500.000,5 as 1500000.5; 0.985 and 2.5 as they are."""
    number = match[0]
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?", number):
        return number.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+", number):
        raise RequestError(f"Is {number[:24]!r} a thousand or a fraction? Write it without a comma.")
    return number.replace(",", ".") if re.fullmatch(r"[0-9]+,[0-9]+", number) else number
