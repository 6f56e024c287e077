"""Decides from the training rows what each column is: numbers, words, or nothing to learn from, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Column, check_finite, some, spelled
from .written_numbers import ASKED, GROUPS, MISSING, NEARLY, NUMBER, Cells, as_python, bared, number, numbers

_MOST = 32  # values of a column of words that become features, at most
_TEXT = "words that no two training rows share"
_UNIQUE = {
    "dates or times that no two training rows share; write what matters of them, as the hour, as numbers": re.compile(
        r"(?=.*[-/:.]\d)\d[\d\s/:.TZ+-]*(?:[AaPp]\.?[Mm]\.?)?"
    ),
    "numbers with words that no two training rows share; write the numbers alone": re.compile(
        r"[+-]?\d[\d.,]*\s?[^\W\d_]{1,6}"
    ),
}  # why words are left out and what to write instead, with the pattern of such words


@dataclass(frozen=True)
class Learned:
    """What was learned about a column: how its cells become features, or why it is left out.

    Args:
        column: None if the column gives no feature.
        left: the reason, as it follows "is left out:"; "" for a column that is used.
        missing: number of cells without a value.
        oddities: sentences on unusual cells.
    """

    column: Column | None
    left: str = ""
    missing: int = 0
    oddities: tuple[str, ...] = ()


def learn(
    name: str,
    cells: Cells,
    train: NDArray[np.int64],
    decimal: str,
    parts: Sequence[NDArray[np.int64]] = (),
    *,
    nameless: bool = False,
) -> Learned:
    """Decide from the training rows whether a column holds numbers or words, and how they become features.

    Args:
        name: of the column.
        cells: of all rows.
        train: the numbers of the training rows.
        decimal: the file's decimal mark.
        parts: the numbers of the rows of each split that the data name; the rows of each may be numbered anew.
        nameless: whether the file gives the column no name, as for row numbers that pandas saved.

    Raises:
        ValueError: a number is infinite or too large, or the numbers are written in different ways.
    """
    values, mark, sign, oddities = _as_numbers(name, cells, decimal)
    if nameless:
        return Learned(None, "it has no name in the file, as columns that number the rows have none")
    if not sign and (why := _identity(name, values, cells, parts)):
        return Learned(None, why)
    if values is None:
        if not isinstance(cells, np.ndarray) and (ways := _mixed(cells)):
            raise ValueError(f"holds numbers with different {ways}. Write all of them alike.")
        return _of_words(name, spelled(cells), train)
    if code := _code(cells):
        codes = f"Column {name} holds codes, as some begin with 0 (as {code})"
        if len(set(cells)) <= _MOST:
            learned = _of_words(name, spelled(cells), train)
            return replace(learned, oddities=(f"{codes}: they are words.", *learned.oddities))
        oddities.append(f"{codes}; as more than {_MOST} differ, they are read as numbers.")
    return _of_numbers(Column(name, (), mark, sign), values, train, oddities)


def _of_numbers(
    column: Column, values: NDArray[np.float64], train: NDArray[np.int64], oddities: Sequence[str]
) -> Learned:
    check_finite(values)
    present = values[train][~np.isnan(values[train])]
    missing = int(np.isnan(values).sum())
    if not present.size:
        return Learned(None, "it has no value in the training rows", missing)
    if present.min() == present.max():
        return Learned(None, f"it is always {present[0]:g} in the training rows", missing)
    return Learned(replace(column, mean=float(present.mean())), "", missing, tuple(oddities))


def _as_numbers(name: str, cells: Cells, decimal: str) -> tuple[NDArray[np.float64] | None, str, str, list[str]]:
    """The numbers of a column (None if it holds words), their decimal mark and sign, and sentences on odd cells."""
    if isinstance(cells, np.ndarray):
        return cells, ".", "", []
    if decimal == "." and (values := as_python(cells)) is not None:
        return values, ".", "", []
    written = [cell for cell in cells if cell is not None and cell.lower() not in MISSING]
    if not written:
        return np.full(len(cells), np.nan), ".", "", []
    signs = Counter(bared(cell)[1] for cell in dict.fromkeys(written))
    sign = signs.most_common(1)[0][0]
    best, mark = np.zeros(0), decimal
    for tried in dict.fromkeys((decimal, *GROUPS)):
        values = numbers(cells, tried, sign)
        if np.isfinite(values).sum() > (np.isfinite(best).sum() if best.size else 0):
            best, mark = values, tried
    count = int((~np.isnan(best)).sum()) if best.size else 0
    if count < NEARLY * len(written) or (count < len(written) and len(set(best[~np.isnan(best)].tolist())) < 10):
        return None, ".", "", []
    odd = [cell for cell, value in zip(cells, best, strict=True) if np.isnan(value)]
    strange = Counter(cell for cell in odd if cell is not None and cell.lower() not in MISSING)
    oddities = _ambiguous(name, written, mark)
    if not strange:
        return best, mark, sign, oddities
    return (
        best, mark, sign,
        [
            f"Column {name} holds numbers; {sum(strange.values())} cells that are none ({some(strange)}) count as "
            "missing.",
            *oddities,
        ],
    )  # fmt: skip


def _mixed(cells: Sequence[str | None]) -> str:
    """How the numbers of a column differ, if that is all that keeps it from holding numbers: signs or decimal marks."""
    bare = [bared(cell) for cell in islice(dict.fromkeys(cells), ASKED) if cell and cell.lower() not in MISSING]
    fits = {mark: {text for text, _ in bare if NUMBER[mark].fullmatch(text)} for mark in GROUPS}
    if len(fits["."] | fits[","]) < NEARLY * len({text for text, _ in bare}):
        return ""
    if len(signs := dict.fromkeys(sign for _, sign in bare)) > 1:
        return f"signs ({', '.join(sign or 'none' for sign in signs)})"
    point, comma = fits["."] - fits[","], fits[","] - fits["."]
    return f"decimal marks ({min(point)} and {min(comma)})" if point and comma else ""


def _code(cells: Cells) -> str:
    """A cell that begins with 0, as a zip code does, if all cells consist of digits; else ""."""
    if isinstance(cells, np.ndarray):
        return ""
    if not all(cell.isdigit() for cell in cells[:ASKED] if cell is not None and cell.lower() not in MISSING):
        return ""  # in most columns the first cells are enough to see this
    written = {cell for cell in cells if cell is not None and cell.lower() not in MISSING}
    if not all(map(str.isdigit, written)):
        return ""
    return min((cell for cell in written if cell[0] == "0" and len(cell) > 1), default="")


def _ambiguous(name: str, written: Sequence[str], mark: str) -> list[str]:
    """A sentence on a column whose numbers could all be read with the other decimal mark, as other numbers."""
    bare = [bared(cell)[0] for cell in islice(dict.fromkeys(written), ASKED)]
    other = "," if mark == "." else "."
    parted = [cell for cell in bare if other in cell]
    if not parted or not all(NUMBER[other].fullmatch(cell) for cell in bare):
        return []
    called = {".": "point", ",": "comma"}
    return [
        f"Column {name}: {parted[0]} is read as {number(parted[0], mark, ''):g}, the {called[other]} parting "
        f"thousands. If it is the decimal mark, write a {called[mark]} in its place."
    ]


_ID, _NUMBERED = "it is an id, different in every row", 3  # fewer rows are too few to see this
_NAMED_ID = re.compile(r"(?:.* )?(?:id|idx|index|uuid|guid|rownum|row (?:nr|no|num|number))|rowid", re.S)


def identity(name: str, cells: Cells, parts: Sequence[NDArray[np.int64]] = ()) -> str:
    """Why a column only numbers the rows, of the whole table or of each part; "" if it doesn't."""
    if all(len(set(_taken(cells, rows))) < len(rows) for rows in (np.arange(len(cells)), *parts)):
        return ""  # cells repeat, so the numbers do too, and need not be read
    values, _, sign, _ = _as_numbers(name, cells, ".")
    return "" if sign else _identity(name, values, cells, parts)


