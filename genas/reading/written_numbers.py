"""Reads numbers as people write them: decimal marks, thousands, currencies, percent signs, words for missing values."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Cells = Sequence[str | None] | NDArray[np.float64]  # words (None: empty), or numbers (nan: missing)

EMPTY = frozenset({
    "na", "n/a", "nan", "nat", "null", "(null)", "(blank)", "<na>", "\\n", "#n/a", "#na", "#div/0!", "#ref!", "#value!",
    "#name?", "#num!", "#null!",
})  # fmt: skip  # words that programs write for a missing value
MISSING = EMPTY | {
    "n.a.",
    "none",
    "nil",
    "missing",
    "unknown",
    "?",
    "-",
    "--",
    ".",
}  # in numbers only
ASKED = 1000  # different cells of a column that are read to find the decimal mark, at most
NEARLY = 0.9  # share of the filled cells that must be numbers in a column of numbers
_CODES = r"USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|kr\.?|zł|Rs\.?|R\$"
_SIGN = re.compile(rf"(?:{_CODES}|%|‰)", re.I)
GROUPS = {".": r",\s'’\u00a0\u202f_", ",": r".\s'’\u00a0\u202f_"}  # what may separate thousands, by the decimal mark
_LAKHS = {".": r"[1-9]\d?(?:,\d\d)+,\d{3}|", ",": ""}  # 12,34,567, as in India
NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?:([{group}])\d{{3}})(?:\1\d{{3}})*|{_LAKHS[mark]}\d+|(?=[{mark}]\d))"
        rf"(?:[{mark}]\d*)?(?:e[+-]?\d+)?",
        re.I,
    )
    for mark, group in GROUPS.items()
}
_TRUTH = {"true": "1", "false": "0"}


def numbers(cells: Sequence[str | None], decimal: str, sign: str) -> NDArray[np.float64]:
    """The number in each cell; nan for a cell without one."""
    if decimal == "." and not sign and (values := as_python(cells)) is not None:
        return values
    values_by_cell: dict[str | None, float] = {None: np.nan}
    for cell in cells:
        if cell not in values_by_cell:
            values_by_cell[cell] = np.nan if cell is None else number(cell, decimal, sign)
    return np.array([values_by_cell[cell] for cell in cells], dtype=np.float64)


def as_python(cells: Sequence[str | None]) -> NDArray[np.float64] | None:
    """Numbers in Python's own notation, which is fast to read; None if a cell holds anything else."""
    try:
        values = [np.nan if cell is None or cell.lower() in MISSING else float(cell) for cell in cells]
    except ValueError:
        return None
    return None if "_" in "".join(filter(None, cells)) else np.array(values, dtype=np.float64)


def number(cell: str, decimal: str, sign: str) -> float:
    """The number in a cell; nan if there is none."""
    bare, own_sign = bared(cell)
    bare = _TRUTH.get(bare.lower(), bare)
    if own_sign != sign:
        return np.nan
    if bare.lower().lstrip("+-") in ("inf", "infinity"):
        return -np.inf if bare[0] == "-" else np.inf
    if not NUMBER[decimal].fullmatch(bare):
        return np.nan
    return float(re.sub(rf"[{GROUPS[decimal]}]", "", bare).replace(decimal, "."))


def bared(cell: str) -> tuple[str, str]:
    """A number without its currency or percent sign, and that sign; 5- and (5) become -5."""
    bare, sign = cell.replace("\u2212", "-"), ""
    if bare[:1] == "(" and bare[-1:] == ")":
        bare = "-" + bare[1:-1].strip()
    if bare[-1:] == "-" and bare[:1].isdigit():
        bare = "-" + bare[:-1].strip()
    minus = "-" if bare[:1] == "-" else ""
    body = bare[len(minus) :].strip()
    if (leading := _SIGN.match(body)) or (body and unicodedata.category(body[0]) == "Sc"):
        end = leading.end() if leading else 1
        sign, body = body[:end], body[end:].strip()
    else:
        for end in (1, 2, 3):
            tail = body[-end:]
            if len(body) > end and (_SIGN.fullmatch(tail) or (end == 1 and unicodedata.category(tail) == "Sc")):
                sign, body = tail, body[:-end].strip()
    if not sign:
        return bare, ""
    return minus + body, sign.upper()


def decimal_mark(table: Mapping[str, Cells], delimiter: str) -> str:
    """The decimal mark of a file: the one with which the numbers of most columns can be read.

    If the numbers do not decide, as 1,234 does not, the mark is a comma beside semicolons, else a point.
    """
    votes: Counter[str] = Counter()
    for cells in table.values():
        if isinstance(cells, np.ndarray):
            continue
        bare = [bared(cell)[0] for cell in islice(dict.fromkeys(cells), ASKED) if cell is not None]
        fits = {mark: sum(1 for cell in bare if NUMBER[mark].fullmatch(cell)) for mark in GROUPS}
        if max(fits.values()) >= NEARLY * max(1, len(bare)) and fits["."] != fits[","]:
            votes[max(fits, key=lambda mark: fits[mark])] += 1
    if votes[","] != votes["."]:
        return max(votes, key=lambda mark: votes[mark])
    return "," if delimiter == ";" else "."
