"""Columns of a table as the features of a network: what each column is, learned once, and how any row is then coded."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cells = Sequence[str | None] | NDArray[np.float64]  # words (None: empty), or numbers (nan: missing)

_EMPTY = frozenset({
    "na", "n/a", "nan", "nat", "null", "(null)", "(blank)", "<na>", "\\n", "#n/a", "#na", "#div/0!", "#ref!", "#value!",
    "#name?", "#num!", "#null!",
})  # fmt: skip  # words that stand for nothing, as programs write them
MISSING = _EMPTY | {"n.a.", "none", "nil", "missing", "unknown", "?", "-", "--", "."}  # these do among numbers alone
_MOST = 32  # values of a column of words that become features
_ASKED = 1000  # different cells of a column that tell the decimal mark
_NEARLY = 0.9  # of the cells that are written: so many numbers make it a column of numbers
_LARGEST = float(np.finfo(np.float32).max)
_CODES = r"USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|kr\.?|zł|Rs\.?|R\$"
_SIGN = re.compile(rf"(?:{_CODES}|%|‰)", re.I)
_GROUPS = {".": r",\s'’\u00a0\u202f_", ",": r".\s'’\u00a0\u202f_"}  # what may part thousands, by the decimal mark
_LAKHS = {".": r"[1-9]\d?(?:,\d\d)+,\d{3}|", ",": ""}  # 12,34,567, as India parts them
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?:([{group}])\d{{3}})(?:\1\d{{3}})*|{_LAKHS[mark]}\d+|(?=[{mark}]\d))"
        rf"(?:[{mark}]\d*)?(?:e[+-]?\d+)?",
        re.I,
    )
    for mark, group in _GROUPS.items()
}
_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True)
class Column:
    """How the cells of a column become features; plain values, so that an exported network can hold it.

    Args:
        name: in the file.
        words: each becomes a feature that is 1 or 0; empty for a column of numbers, which is one feature.
        decimal: the decimal mark of its numbers.
        sign: a currency or a percent sign that its numbers carry.
        mean: of the training rows, what a missing number is.
    """

    name: str
    words: tuple[str, ...] = ()
    decimal: str = "."
    sign: str = ""
    mean: float = 0.0

    def features(self, cells: Cells) -> NDArray[np.float64]:
        """The features of each cell, [rows, features]."""
        if self.words:
            written = spelled(cells)
            place = {word: number for number, word in enumerate(self.words)}
            found = np.zeros((len(written), len(self.words)))
            for row, word in enumerate(written):
                if word in place:
                    found[row, place[word]] = 1.0
            return found
        values = cells if isinstance(cells, np.ndarray) else numbers(cells, self.decimal, self.sign)
        return np.where(np.isnan(values), self.mean, values)[:, None]


def encode(columns: Sequence[Column], table: Mapping[str, Cells]) -> NDArray[np.float64]:
    """The features of the rows of a table, [rows, F], in float64: what is standardised in less is not what it was.

    Raises:
        KeyError: the table lacks a column.
    """
    return np.concatenate([column.features(table[column.name]) for column in columns], axis=1)


def statistics(features: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each feature of the training rows, in float64."""
    mean, std = features.mean(0), features.std(0)
    for place in np.flatnonzero(std == 0):  # differences so small that their squares are 0
        apart = features[:, place] - mean[place]
        most = np.abs(apart).max()
        std[place] = most * (apart / most).std() if most else 1.0
    return tuple(mean.tolist()), tuple(std.tolist())


def spelled(cells: Cells) -> list[str | None]:
    """Cells as words: whole numbers without a fraction, what stands for nothing as None."""
    if isinstance(cells, np.ndarray):
        return [None if np.isnan(v) else str(int(v)) if float(v).is_integer() else repr(float(v)) for v in cells]
    return [None if cell is None or cell.lower() in _EMPTY else cell for cell in cells]


# Numbers


def numbers(cells: Sequence[str | None], decimal: str, sign: str) -> NDArray[np.float64]:
    """The number in each cell; nan where there is none."""
    if decimal == "." and not sign and (plain := _plain(cells)) is not None:
        return plain
    known: dict[str | None, float] = {None: np.nan}
    for cell in cells:
        if cell not in known:
            known[cell] = np.nan if cell is None else _number(cell, decimal, sign)
    return np.array([known[cell] for cell in cells], dtype=np.float64)


def _plain(cells: Sequence[str | None]) -> NDArray[np.float64] | None:
    """Numbers as Python writes them, which need no reading cell by cell; None where a cell is no such number."""
    try:
        values = [np.nan if cell is None or cell.lower() in MISSING else float(cell) for cell in cells]
    except ValueError:
        return None
    return None if "_" in "".join(filter(None, cells)) else np.array(values, dtype=np.float64)


