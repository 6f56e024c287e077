"""A table as it lies on disk: the columns of a .csv, .tsv, .parquet or .npz file, cells as they are written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = list[str | None]  # the cells of a column; None where one is empty
Numbers = NDArray[np.float64]  # the same where the file itself holds numbers; nan where one is missing

SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED = 50  # records that tell the delimiter
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


@dataclass
class Table:
    """Columns by name, all of one length.

    Args:
        columns: words as they are written, without blanks around them, or the file's own numbers.
        delimiter: what parts the columns of a text file; "" for other files.
        nameless: columns that have no name in the file.
        notes: what was left out or changed while reading, in sentences.
    """

    columns: dict[str, Words | Numbers]
    delimiter: str = ""
    nameless: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.columns.values()), ()))


def read(path: Path) -> Table:
    """The table in a file.

    Raises:
        ValueError: it can't be read; the text says why, and what to write instead.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    kind = path.suffix.lower()
    if kind in (".csv", ".tsv"):
        return _text_table(path)
    if kind == ".parquet":
        return _parquet_table(path)
    raise ValueError(f"{path} must be a .csv, .tsv, .parquet or .npz file.")


# Text


def decoded(raw: bytes, where: object) -> tuple[str, str | None]:
    """The text of a file, and its encoding where that had to be guessed: a byte order mark, UTF-8, or Windows-1252.

    Raises:
        ValueError: it is no text.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strictly(raw, encoding, where), None
    if b"\0" in raw[:4096]:  # UTF-16 of Latin letters has a zero in each second byte
        even, odd = raw[:4096:2].count(0), raw[1:4096:2].count(0)
        if min(even, odd) * 8 > max(even, odd):
            raise ValueError(f"{where} can't be read as a table: it holds zero bytes, so it is no text.")
        encoding = "utf-16-be" if even > odd else "utf-16-le"
        return _strictly(raw, encoding, where), encoding
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        for encoding in ("cp1252", "latin-1"):
            try:
                return raw.decode(encoding), encoding
            except UnicodeDecodeError:
                continue
        raise


def _strictly(raw: bytes, encoding: str, where: object) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeError as error:
        raise ValueError(f"{where} can't be read as {encoding} text ({error}); save it as UTF-8.") from error


def delimiter_of(text: str) -> str:
    """What parts the columns: that of , ; tab and | by which the first records have the same number of fields."""
    best, most = ",", 1
    for mark in _DELIMITERS:
        widths = [len(record) for record in islice(_records(text, mark, strict=False), _SNIFFED) if record]
        # a last record may be cut short or too long; the error then names it
        width, count = Counter(widths).most_common(1)[0] if widths else (0, 0)
        if width > most and widths[0] == width and count > len(widths) // 2:
            best, most = mark, width
    if most == 1:  # no record is alike: as the line of names says
        head = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
        best = max(_DELIMITERS, key=head.count)
    return best


def _records(text: str, mark: str, *, strict: bool) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True, strict=strict)


def _text_table(path: Path) -> Table:
    text, guessed = decoded(path.read_bytes(), path)
    notes = [f"{path} is not UTF-8; it is read as {guessed}."] if guessed else []
    if told := re.match(r"sep=(.)\r?\n", text):  # as Excel writes
        text = text[told.end() :]
    if re.search(r"[\0-\x08\x0e-\x1f]", text):
        raise ValueError(f"{path} can't be read as a table: it holds control characters, so it is no text.")
    mark = told[1] if told else delimiter_of(text)
    records: list[list[str]] = []
    reader = _records(text, mark, strict=True)
    empty = waiting = 0  # records without any value, and those of them after which none with a value came yet
    try:
        for record in reader:
            if not any(cell.strip() for cell in record):
                waiting += 1
                continue
            if records and len(record) != len(records[0]):
                raise ValueError(
                    f"{path} can't be read as a table: line {reader.line_num} has {len(record)} fields, the line of "
                    f"names {len(records[0])} (parted by {_called(mark)}). Mend that line, or put cells that hold "
                    f"{_called(mark)} into double quotes."
                )
            empty, waiting = empty + waiting, 0
            records.append(record)
    except csv.Error as error:
        raise ValueError(
            f"{path} can't be read as a table: {error} (line {reader.line_num}). Look for a double quote that is not "
            "closed, or that stands alone in a field."
        ) from error
    if not records:
        raise ValueError(f"{path} can't be read as a table: it is empty. Write a line of names, then the rows.")
    if empty:
        notes.append(f"{empty} rows of {path} without any value are left out.")
    names = [name.strip() for name in records[0]]
    if any(re.fullmatch(r"[+-]?\d*[.,]\d+(e[+-]?\d+)?", name, re.I) for name in names):
        raise ValueError(f"The first line of {path} holds numbers ({names[0]}, ...). Write a line of names above it.")
    cells: list[tuple[Any, ...]] = list(zip(*records[1:], strict=True)) or [()] * len(names)
    columns: list[Words | Numbers] = [[cell.strip() or None for cell in column] for column in cells]
    return _named(path, names, columns, notes, mark)


def _called(mark: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(mark, repr(mark))


def _named(path: Path, names: list[str], columns: list[Words | Numbers], notes: list[str], mark: str = "") -> Table:
    """The columns by name: one without a name is called by its place, and so is one whose name is another's too."""
    found: dict[str, Words | Numbers] = {}
    nameless: list[str] = []
    doubled: list[str] = []
    for place, (name, column) in enumerate(zip(names, columns, strict=True), start=1):
        called = name or f"column {place}"
        if not name:
            nameless.append(called)
        elif name in found:
            called = f"{name} (column {place})"
            doubled.append(called)
        found[called] = column
    if doubled:
        notes.append(f"Names that {path} gives to two columns are told apart by their places: {', '.join(doubled)}.")
    return Table(found, mark, tuple(nameless), notes)


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
            found = _arrow(column, f"{name} of {path}")
        except UnicodeDecodeError as error:
            raise ValueError(f"The column {name!r} of {path} holds text that is not UTF-8: {error}.") from error
        if found is None:
            left.append(f"{name} ({column.type})")
        else:
            names.append(name.strip())
            columns.append(found)
    notes = [f"Columns of {path} that hold neither numbers nor words are left out: {', '.join(left)}."] if left else []
    return _named(path, names, columns, notes)


