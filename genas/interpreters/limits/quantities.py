"""Finds the numbers of a sentence and converts them to one unit of each kind."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from genas.core.errors import RequestError
from genas.core.metrics import Metric
from genas.interpreters.limits.vocabulary import LETTER_SCALE
from genas.interpreters.plain.patterns import one_of, rows

_DIGITS = one_of(r"""
    (?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: 000)+|[0-9]{1,3}(?: [0-9]{3}){2,}|[0-9]+)(?:\.[0-9]+)?
    \.[0-9]+
""")
_NUMBER = re.compile(
    r"(?<![\w.,^])(?<![A-Za-z]-)(?<![A-Za-z]\.)"
    rf"((?:(?<=[\s(<>=:|~])|^)-)?({_DIGITS})([eE][-+]?[0-9]+)?(?![0-9])"
)
_SCALES = {
    "hundred": 1e2,
    "hundred thousand": 1e5,
    "hundred million": 1e8,
    **dict.fromkeys(("k", "thousand"), 1e3),
    **dict.fromkeys(("m", "million", "millions", "mio", "mln", "mn"), 1e6),
    **dict.fromkeys(("b", "bn", "g", "billion"), 1e9),
    **dict.fromkeys(("t", "trillion"), 1e12),
}
_SCALE = re.compile(rf"[\s-]{{0,2}}({'|'.join(sorted(_SCALES, key=len, reverse=True))})(?![A-Za-z0-9])", re.I)
_GLUED = re.compile(r"\s?([kKmMgGbB])(?=[\s-]?(?:param|weights|trial|token))", re.I)
_LETTERS = re.compile(r"[A-Za-z]+")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|d)(?![A-Za-z0-9])", re.I)

_ADJECTIVES = r"(?:(?:trainable|learnable|total|free|model|network|network's|learned|float|real)[\s-]+){0,2}"
_PREFIX = r"(kilo|mega|giga|tera|[kKmMgGtT]|thousand|million|billion|trillion)?[\s-]?"
_ANSWERS = r"(?:frames|images|inferences|pictures|times|samples|photos|digits|predictions)"
_OF_IMAGES = r"(?:training |labelled |labeled |test |real |small |gr[ae]y(?:scale)? |colou?r )*"
# The first match is taken; the pattern's group is the unit. Case matters for joules only: mJ and MJ.
_UNITS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"[\s-]{{0,2}}(?:{said})(?![A-Za-z0-9])", 0 if kind == "energy" else re.I))
    for said, kind in rows(rf"""
        percent  <- (%|per[\s-]?cent(?:age)?|pct)
        macs     <- {_PREFIX}(?:macs?|m-?adds?|mult(?:iply)?[\s-]*(?:adds?|accumulates?)|macc?s)(?: operations)?
        flops    <- {_PREFIX}(?:flops?(?:/s)?|floating[\s-]point operations)
        fps      <- (fps|{_ANSWERS}[\s-]?(?:per|a|each|every|/|in a|in one|in the|in)[\s-]?(?:1 )?(?:seconds?|sec|s))
        energy   <- (mJ|mj|[uµμ]J|uj|kJ|J|MJ|m?Wh|kWh|(?:milli|micro|kilo)?joules?)
        bytes    <- ([kmg]i?b|bytes?|(?:kilo|mega|giga|kibi|mebi|gibi)bytes?)
        time     <- (ns(?:ec)?|nanoseconds?|[uµμ]s(?:ec)?|microseconds?|ms(?:ecs?)?|milliseconds?|millis)
        time     <- (s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?|d|days?|weeks?|months?|years?)
        time     <- (?:gpu|cpu)[\s-](hours?|minutes?|days?)
        params   <- {_ADJECTIVES}(?:param(?:eter)?s?|weights?)
        tokens   <- (?:llm[\s-])?tokens?
        epochs   <- (?:training[\s-])?epochs?
        trials   <- (?:different |random |candidate )?(?:trials?|candidates?|evaluations?|architectures)
        trials   <- (?:different |random |candidate )?(?:networks|models|designs)
        examples <- {_OF_IMAGES}(?:images|examples|samples|pictures|photos|photographs|scans|drawings)
    """)
)
_PINT = {
    unit: name
    for units, name in rows("""
        second      <- s sec secs
        minute      <- min mins
        hour        <- h hr hrs
        day         <- d
        millisecond <- ms msec msecs millis
        microsecond <- us usec
        nanosecond  <- ns nsec
        kilobyte    <- kb
        megabyte    <- mb
        gigabyte    <- gb
        kibibyte    <- kib
        mebibyte    <- mib
        gibibyte    <- gib
        millijoule  <- mj
        microjoule  <- uj
    """)
    for unit in units.split()
}
_BASE = {"time": "second", "bytes": "megabyte", "energy": "millijoule"}
_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "kilo": 1e3, "mega": 1e6, "giga": 1e9, "tera": 1e12}
_CASED = {
    "MJ": "megajoule",
    "J": "joule",
    "kJ": "kilojoule",
    "Wh": "watt_hour",
    "mWh": "milliwatt_hour",
    "kWh": "kilowatt_hour",
}


@dataclass(frozen=True)
class Quantity:
    """A number in a sentence.

    Args:
        start: where its digits begin.
        end: where its unit ends.
        value: in seconds, megabytes or millijoules; percentages as fractions; else a plain count.
        kind: "time", "bytes", "energy", "percent", "flops", "params", "fps", "trials", "tokens", "epochs", "examples",
            "other" (a unit of a plug-in's metric), "" (no unit) or "unknown".
        text: as written.
        scaled: whether a letter such as k or M follows the digits.
        unit: the unit as written.
    """

    start: int
    end: int
    value: float
    kind: str
    text: str
    scaled: bool = False
    unit: str = ""


def quantities(text: str, units: Sequence[str] = ()) -> list[Quantity]:
    """All numbers of a plain text; a duration such as "1 h 30 min" is one number.

    Args:
        text: in plain spelling.
        units: units of plug-ins' metrics, which are tried if none of the standard units matches.
    """
    others = re.compile(rf"[\s-]{{0,2}}({'|'.join(map(re.escape, units)) or '(?!)'})(?![A-Za-z0-9])")
    numbers: list[Quantity] = []
    last_unit = 0.0  # of the number before: 3600 for hours
    for match in _NUMBER.finditer(text):
        if numbers and match.start() < numbers[-1].end:
            continue
        quantity = _quantity(text, match, others)
        if quantity is None:
            continue
        unit = _ratio(quantity)
        durations = numbers and quantity.kind == "time" == numbers[-1].kind
        if durations and _continues(text, numbers[-1], quantity, last_unit):
            last = numbers.pop()
            quantity = replace(
                last, end=quantity.end, value=last.value + quantity.value, text=text[last.start : quantity.end]
            )
        numbers.append(quantity)
        last_unit = unit
    return numbers


def pair(first: Quantity, second: Quantity) -> tuple[Quantity, Quantity]:
    """The two ends of a range in one unit; RequestError where the unit is unclear or the first end is larger."""
    said = f"{first.text} to {second.text}"
    if first.kind == "" and not first.unit:
        if second.scaled or LETTER_SCALE.search(second.text):
            raise RequestError(
                f"{said!r} may begin at {first.text}, or at {first.text} of the same unit. Write the unit twice."
            )
        ratio = _ratio(second)
        first = replace(first, value=round(first.value * ratio, 12), kind=second.kind, unit=second.unit)
    elif first.kind == "":
        first = replace(first, kind=second.kind)
    if first.kind != second.kind:
        raise RequestError(f"{said!r} mixes two units. Write both ends in the same unit.")
    if first.value > second.value:
        raise RequestError(f"{said!r} runs downwards. Write the smaller number first.")
    return first, second


def _ratio(quantity: Quantity) -> float:
    """The factor that brings a bare number to the quantity's unit, as the 5 of "5 to 10 ms"."""
    digits = re.match(r"[0-9][0-9, ]*(?:\.[0-9]+)?|\.[0-9]+", quantity.text)
    number = float(digits[0].replace(",", "").replace(" ", "")) if digits else 0.0
    return quantity.value / number if number else 1.0


def _continues(text: str, first: Quantity, second: Quantity, unit: float) -> bool:
    """Whether two durations make one: "1 h 30 min" does, "5 ms and 3 ms" does not."""
    between = text[first.end : second.start]
    return re.fullmatch(r"\s*(?:and)?\s*", between) is not None and second.value < unit


def _quantity(text: str, match: re.Match[str], others: re.Pattern[str]) -> Quantity | None:
    digits = match[2]
    value = float(digits.replace(",", "").replace(" ", "") + (match[3] or "")) * (-1 if match[1] else 1)
    if not math.isfinite(value):
        raise RequestError(f"The number {_short(match[0])} is too large. Write a smaller one.")
    if comma := re.match(r",[0-9]+", text[match.end() :]):
        both = match[0] + comma[0]
        raise RequestError(f"Is {_short(both)!r} a decimal? Write it with a point, as 1.5, or in full, as 1,500.")
    start, end = match.start(), match.end()
    for kind, pattern in _UNITS:
        if unit := pattern.match(text, end):
            return _with_unit(start, unit, kind, value, digits)
    scale, scaled = 1.0, False
    if letter := _GLUED.match(text, end) or _SCALE.match(text, end):
        scale, scaled, end = _SCALES[" ".join(letter[1].lower().replace("-", " ").split())], True, letter.end()
        for kind, pattern in _UNITS:
            if kind in {"params", "tokens", "trials", "examples", "flops", "macs"} and (
                unit := pattern.match(text, end)
            ):
                return _with_unit(start, unit, kind, value * scale, digits if scale == 1 else "")
        word = len(letter[1]) > 3
        return Quantity(start, end, value * scale, "", text[start:end], scaled=not word, unit=letter[1])
    if unit := others.match(text, end):
        return Quantity(start, unit.end(), value, "other", text[start : unit.end()], unit=unit[1])
    if letters := _LETTERS.match(text, end):
        if _ORDINAL.match(text, end):
            return None
        return Quantity(start, letters.end(), value, "unknown", text[start : letters.end()])
    return Quantity(start, end, value, "", text[start:end], scaled=scaled)


def _with_unit(start: int, unit: re.Match[str], kind: str, value: float, digits: str) -> Quantity:
    written = unit.string[start : unit.end()]
    name = (unit[1] or "") if unit.re.groups else ""
    if kind == "percent":
        value = round(value / 100, 12)
    elif kind in {"flops", "macs"}:
        word = name.lower()
        scale = _PREFIXES[word] if word in _PREFIXES else _SCALES[word]
        value, kind = round(value * scale * (2 if kind == "macs" else 1), 6), "flops"
    elif kind in _BASE:
        value = _converted(value, name, _BASE[kind])
    elif kind == "params" and re.fullmatch(r"[0-9]{1,3}\.[0-9]{3}", digits):
        raise RequestError(
            f"Is {written!r} a thousand or a fraction? Write {digits.replace('.', '')} or {digits.partition('.')[0]}."
        )
    return Quantity(start, unit.end(), value, kind, written, unit=name)


def _converted(value: float, unit: str, base: str) -> float:
    lower = unit.lower().replace("µ", "u").replace("μ", "u")
    name = _CASED.get(unit) or _PINT.get(lower) or lower
    return round(float(_registry().Quantity(value, name).to(base).magnitude), 12)


def fits(quantity: Quantity, metric: Metric) -> bool:
    """Whether a quantity can measure a plug-in's metric: without a unit, in its unit, or in one that converts to it."""
    if quantity.kind == "percent":
        return metric.fraction
    if quantity.kind in _BASE:
        return _in_unit(1.0, _BASE[quantity.kind], metric.unit) is not None
    return quantity.kind == "" or (quantity.kind == "other" and quantity.unit == metric.unit)


def turned(quantity: Quantity, metric: Metric) -> Quantity:
    """A quantity that fits a metric, converted to the metric's unit."""
    value = _in_unit(quantity.value, _BASE[quantity.kind], metric.unit) if quantity.kind in _BASE else None
    return quantity if value is None else replace(quantity, value=value, kind="other")


def _in_unit(value: float, base: str, unit: str) -> float | None:
    """The value in another unit; None if that unit measures something else."""
    import pint

    try:
        return round(float(_registry().Quantity(value, base).to(unit).magnitude), 12)
    except (pint.UndefinedUnitError, pint.DimensionalityError):
        return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None)


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:12] + "..." + text[-6:]
