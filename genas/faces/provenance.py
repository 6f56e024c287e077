"""Finds numbers in a text that none of its sources contains: a check against figures a language model made up."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?<![\w.,])(?<![A-Za-z]-)"
    r"([0-9]{1,3}(?:[,\u00a0\u202f '][0-9]{3})+(?![0-9])|[0-9]+)((?:\.[0-9]+)?)(e[-+]?[0-9]{1,3})?"
    r"(?:\s?(%|percent|per cent|Prozent|pour cent|thousand|million|billion|[kMG](?=[A-Z]?[a-z]*\b))|[A-Za-zµ]+)?(?!\w)"
)
_MARKER = re.compile(r"^\s*[0-9]{1,2}[.)]\s", re.M)
_SCALES = {"k": 1e3, "thousand": 1e3, "M": 1e6, "million": 1e6, "G": 1e9, "billion": 1e9}


class _Said(NamedTuple):
    """A number as written: the values it may stand for, each with the step of its last digit."""

    text: str
    readings: tuple[tuple[float, float], ...]


def unsourced(text: str, sources: Iterable[str]) -> list[str]:
    """The numbers of the text that are in none of the sources, as written.

    Percentages, and roundings to two or more digits, count as said. Numbers inside names (cifar10, 3x3), list markers
    and numbers in words are not looked at.

    Args:
        text: what is checked.
        sources: what it may rest on.
    """
    values = sorted({value for source in sources for said in _numbers(source) for value, _ in said.readings})
    missing = [said.text for said in _numbers(_MARKER.sub("", text)) if not _known(said, values)]
    return list(dict.fromkeys(missing))


def _numbers(text: str) -> Iterable[_Said]:
    for match in _NUMBER.finditer(text):
        whole, fraction, power, unit = match.groups()
        digits = re.sub(r"[^0-9]", "", whole) + fraction
        value, step = float(digits + (power or "")), 10.0 ** -max(len(fraction) - 1, 0)
        step *= float("1" + power) if power else 1.0
        scales = {1.0, _SCALES.get(unit or "", 0.01 if unit else 1.0)}
        yield _Said(match[0].strip(), tuple((value * scale, step * scale) for scale in scales))


def _known(said: _Said, known: list[float]) -> bool:
    short = len(_significant(said.text)) < 2
    for value, step in said.readings:
        slack = 1e-9 * abs(value) if short else step * 0.5000001
        place = bisect.bisect_left(known, value - slack - 1e-12)
        if place < len(known) and known[place] <= value + slack + 1e-12:
            return True
    return False


def _significant(text: str) -> str:
    """The digits of a number from the first that is not zero."""
    number = re.match(r"[0-9.,\u00a0\u202f ']+", text)
    return re.sub(r"[^0-9]", "", number[0]).lstrip("0") if number else ""
