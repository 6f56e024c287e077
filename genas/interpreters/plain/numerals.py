"""Turns number words into digits, in any language whose number words are listed: fifty thousand, zehntausend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from genas.interpreters.plain.patterns import one_of, rows


def counted(ones: str, tens: str) -> dict[str, int]:
    """Number words with their values: `ones` from one upwards, `tens` from twenty upwards."""
    return {w: n for n, w in enumerate(ones.split(), 1)} | {w: 10 * n for n, w in enumerate(tens.split(), 2)}


@dataclass(frozen=True)
class Numerals:
    """The number words of a language.

    Args:
        small: words for numbers below 100, in lower case.
        scales: words that multiply the number before them, such as thousand.
        joint: what may stand between two number words, such as "and".
        units: pattern of the words before which a single small number word counts as a number ("fifty trials").
        bare: whether a single scale word is a number, as tausend is 1000.
    """

    small: dict[str, int]
    scales: dict[str, int]
    joint: str
    units: str
    bare: bool = False

    @cached_property
    def words(self) -> str:
        """A pattern for any number word, the longest first."""
        return "|".join(sorted((*self.small, *self.scales), key=len, reverse=True))

    @cached_property
    def _word(self) -> re.Pattern[str]:
        return re.compile(rf"({self.words})|({self.joint})", re.I)

    @cached_property
    def _run(self) -> re.Pattern[str]:
        word = rf"(?:{self.words})"
        return re.compile(
            rf"(?<![\w.,])(?<![0-9]\s)(?<![0-9]-){word}(?:[\s-]*(?:{self.joint})?[\s-]*{word})*(?!\w)"
            rf"(?=(\s*[\s-]\s*(?:[a-z-]+\s)?(?:{self.units}))?)",
            re.I,
        )

    def digits(self, text: str) -> str:
        """The text with number words as digits; words that form no number, and single words without a unit, stay."""
        return self._run.sub(self._digits, text)

    def ranges(self, text: str, opening: str, joint: str) -> str:
        """The text with ranges as digits whose ends share the words that follow: between one and two thousand."""
        small = "|".join(sorted(self.small, key=len, reverse=True))
        hundred, large = ("|".join(w for w, n in self.scales.items() if (n == 100) == first) for first in (True, False))
        pattern = (
            rf"(?<!\w)({opening}) ({small})(?:[rnms]{{1,2}})? ({joint}) ({small})(?:[ -]?({small}))?"
            rf"(?:[ -]?({hundred}))?(?:[ -]?({large}))?(?!\w)"
        )
        return re.sub(pattern, self._range, text, flags=re.I)

    def _range(self, match: re.Match[str]) -> str:
        low, high, more = (self.small.get((match[i] or "").lower(), 0) for i in (2, 4, 5))
        factor = 100 if match[6] else 1
        return f"{match[1]} {low * factor} {match[3]} {(high + more) * factor} {match[7] or ''}".rstrip()

    def _digits(self, match: re.Match[str]) -> str:
        parts = [(m[1] or "").lower() for m in self._word.finditer(match[0])]
        scaled, alone = any(word in self.scales for word in parts), len(parts) == 1
        is_number = (self.bare or not alone) if scaled else match[1] is not None
        value = self._value(parts) if is_number else None
        return match[0] if value is None else str(value)

    def _value(self, parts: list[str]) -> int | None:
        """The number that the words form ("" stands for a joint); None if they form none, as "five and twenty"."""
        total, part, last = 0, 0, 10**12
        for index, word in enumerate(parts):
            if word in self.scales:
                scale = self.scales[word]
                if scale == 100:
                    part, last = max(part, 1) * 100, 100
                elif scale < (total or 10**12):
                    total, part, last = total + max(part, 1) * scale, 0, scale
                else:
                    return None
            elif word:
                value = self.small[word]
                ones_first = parts[index - 1 : index] == [""] and part < 10 and value % 10 == 0 and self.joint == "und"
                if value >= last and not ones_first:
                    return None
                if index and last < 100 and not ones_first and not (part % 100 >= 20 and value < 20):
                    return None
                part, last = part + value, value
        return total + part


_ONES = (
    "one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
# Things that a classifier tells apart, besides classes, kinds and types.
CLASS_NOUNS = one_of(r"""
    emotions?|expressions?|moods?|sentiments?|ratings?|grades?|genres?|breeds?|species|varieties|cultivars|topics?|themes?
    letters|characters|symbols|glyphs|gestures?|poses?|postures?|signs?|activities|actions?|diseases?|diagnoses|conditions?
    disorders?|faults?|defects?|states?|statuses|groups?|brands?|logos?|makes|materials?|textures?|objects?|products?|scenes?
    plants?|flowers?|trees?|leaves|birds?|animals?|insects?|fruits?|vegetables?|dishes|identities|outcomes?|shapes?
