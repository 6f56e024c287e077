"""A sentence made plain: one spelling for dashes, signs and number words, and a text whose read "
"parts can be blanked."""

from __future__ import annotations

import re
import unicodedata

from genas.interpreters._languages import english
from genas.interpreters._spelling import respelled

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {w: n for n, w in enumerate(_SMALL)} | {w: 10 * n for n, w in enumerate(_TENS, start=2)}
_COUNTED = (
    r"hundred|thousand|million|billion|percent|class(?:es)?|categor(?:y|ies)|labels|kinds|types|param|weights|"
    r"seconds?|minutes?|hours?|days?|weeks?|ms|joules?|bytes?|[kmg]i?b|m?j|gpus?|frames|features|columns|"
    r"milliseconds?|microseconds?|trials?|candidates?|networks?|"
    r"architectures?|epochs?|"
    r"megabytes?|kilobytes?|millijoules?"
)
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b({_WORD})(?:[ -]({'|'.join(_SMALL[1:10])}))?(?=[ -]+(?:gpu[ -]|whole |different |trainable )?(?:{_COUNTED}))",
    re.I,
)
NUMBER_WORDS = _WORD
_MIRROR = str.maketrans("<>", "><")
_TURNED = re.compile(
    r"(?<![\w.,])([0-9][0-9.,]*(?:[kKMG]|e[0-9]+|\s?%)?)\s*(<=?|>=?)\s*(params?|parameters|weights|flops|macs|accuracy|acc)\b"
    r"(?:\s*(<=?|>=?))?",
    re.I,
)
_HALVED = re.compile(
    rf"\b({_WORD}|[0-9]+)[ -]and[ -]a[ -]half "
    r"(thousand|million|billion|(?:gpu[ -])?(?:hours?|days?|minutes?)|ms|milliseconds?|seconds?)",
    re.I,
)
_HOUR_AND_HALF = re.compile(r"\b(?:an?|one|1) (hour|day|minute) and a half\b", re.I)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans(
    {"×": "x", "✕": "x", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "−": "-", "–": "-", "—": "-", "‑": "-", "‐": "-"}
    | {"≈": "~", "∼": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "′": "'"}
)


def plain(sentence: str) -> str:
    """The sentence in one spelling: ASCII signs, digits for number words that count something, powers "
    "as numbers."""
    text = respelled(english(sentence))
    text = re.sub(r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", ",", text)
    text = re.sub(r"([0-9])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: f"{m[1]}^{m[2].translate(_SUPERSCRIPT)}", text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = re.sub(r"(?<![\w.,^])([0-9]+(?:\.[0-9]+)?)\s*[x*]\s*10\^(-?[0-9]+)", r"\1e\2", text)
    text = re.sub(r"(?<![\w.,^])10\^(-?[0-9]+)", r"1e\1", text)
    text = re.sub(r"(?<=[0-9])[_'](?=[0-9]{3}(?![0-9]))", ",", text)
    text = re.sub(r"\bw/o\b", "without", re.sub(r"\bw/(?=\s)", "with", text))
    text = _TURNED.sub(_turned, re.sub(r"\bin \[([^\[\],|]+),([^\[\],|]+)\]", r"between \1 and \2", text))
    text = _HALVED.sub(lambda m: f"{_WORDS.get(m[1].lower(), m[1])}.5 {m[2]}", _HOUR_AND_HALF.sub(r"1.5 \1s", text))
    text = _SPELLED.sub(_spelled, text)
    text = re.sub(r"\bhalf an hour\b", "30 minutes", text, flags=re.I)
    text = re.sub(r"\bquarter of an hour\b", "15 minutes", text, flags=re.I)
    text = re.sub(r"\bhalf a (thousand|million|billion)\b", r"0.5 \1", text, flags=re.I)
    return re.sub(
        r"\ban? (?=(?:thousand|million|billion|hundred|minute|hour|day|millisecond)s?\b)", "1 ", text, flags=re.I
    )


def _turned(match: re.Match[str]) -> str:
    """Turns "10k < params" and "10k < params < 20k" so that the metric comes first."""
    number, sign, metric, more = match.groups()
    turned = f"{metric} {sign.translate(_MIRROR)} {number}"
    return f"{turned} and {metric} {more}" if more else turned


def _spelled(match: re.Match[str]) -> str:
    first, second = match[1].lower(), (match[2] or "").lower()
    if second and first not in _TENS:
        return match[0]
    return str(_WORDS[first] + (_WORDS[second] if second else 0))


def blank(text: str, start: int, end: int) -> str:
    """The text with a read part replaced by bars of equal length, so that positions stay."""
    return text[:start] + "|" * (end - start) + text[end:]


def blank_all(text: str, pattern: re.Pattern[str]) -> str:
    """The text with every match blanked."""
    return pattern.sub(lambda m: "|" * len(m[0]), text)