def _number(cell: str, decimal: str, sign: str) -> float:
    bare, its = _bared(cell)
    bare = _TRUTH.get(bare.lower(), bare)
    if its != sign:
        return np.nan
    if bare.lower().lstrip("+-") in ("inf", "infinity"):
        return -np.inf if bare[0] == "-" else np.inf
    if not _NUMBER[decimal].fullmatch(bare):
        return np.nan
    return float(re.sub(rf"[{_GROUPS[decimal]}]", "", bare).replace(decimal, "."))


def _bared(cell: str) -> tuple[str, str]:
    """A number without its currency or percent sign, and that sign; a minus behind it and brackets around it as -."""
    bare, sign = cell.replace("\u2212", "-"), ""
    if bare[:1] == "(" and bare[-1:] == ")":
        bare = "-" + bare[1:-1].strip()
    if bare[-1:] == "-" and bare[:1].isdigit():
        bare = "-" + bare[:-1].strip()
    minus = "-" if bare[:1] == "-" else ""
    body = bare[len(minus) :].strip()
    if (told := _SIGN.match(body)) or (body and unicodedata.category(body[0]) == "Sc"):
        end = told.end() if told else 1
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
    """The decimal mark of a file: a comma where some column's numbers can be read in no other way.

    Where nothing tells, as in 1,234, it is a comma beside semicolons and a point beside other delimiters.
    """
    votes: Counter[str] = Counter()
    for cells in table.values():
        if isinstance(cells, np.ndarray):
            continue
        bare = [_bared(cell)[0] for cell in islice(dict.fromkeys(cells), _ASKED) if cell is not None]
        fits = {mark: sum(1 for cell in bare if _NUMBER[mark].fullmatch(cell)) for mark in _GROUPS}
        if max(fits.values()) >= _NEARLY * max(1, len(bare)) and fits["."] != fits[","]:
            votes[max(fits, key=lambda mark: fits[mark])] += 1
    if votes[","] != votes["."]:
        return max(votes, key=lambda mark: votes[mark])
    return "," if delimiter == ";" else "."


# What a column is

_TEXT = "words that no two training rows share"
_UNIQUE = {
    "dates or times that no two training rows share; write what matters of them, as the hour, as numbers": re.compile(
        r"(?=.*[-/:.]\d)\d[\d\s/:.TZ+-]*(?:[AaPp]\.?[Mm]\.?)?"
    ),
    "numbers with words that no two training rows share; write the numbers alone": re.compile(
        r"[+-]?\d[\d.,]*\s?[^\W\d_]{1,6}"
    ),
}  # what words that are left out may be, and what to write instead