def _taken(cells: Cells, rows: NDArray[np.int64]) -> Cells:
    if isinstance(cells, np.ndarray):
        return cells[rows]
    return cells if len(rows) == len(cells) else [cells[row] for row in rows.tolist()]


def _identity(name: str, values: NDArray[np.float64] | None, cells: Cells, parts: Sequence[NDArray[np.int64]]) -> str:
    words = re.findall(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", name)  # of PassengerId, user_ID and Row No.
    called = _NAMED_ID.fullmatch(" ".join(words).casefold()) is not None
    entries = np.array(spelled(cells), dtype=object) if values is None else values
    for groups in ([np.arange(len(cells))], parts):
        reasons = [_numbering(entries[rows], called) for rows in groups if len(rows) >= _NUMBERED]
        if reasons and all(reasons):
            return reasons[0]
    return ""


def _numbering(entries: NDArray[Any], called: bool) -> str:
    """Why words or numbers only number the rows; "" if they don't."""
    if entries.dtype == object:
        return _ID if called and len(set(entries.tolist())) == len(entries) else ""
    if np.isnan(entries).any() or (entries != np.rint(entries)).any() or len(np.unique(entries)) < len(entries):
        return ""
    if entries.min() in (0, 1) and entries.max() - entries.min() == len(entries) - 1:
        return "it numbers the rows"
    return _ID if called else ""


def _of_words(name: str, words: list[str | None], train: NDArray[np.int64]) -> Learned:
    counts = Counter(word for row in train if (word := words[row]) is not None)
    missing = sum(1 for word in words if word is None)
    if not counts:
        return Learned(None, "it has no value in the training rows", missing)
    frequent = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    kept = tuple(word for word, count in frequent if 1 < count < len(train))
    if not kept:
        if len(counts) == 1:
            return Learned(None, f"it is always {next(iter(counts))[:40]!r} in the training rows", missing)
        kind = next((kind for kind, pattern in _UNIQUE.items() if all(map(pattern.fullmatch, counts))), _TEXT)
        return Learned(None, f"it holds {kind}", missing)
    oddities = []
    if rest := len(counts) - len(kept):
        rows = sum(count for word, count in counts.items() if word not in kept)
        oddities.append(
            f"Column {name} holds {len(counts)} different words; the {len(kept)} most frequent are features, and "
            f"{rows:,} training rows have one of the other {rest}."
        )
    folded: dict[str, str] = {}
    if alike := [(first, word) for word in kept if (first := folded.setdefault(word.casefold(), word)) != word]:
        shown = ", ".join(f"{first!r} and {word!r}" for first, word in alike[:3])
        oddities.append(f"Words of the column {name} differ in capitals only and are different features: {shown}.")
    return Learned(Column(name, kept), "", missing, tuple(oddities))
