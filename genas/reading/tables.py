"""Reads a table from a file: the columns of a .csv, .tsv or .parquet file, with the cells as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = list[str | None]  # the cells of a column; None for an empty one
Numbers = NDArray[np.float64]  # the cells of a column if the file itself holds numbers; nan for a missing one

SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED = 50  # records read to find the delimiter
_HEAD = 2**20  # bytes of a file read to find its dialect and its column names
_LONGEST = 2**30  # characters of a cell, at most
_EXACT = 2**53  # the largest whole number up to which float64 is exact
_GUESSED = "{} is not UTF-8; it is read as {}. If letters look wrong, save it as UTF-8."
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_INDEX = re.compile(r"Unnamed: \d+(_level_\d+)?|__index_level_\d+__|level_\d+")  # as pandas names them
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


@dataclass
class Table:
    """Columns by name, all of the same length.

    Args:
        columns: words as they are written, without surrounding spaces, or the file's own numbers.
        delimiter: what separates the columns of a text file; "" for other files.
        nameless: columns that have no name in the file, or one that pandas made up.
        notes: sentences on what was left out or changed while reading.
    """

    columns: dict[str, Words | Numbers]
    delimiter: str = ""
    nameless: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))


def read(path: Path) -> Table:
    """The table in a file.

    Raises:
        ValueError: the file can't be read; the text says why, and what to write instead.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv"):
        return _text_table(path)
    if kind == ".parquet":
        return _parquet_table(path)
    raise ValueError(f"{path} must be a .csv, .tsv, .parquet or .npz file.")


def column_names(path: Path) -> tuple[str, ...]:
    """The column names that `read` gives, names in the first part of a .csv, .tsv or .parquet file.

    Raises:
        ValueError: the file can't be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if path.suffix.lower() == ".parquet":
        try:
            names = [_bare(name) for name in parquet.read_schema(path).names]
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} can't be read as a table: {error}") from error
    else:
        with path.open("rb") as opened:
            text, mark, _ = _dialect(_whole_lines(opened.read(_HEAD)), path)
        try:
            written = (record for record in _records(text, mark, strict=True) if any(map(str.strip, record)))
            names = [name.strip() for name in next(written, ())]
        except csv.Error as error:
            raise ValueError(f"{path} can't be read as a table: {error}") from error
        _check_names(names, path)
    return tuple(_named(path, names, [[] for _ in names], []).columns)


def _whole_lines(head: bytes) -> bytes:
    """The first bytes of a file without an incomplete last line."""
    if len(head) < _HEAD or (end := head.rfind(b"\n")) < 0:
        return head
    return head[: end + 1 + (-(end + 1) % 4 if b"\0" in head else 0)]  # keeps the characters of UTF-16 and UTF-32 whole


# Text


def decoded(raw: bytes, where: object) -> tuple[str, str | None]:
    """The text of a file, and its encoding if that had to be guessed.

    A byte order mark decides; else the text is taken for UTF-16 if it has zero bytes, for UTF-8, or for Windows-1252.

    Raises:
        ValueError: the file is not text.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, encoding, where), None
    if b"\0" in raw[:4096]:  # UTF-16 of Latin letters has a zero in each second byte
        even, odd = raw[:4096:2].count(0), raw[1:4096:2].count(0)
        if min(even, odd) * 8 > max(even, odd):
            raise ValueError(f"{where} can't be read as a table: it holds zero bytes, so it is not text.")
        encoding = "utf-16-be" if even > odd else "utf-16-le"
        return _strictly(raw, encoding, where), encoding
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{where} can't be read as a table: it is neither UTF-8 nor Windows-1252 text. Save it as UTF-8."
            ) from error


def _strictly(raw: bytes, encoding: str, where: object) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeError as error:
        raise ValueError(f"{where} can't be read as {encoding} text ({error}); save it as UTF-8.") from error


def delimiter_of(text: str) -> str:
    """The delimiter among , ; tab and | that gives most of the first records the same number of fields."""
    best, most = ",", 1
    for mark in _DELIMITERS:
        widths = [len(record) for record in islice(_records(text, mark, strict=False), _SNIFFED) if record]
        # a record may be too short or too long; an error will name it
        width, count = Counter(widths).most_common(1)[0] if widths else (0, 0)
        if width > most and widths[0] == width and count > len(widths) // 2:
            best, most = mark, width
    if most == 1:  # the records don't agree, so the line of names decides
        head = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
        best = max(_DELIMITERS, key=head.count)
    return best