def _arrow(column: Any, where: str) -> Words | Numbers | None:
    """Numbers, or words, or None for lists and other nested values."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return np.array([np.nan if v is None else float(v) for v in column.to_pylist()], dtype=np.float64)
    if pa.types.is_duration(kind):
        seconds = [None if v is None else v.total_seconds() for v in column.to_pylist()]
        return np.array([np.nan if v is None else v for v in seconds], dtype=np.float64)
    if pa.types.is_null(kind):
        return [None] * len(column)
    if pa.types.is_nested(kind):
        return None
    return [worded(value, where) for value in column.to_pylist()]


def worded(value: object, where: str) -> str | None:
    """A cell as a word: bytes are decoded, true and false are written so, dates as ISO 8601; None where it is empty."""
    if value is None:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, bytes):
        value = decoded(value, where)[0]
    elif hasattr(value, "isoformat"):
        value = value.isoformat()
    return str(value).strip() or None


# Several tables


def npz_tables(path: Path) -> list[tuple[str, Table]]:
    """The tables of an .npz file, each with the name of its split: features x0, x1, ... and the column label."""
    from genas.reading import arrays

    parts, notes = arrays.read(path)
    found = []
    for split, x, y in parts:
        if x.ndim != 2 or x.dtype.kind not in "iufb":
            raise ValueError(
                f"{path} must hold numbers x [n, features] and y [n], not {list(x.shape)} of {x.dtype} and "
                f"{list(y.shape)}."
            )
        columns: dict[str, Words | Numbers] = {
            f"x{place}": column.astype(np.float64) for place, column in enumerate(x.T)
        }
        answers = y.astype(np.float64) if y.dtype.kind in "iuf" else [worded(v, str(path)) for v in y.tolist()]
        found.append((split, Table({**columns, "label": answers})))
    found[0][1].notes.extend(notes)
    return found


def joined(tables: Sequence[Table], where: object) -> Table:
    """One table of the rows of several.

    Raises:
        ValueError: they have not the same columns.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    notes = list(dict.fromkeys(note for table in tables for note in table.notes))
    columns: dict[str, Words | Numbers] = {}
    for table in tables[1:]:
        if different := set(first.columns) ^ set(table.columns):
            raise ValueError(
                f"The tables of {where} differ in the columns {', '.join(sorted(different)[:6])}; make them alike."
            )
    for name in first.columns:
        parts = [table.columns[name] for table in tables]
        if all(isinstance(part, np.ndarray) for part in parts):
            columns[name] = np.concatenate([np.asarray(part, dtype=np.float64) for part in parts])
        elif all(isinstance(part, list) or not len(part) for part in parts):
            columns[name] = [cell for part in parts for cell in part]
        else:
            raise ValueError(
                f"The column {name} of {where} holds numbers in one table and words in another; make them alike."
            )
    return Table(columns, first.delimiter, first.nameless, notes)