""")
_UNITS = one_of(rf"""
    percent|class(?:es)?|categor(?:y|ies)|labels|kinds|types|features|columns|images|tokens|{CLASS_NOUNS}
    param|weights|m?flops|m?macs
    seconds?|minutes?|hours?|days?|weeks?|milliseconds?|microseconds?|ms\b|gpus?|frames|fps
    bytes?|[kmg]i?b\b|kilo\w+|mega\w+|joules?|millijoules?|m?j\b
    trials?|candidates?|networks\b|models\b|architectures\b|designs\b|evaluations?|epochs?
""")
ENGLISH = Numerals(
    small=counted(_ONES, "twenty thirty forty fifty sixty seventy eighty ninety") | {"zero": 0},
    scales={"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9},
    joint="and",
    units=_UNITS,
)
_MUCH = rf"(?:hundred|thousand|million|billion|{_UNITS})"
_RATE = "".join(rf"(?<!{many} )" for many in ("images", "frames", "times", "inferences", "samples", "predictions"))
_FRACTIONS = rows(rf"""
    1.5 \1s       <- (?:an?|one|1) ({_MUCH}) and a half
    "0.75 "       <- (?:an? )?three[- ]quarters(?: of)?(?: an?)? (?={_MUCH})
    15 minutes    <- (?:an? )?quarter of an hour
    "0.25 "       <- (?:an? )?quarter(?:[- ]of)?(?:[- ]an?)?[- ](?={_MUCH})
    30 minutes    <- half an hour
    "0.5 "        <- (?:an? )?half(?: of)?(?:[- ]an?)?[- ](?={_MUCH})
    "one "        <- an? (?=(?:hundred|thousand|million|billion)(?!\w))
    6             <- (?:(?:an?|one) half[- ]dozen|half an? dozen)
    "one "        <- an? (?=dozen (?!of\b))
    "1 "          <- {_RATE}an? (?=(?:(?:milli|micro)?second|minute|hour|day|week|(?:mega|kilo)byte)s?(?!\w))
""")
_SMALL = "|".join(sorted(ENGLISH.small, key=len, reverse=True))
_AND_HALF = re.compile(rf"(?<![\w.])({_SMALL}|[0-9]+)[ -]and[ -]a[ -]half(?=[ -]{_MUCH})", re.I)
_POINT = re.compile(rf"(?<![\w.])({_SMALL}) point ({_SMALL})(?!\w)", re.I)
_FROM_TO = re.compile(rf"(?<!\w)(between|from) ({_SMALL}) (and|to) (?=(?:{ENGLISH.words})(?!\w))", re.I)


def spelled(text: str) -> str:
    """English number words and fractions as digits."""
    text = ENGLISH.ranges(text, "between|from", "and|to")
    text = _FROM_TO.sub(lambda m: f"{m[1]} {ENGLISH.small[m[2].lower()]} {m[3]} ", text)
    text = _POINT.sub(lambda m: f"{ENGLISH.small[m[1].lower()]}.{ENGLISH.small[m[2].lower()]}", text)
    text = _AND_HALF.sub(lambda m: f"{ENGLISH.small.get(m[1].lower(), m[1])}.5", text)
    for pattern, digits in _FRACTIONS:
        text = re.sub(rf"(?<![\w.]){pattern}", digits, text, flags=re.I)
    return ENGLISH.digits(text)