def _records(text: str, mark: str, *, strict: bool) -> Any:
    csv.field_size_limit(_LONGEST)
    return csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True, strict=strict)


def _dialect(raw: bytes, path: Path) -> tuple[str, str, list[str]]:
    """The text of a file, its delimiter, and a sentence if its encoding was guessed."""
    text, guessed = decoded(raw, path)
    text = unicodedata.normalize("NFC", text)
    declared = re.match(r"sep=(.)\r?\n", text)  # as Excel writes
    text = text[declared.end() :] if declared else text
    if re.search(r"[\0-\x08\x0e-\x1f]", text):
        raise ValueError(f"{path} can't be read as a table: it holds control characters, so it is not text.")
    mark = declared[1] if declared else delimiter_of(text)
    return text, mark, [_GUESSED.format(path, guessed)] if guessed else []


def _text_table(path: Path) -> Table:
    text, mark, notes = _dialect(path.read_bytes(), path)
    records = _whole_records(text, mark, path)
    if not records:
        raise ValueError(f"{path} can't be read as a table: it is empty. Write a line of names, then the rows.")
    head = records[0]
    _check_names(names := [name.strip() for name in head], path)
    filled = [record for record in records[1:] if any(cell.strip() for cell in record)]
    if empty := len(records) - 1 - len(filled):
        notes.append(f"{empty} rows of {path} without any value are left out.")
    rows = [record for record in filled if record != head]
    if again := len(filled) - len(rows):
        notes.append(f"{again} rows of {path} that repeat the line of names are left out.")
    cells: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(names)
    columns: list[Words | Numbers] = [[cell.strip() or None for cell in column] for column in cells]
    return _named(path, names, columns, notes, mark)


def _whole_records(text: str, mark: str, path: Path) -> list[list[str]]:
    """The records of a text from the first to the last with a value; all records with values have the same length."""
    records: list[list[str]] = []
    reader = _records(text, mark, strict=True)
    last = 0  # number of records up to the last one with a value
    try:
        for record in reader:
            filled = any(cell.strip() for cell in record)
            if not filled and not records:
                continue
            if filled and records and len(record) != len(records[0]):
                raise ValueError(
                    f"{path} can't be read as a table: line {reader.line_num} has {len(record)} fields, the line of "
                    f"names {len(records[0])} (separated by {_called(mark)}). Correct that line, or put cells that "
                    f"contain {_called(mark)} into double quotes."
                )
            records.append(record)
            last = len(records) if filled else last
    except csv.Error as error:
        raise ValueError(
            f"{path} can't be read as a table: {error} (line {reader.line_num}). Look for a double quote that is not "
            "closed, or that stands alone in a field."
        ) from error
    return records[:last]


def _check_names(names: Sequence[str], path: Path) -> None:
    if any(re.fullmatch(r"[+-]?\d*[.,]\d+(e[+-]?\d+)?", name, re.I) for name in names):
        raise ValueError(f"The first line of {path} holds numbers ({names[0]}, ...). Write a line of names above it.")


def _called(mark: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(mark, repr(mark))


def _named(path: Path, names: list[str], columns: list[Words | Numbers], notes: list[str], mark: str = "") -> Table:
    """The columns by name; a column without a name, or with the name of an earlier one, is named by its position."""
    by_name: dict[str, Words | Numbers] = {}
    nameless: list[str] = []
    doubled: list[str] = []
    for place, (name, column) in enumerate(zip(names, columns, strict=True), start=1):
        called = name or f"column {place}"
        if called in by_name:
            while called in by_name:
                called = f"{called} (column {place})"
            doubled.append(called)
        if not name or _INDEX.fullmatch(name):
            nameless.append(called)
        by_name[called] = column
    if doubled:
        notes.append(f"Names that {path} gives to two columns are told apart by their places: {', '.join(doubled)}.")
    return Table(by_name, mark, tuple(nameless), notes)


# Parquet


def _parquet_table(path: Path) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} can't be read as a table: {error}") from error
    names, columns, left = [], [], []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            cells = _arrow(column, f"{name} of {path}")
        except (pa.ArrowException, OverflowError, UnicodeDecodeError) as error:
            raise ValueError(
                f"The column {name} of {path} ({column.type}) can't be read ({error}). Write it as numbers or text."
            ) from error
        if cells is None:
            left.append(f"{name} ({column.type})")
        else:
            names.append(_bare(name))
            columns.append(cells)
    notes = [f"Columns of {path} that hold neither numbers nor words are left out: {', '.join(left)}."] if left else []
    return _named(path, names, columns, notes)