@dataclass(frozen=True)
class Found:
    """A column as it was learned, or why it is left out, and what was odd about its cells.

    Args:
        column: None where it gives no feature.
        left: why, to be said after "is left out:"; "" where it is not.
        missing: cells without a value.
        oddities: sentences.
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
) -> Found:
    """What the cells of a column are, as the training rows tell: numbers, or words of which the most frequent count.

    Args:
        train: the training rows.
        decimal: the file's decimal mark.
        parts: the rows of each split that the data name, which may be numbered each for itself.
        nameless: whether the file gives it no name, as where a table was saved with the numbers of its rows.

    Raises:
        ValueError: a number is infinite or too large, or they are written in different ways.
    """
    values, mark, sign, oddities = _as_numbers(name, cells, decimal)
    if nameless:
        return Found(None, "it has no name in the file, as columns that number the rows have none")
    if not sign and (why := _identity(name, values, cells, parts)):
        return Found(None, why)
    if values is None:
        if not isinstance(cells, np.ndarray) and (ways := _mixed(cells)):
            raise ValueError(f"holds numbers with different {ways}. Write all of them alike.")
        return _of_words(name, spelled(cells), train)
    if code := _code(cells):
        told = f"Column {name} holds codes, as some begin with 0 (as {code})"
        if len(set(cells)) <= _MOST:
            found = _of_words(name, spelled(cells), train)
            return replace(found, oddities=(f"{told}: they are words.", *found.oddities))
        oddities.append(f"{told}; as more than {_MOST} differ, they are read as numbers.")
    return _of_numbers(Column(name, (), mark, sign), values, train, oddities)


def _of_numbers(
    column: Column, values: NDArray[np.float64], train: NDArray[np.int64], oddities: Sequence[str]
) -> Found:
    _check_finite(values)
    known = values[train][~np.isnan(values[train])]
    missing = int(np.isnan(values).sum())
    if not known.size:
        return Found(None, "it has no value in the training rows", missing)
    if known.min() == known.max():
        return Found(None, f"it is always {known[0]:g} in the training rows", missing)
    return Found(replace(column, mean=float(known.mean())), "", missing, tuple(oddities))


def odd_cells(column: Column, cells: Cells) -> list[str]:
    """Sentences on new cells of a known column that are read otherwise than they are written.

    Raises:
        ValueError: the cells are not of the column's kind, or too large to compute with.
    """
    if column.words:
        strange = Counter(word for word in spelled(cells) if word is not None and word not in column.words)
        if not strange:
            return []
        return [
            f"Column {column.name}: {sum(strange.values()):,} cells hold words that are no feature of the network "
            f"({_some(strange)})."
        ]
    if isinstance(cells, np.ndarray):
        _check_finite(cells)
        strange, missing = Counter[str](), int(np.isnan(cells).sum())
    else:
        values = numbers(cells, column.decimal, column.sign)
        _check_finite(values)
        empty = [cell is None or cell.lower() in MISSING for cell in cells]
        strange = Counter(str(c) for c, v, e in zip(cells, values, empty, strict=True) if np.isnan(v) and not e)
        missing = sum(empty)
        if strange and sum(strange.values()) > (1 - _NEARLY) * (len(cells) - missing):
            mark = {".": "point", ",": "comma"}[column.decimal]
            sign = f" and the sign {column.sign}" if column.sign else ""
            raise ValueError(
                f"holds {_some(strange)}, but numbers with a decimal {mark}{sign} in the training rows. Write them so."
            )
    notes = []
    if strange:
        notes.append(
            f"Column {column.name} holds numbers; {sum(strange.values())} cells that are none ({_some(strange)}) "
            "count as missing."
        )
    if missing or strange:
        count = missing + sum(strange.values())
        notes.append(f"Column {column.name}: missing numbers ({count:,}) are the mean of the training rows.")
    return notes


def _some(strange: Counter[str]) -> str:
    return ", ".join(repr(cell[:30]) for cell in list(strange)[:3])


def _check_finite(values: NDArray[np.float64]) -> None:
    large = np.flatnonzero(np.abs(values) > _LARGEST)
    if large.size:
        raise ValueError(
            f"holds {values[large[0]]:g} in row {large[0] + 1}, which is infinite or too large to compute with. Write "
            "a finite number, or leave the cell empty (it is then the mean)."
        )


def _as_numbers(name: str, cells: Cells, decimal: str) -> tuple[NDArray[np.float64] | None, str, str, list[str]]:
    """The numbers of a column, their decimal mark and sign, and what was odd; None where it holds words."""
    if isinstance(cells, np.ndarray):
        return cells, ".", "", []
    if decimal == "." and (plain := _plain(cells)) is not None:
        return plain, ".", "", []
    written = [cell for cell in cells if cell is not None and cell.lower() not in MISSING]
    if not written:
        return np.full(len(cells), np.nan), ".", "", []
    signs = Counter(_bared(cell)[1] for cell in dict.fromkeys(written))
    sign = signs.most_common(1)[0][0]
    best, mark = np.zeros(0), decimal
    for tried in dict.fromkeys((decimal, *_GROUPS)):
        values = numbers(cells, tried, sign)
        if np.isfinite(values).sum() > (np.isfinite(best).sum() if best.size else 0):
            best, mark = values, tried
    count = int((~np.isnan(best)).sum()) if best.size else 0
    if count < _NEARLY * len(written) or (count < len(written) and len(set(best[~np.isnan(best)].tolist())) < 10):
        return None, ".", "", []
    odd = [cell for cell, value in zip(cells, best, strict=True) if np.isnan(value)]
    strange = Counter(cell for cell in odd if cell is not None and cell.lower() not in MISSING)
    oddities = _ambiguous(name, written, mark)
    if not strange:
        return best, mark, sign, oddities
    examples = ", ".join(repr(cell[:30]) for cell in list(strange)[:3])
    return (
        best, mark, sign,
        [
            f"Column {name} holds numbers; {sum(strange.values())} cells that are none ({examples}) count as missing.",
            *oddities,
        ],
    )  # fmt: skip


def _mixed(cells: Sequence[str | None]) -> str:
    """In what the numbers of a column differ that would hold numbers but for that: signs, or decimal marks."""
    bare = [_bared(cell) for cell in islice(dict.fromkeys(cells), _ASKED) if cell and cell.lower() not in MISSING]
    fits = {mark: {text for text, _ in bare if _NUMBER[mark].fullmatch(text)} for mark in _GROUPS}
    if len(fits["."] | fits[","]) < _NEARLY * len({text for text, _ in bare}):
        return ""
    if len(signs := dict.fromkeys(sign for _, sign in bare)) > 1:
        return f"signs ({', '.join(sign or 'none' for sign in signs)})"
    point, comma = fits["."] - fits[","], fits[","] - fits["."]
    return f"decimal marks ({min(point)} and {min(comma)})" if point and comma else ""


def _code(cells: Cells) -> str:
    """A cell that begins with 0, where all are whole numbers as they are written: zip codes, not 0.5; "" elsewhere."""
    if isinstance(cells, np.ndarray):
        return ""
    if not all(cell.isdigit() for cell in cells[:_ASKED] if cell is not None and cell.lower() not in MISSING):
        return ""  # as a rule the first cells tell that they are other numbers
    written = {cell for cell in cells if cell is not None and cell.lower() not in MISSING}
    if not all(map(str.isdigit, written)):
        return ""
    return min((cell for cell in written if cell[0] == "0" and len(cell) > 1), default="")


def _ambiguous(name: str, written: Sequence[str], mark: str) -> list[str]:
    """A sentence where each number of a column could have the other decimal mark too, and would then be another."""
    bare = [_bared(cell)[0] for cell in islice(dict.fromkeys(written), _ASKED)]
    other = "," if mark == "." else "."
    parted = [cell for cell in bare if other in cell]
    if not parted or not all(_NUMBER[other].fullmatch(cell) for cell in bare):
        return []
    called = {".": "point", ",": "comma"}
    return [
        f"Column {name}: {parted[0]} is read as {_number(parted[0], mark, ''):g}, the {called[other]} parting "
        f"thousands. If it is the decimal mark, write a {called[mark]} in its place."
    ]


_ID, _NUMBERED = "it is an id, different in every row", 3  # of fewer rows nothing is told
_NAMED_ID = re.compile(r"(?:.* )?(?:id|idx|index|uuid|guid|rownum|row (?:nr|no|num|number))|rowid", re.S)


def identity(name: str, cells: Cells, parts: Sequence[NDArray[np.int64]] = ()) -> str:
    """Why a column only numbers the rows, of all or of each part; "" where it doesn't."""
    if all(len(set(_taken(cells, rows))) < len(rows) for rows in (np.arange(len(cells)), *parts)):
        return ""  # numbers that differ are written differently, so nothing need be read as one
    values, _, sign, _ = _as_numbers(name, cells, ".")
    return "" if sign else _identity(name, values, cells, parts)


