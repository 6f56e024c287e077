"""One alphabet and one set of digits: genas reads what a sentence looks like, or refuses it."""

from __future__ import annotations

import re
import unicodedata

from genas.core.errors import RequestError

_SPACES = re.compile(r"[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_JOINED = re.compile(r"(?<=[^\W\d]),(?=\w)")  # accuracy,150 trials
_BROKEN = re.compile(  # a line that ends within a clause, as mail programs break lines
    r"(?i)(?:(?<=[0-9])|\b(?:at|most|least|more|less|fewer|than|under|below|over|above|up|to|of|in|on|for|the|an?|and|or|with|no|not"
    r"|unter|weniger|mehr|als|mindestens|höchstens|maximal|für|und|ein|eine|auf|der"
    r"|de|au|plus|moins|pas|maximum|un|une|pour|sur|le|la|et)) ?\r?\n(?=[a-zäöüéèà0-9<>=])"
)
_THOUSANDS = re.compile(r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")  # between thousands
_DIGITS = re.compile(r"[^\W_a-zA-Z]")
_CYRILLIC, _GREEK = "\u0400-\u052f", "\u0370-\u03bb\u03bd-\u03ff"  # without the mu of microseconds
_ALIKE = re.compile(rf"(?<!\w)(?=[^\W\d_]*[A-Za-z])(?=[^\W\d_]*[{_CYRILLIC}{_GREEK}])[^\W\d_]{{2,}}(?!\w)")
_OTHER = rf"[{_CYRILLIC}{_GREEK}\u0530-\u08ff\u0900-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_CLAUSE = re.compile(rf"(?:{_OTHER}[^.,;:!?|\n\r\"'/]*[0-9]|[0-9][^.,;:!?|\n\r\"'/]*{_OTHER})")


def one_alphabet(text: str) -> str:
    """The text with composed letters, single ordinary spaces and ASCII digits, and without invisible characters.

    Raises:
        RequestError: a word mixes letters of two alphabets that look alike, or a number stands among words of another
            alphabet.
    """
    if text.isascii():
        return _spaced(text)
    text = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    text = _DIGITS.sub(lambda m: str(unicodedata.decimal(m[0], m[0])), text)
    text = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text)
    text = _spaced(text)
    if mixed := _ALIKE.search(text):
        raise RequestError(
            f"The word {mixed[0][:40]!r} mixes Latin letters with others that look like them. Type it again."
        )
    if other := _CLAUSE.search(text):
        raise RequestError(f"{other[0][:60]!r} is not understood. Write limits in English, German or French.")
    return text


def _spaced(text: str) -> str:
    """The text with single ordinary spaces (those between thousands stay) and one after each comma between words."""
    kept = {match.start() for match in _THOUSANDS.finditer(text)}
    text = _SPACES.sub(lambda m: m[0] if m.start() in kept else " ", text)
    text = _JOINED.sub(", ", text)
    return _BROKEN.sub(lambda m: m[0].rstrip() + " ", re.sub("  +", " ", text))