def _arrow(column: Any, where: str) -> Words | Numbers | None:
    """The column as numbers or words; None for lists and other nested values."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_duration(kind):  # in seconds
        return _floats(column.cast(pa.int64()).to_pylist()) / _A_SECOND[kind.unit]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = column.to_pylist()
        return exactly(values) if pa.types.is_integer(kind) else _floats(values)
    if pa.types.is_null(kind):
        return [None] * len(column)
    if pa.types.is_nested(kind) or (_holds_bytes(kind) and not _is_text(column.to_pylist(), where)):
        return None
    return [worded(value, where) for value in column.to_pylist()]


def _holds_bytes(kind: Any) -> bool:
    import pyarrow as pa

    checks = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(is_bytes(kind) for is_bytes in checks)


def _is_text(values: Sequence[bytes | None], where: str) -> bool:
    try:
        return not any(re.search(r"[\0-\x08]", decoded(value, where)[0]) for value in values if value is not None)
    except ValueError:  # not text: the column will be named among those that are left out
        return False


def _floats(values: Sequence[Any]) -> Numbers:
    return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)


def exactly(values: Sequence[int | None]) -> Words | Numbers:
    """Whole numbers as float64, or as words if some are too large for float64 to tell apart."""
    if any(v is not None and abs(v) > _EXACT for v in values):
        return [None if v is None else str(v) for v in values]
    return _floats(values)


def worded(value: object, where: str) -> str | None:
    """A cell as a word: bytes decoded, booleans as true or false, dates in ISO 8601; None for an empty cell."""
    if value is None:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, bytes):
        value = decoded(value, where)[0]
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    return _bare(str(value)) or None


def _bare(text: str) -> str:
    """The text without surrounding spaces, each accented letter as one character, however it was typed."""
    return unicodedata.normalize("NFC", text).strip()


# Several tables


def joined(tables: Sequence[Table], where: object) -> Table:
    """One table with the rows of several; columns without a name are left out unless all tables have them.

    Raises:
        ValueError: the tables have different columns.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    notes = list(dict.fromkeys(note for table in tables for note in table.notes))
    nameless = {name for table in tables for name in table.nameless}
    names = [name for name in first.columns if all(name in table.columns for table in tables)]
    lacking = dict.fromkeys(name for table in tables for name in table.columns if name not in names)
    if different := [name for name in lacking if name not in nameless]:
        raise ValueError(
            f"The tables of {where} differ in the columns {', '.join(sorted(different)[:6])}; make them alike."
        )
    if lacking:
        notes.append(f"Columns without a name that not all tables of {where} have are left out: {', '.join(lacking)}.")
    columns = {name: _below([table.columns[name] for table in tables], name, where) for name in names}
    return Table(columns, first.delimiter, tuple(name for name in names if name in nameless), notes)


def _below(parts: Sequence[Words | Numbers], name: str, where: object) -> Words | Numbers:
    """The cells of one column from several tables, one below the other."""
    empty = [all(cell is None for cell in part) if isinstance(part, list) else not len(part) for part in parts]
    if all(isinstance(part, list) or none for part, none in zip(parts, empty, strict=True)):
        return [cell for part in parts for cell in part]
    if all(isinstance(part, np.ndarray) or none for part, none in zip(parts, empty, strict=True)):
        return np.concatenate([_floats(part) if isinstance(part, list) else part for part in parts])
    raise ValueError(f"The column {name} of {where} holds numbers in one table and words in another; make them alike.")