def _taken(cells: Cells, rows: NDArray[np.int64]) -> Cells:
    if isinstance(cells, np.ndarray):
        return cells[rows]
    return cells if len(rows) == len(cells) else [cells[row] for row in rows.tolist()]


def _identity(name: str, values: NDArray[np.float64] | None, cells: Cells, parts: Sequence[NDArray[np.int64]]) -> str:
    words = re.findall(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", name)  # of PassengerId, user_ID and Row No.
    called = _NAMED_ID.fullmatch(" ".join(words).casefold()) is not None
    known = np.array(spelled(cells), dtype=object) if values is None else values
    for rows in ([np.arange(len(cells))], parts):
        reasons = [_numbering(known[its], called) for its in rows if len(its) >= _NUMBERED]
        if reasons and all(reasons):
            return reasons[0]
    return ""


def _numbering(known: NDArray[Any], called: bool) -> str:
    """Why words or numbers only number rows; "" where they don't."""
    if known.dtype == object:
        return _ID if called and len(set(known.tolist())) == len(known) else ""
    if np.isnan(known).any() or (known != np.rint(known)).any() or len(np.unique(known)) < len(known):
        return ""
    if known.min() in (0, 1) and known.max() - known.min() == len(known) - 1:
        return "it numbers the rows"
    return _ID if called else ""


def _of_words(name: str, words: list[str | None], train: NDArray[np.int64]) -> Found:
    counts = Counter(word for row in train if (word := words[row]) is not None)
    missing = sum(1 for word in words if word is None)
    if not counts:
        return Found(None, "it has no value in the training rows", missing)
    frequent = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    kept = tuple(word for word, count in frequent if 1 < count < len(train))
    if not kept:
        if len(counts) == 1:
            return Found(None, f"it is always {next(iter(counts))[:40]!r} in the training rows", missing)
        kind = next((kind for kind, pattern in _UNIQUE.items() if all(map(pattern.fullmatch, counts))), _TEXT)
        return Found(None, f"it holds {kind}", missing)
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
    return Found(Column(name, kept), "", missing, tuple(oddities))
