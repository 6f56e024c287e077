"""Reads the user's table from a file, or from a folder with one file per split; finds its classes and splits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import arrays, features, labels, tables
from .splits import COLUMNS, column_notes, column_of, empty, listed, renamed, splits_of
from .tables import Numbers, Table, Words

_ANSWERS = ("label", "target", "class", "y")  # usual names of the column of classes
_FOLDS = re.compile(r"(?:.*[\W_])?k?[\W_]?folds?(?:[\W_]?(?:id|nr|no|number|index))?", re.I)
_FEW = 20  # different words, at most, of a column that names splits or numbers folds


class Rows(NamedTuple):
    """The rows of a table.

    Args:
        table: the features.
        words: the class of each row; None where it has none.
        splits: the split of each row; "" where the data name none.
    """

    table: Table
    words: list[str | None]
    splits: list[str]


def read(path: Path, label: str | None) -> Rows:
    """The rows of the table at a path; the table's notes say what was left out or not read as written.

    Args:
        path: a table, or a folder with one table per split.
        label: the column of the classes; None for the one with a usual name.

    Raises:
        ValueError: the table can't be read, or has no such column; the text says what to write instead.
    """
    parts, chosen = _parts(path)
    answer = _answer(path, parts, chosen, label)
    by_table = [chosen[name] for name, part in parts if chosen for _ in range(part.rows)]
    table = tables.joined([part for _, part in parts], path)
    table.notes += [*renamed(chosen, path), *empty(chosen, set(by_table), path)]
    values = table.columns.pop(answer)
    if label is None and (others := [name for name in table.columns if name.casefold() in _ANSWERS]):
        table.notes.append(
            f"The classes are the column {answer} of {path.name}, and {listed(others)} is a feature. If it tells the "
            "class too, take it out; if it holds the classes, name it with the option label."
        )
    splits = by_table or _splits_in(table, path) or [""] * len(values)
    _drop_folds(table, path)
    return Rows(table, labels.words_of(_whole(values), (), f"{answer} of {path}"), splits)


def _parts(path: Path) -> tuple[list[tuple[str, Table]], dict[str, str]]:
    """The tables at a path with their names, and the split that each name stands for; empty for a single table."""
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in tables.SUFFIXES[:3]]
        files = [file for file in files if not file.name.startswith((".", "_"))]
        chosen = splits_of(file.stem for file in files)
        if not chosen:
            there = f"; it holds {listed([file.name for file in files])}" if files else ""
            raise ValueError(
                f"{path} has no tables named after splits, such as train.csv and test.csv{there}. Name one file."
            )
        used = [file for file in files if file.stem in chosen]
        for one, two in pairwise(used):
            if one.stem == two.stem:
                raise ValueError(f"{one.name} and {two.name} of {path} are the same split; remove one of them.")
        parts = [(file.stem, tables.read(file)) for file in used]
        if other := [file.name for file in files if file.stem not in chosen]:
            parts[0][1].notes.append(f"Files of {path} that name no split are left out: {listed(other)}.")
        return parts, chosen
    if path.suffix.lower() == ".npz":
        parts = _npz_tables(path)
        return parts, splits_of(name for name, _ in parts if name)
    return [("", tables.read(path))], {}


def _npz_tables(path: Path) -> list[tuple[str, Table]]:
    """The tables of an .npz file by the names of their splits: features x0, x1, ... and the column label."""
    parts, notes = arrays.read(path)
    by_split = []
    for split, x, y in parts:
        if x.ndim != 2 or x.dtype.kind not in "iufb":
            raise ValueError(
                f"{path} must hold numbers x [n, features] and y [n], not {list(x.shape)} of {x.dtype} and "
                f"{list(y.shape)}."
            )
        columns: dict[str, Words | Numbers] = {
            f"x{place}": column.astype(np.float64) for place, column in enumerate(x.T)
        }
        if y.dtype.kind in "iu":
            answers = tables.exactly(y.tolist())
        else:
            answers = y.astype(np.float64) if y.dtype.kind == "f" else [tables.worded(v, str(path)) for v in y.tolist()]
        by_split.append((split, Table({**columns, "label": answers})))
    by_split[0][1].notes.extend(notes)
    return by_split


def _answer(path: Path, parts: list[tuple[str, Table]], chosen: Mapping[str, str], label: str | None) -> str:
    """The column of the classes; tables that are not for training may lack it and get an empty one."""
    first = next((part for name, part in parts if chosen.get(name) == "train"), parts[0][1])
    answer = _named_answer(path, first, label)
    for name, part in parts:
        if answer not in part.columns and chosen.get(name, "train") != "train":
            part.columns[answer] = [None] * part.rows
    return answer


def _named_answer(path: Path, table: Table, label: str | None) -> str:
    names = [name for name in table.columns if name not in table.nameless]
    for wanted in (label,) if label is not None else _ANSWERS:
        if wanted in names:
            same = [name for name in names if name.startswith(f"{wanted} (column ")]
            if same:
                raise ValueError(f"{path} has two columns called {wanted}; rename one of them.")
            return wanted
        near = [name for name in names if _compared(name) == _compared(wanted)]
        if len(near) == 1:
            return near[0]
    wanted = f"column {label!r}" if label is not None else f"column called {', '.join(_ANSWERS[:-1])} or y"
    raise ValueError(
        f"{path} has no {wanted}; its columns are {', '.join(names[:20])}. Name that of the classes with the option "
        "label."
    )


def _compared(name: str) -> str:
    """A name with one spelling of capitals, accents and the spaces around it, so that it can be compared."""
    return unicodedata.normalize("NFC", name).casefold().strip()


def _splits_in(table: Table, path: Path) -> list[str] | None:
    """The split of each row, by a column that names it; that column is removed. None if there is no such column."""
    words: dict[str, set[str | None]] = {}
    for name, cells in table.columns.items():
        different = np.unique(cells) if isinstance(cells, np.ndarray) else list(dict.fromkeys(cells))
        if len(different) <= _FEW or name.casefold() in COLUMNS:
            words[name] = set(features.spelled(different))
    if (split_column := column_of(words, path)) is not None:
        column, chosen = split_column
        table.notes += column_notes(column, chosen, path)
        return [chosen[str(word)] for word in features.spelled(table.columns.pop(column))]
    table.notes += [
        f"The column {name} of {path} names no splits ({listed(sorted(filter(None, values)), 3)}): it is a feature."
        for name, values in words.items()
        if name.casefold() in COLUMNS
    ]
    return None


def _drop_folds(table: Table, path: Path) -> None:
    """Leave out columns that number the folds of a cross-validation, which say nothing about a row."""
    for name in [name for name in table.columns if _FOLDS.fullmatch(name)]:
        different = set(features.spelled(table.columns[name]))
        if len(different) <= _FEW and all(re.fullmatch(r"(?:fold\W?)?\d+", word or "") for word in different):
            del table.columns[name]
            table.notes.append(
                f"Column {name} of {path.name} is left out: it numbers folds. To keep a division, name the split of "
                "each row (train, val or test) in a column split."
            )


def _whole(values: Words | Numbers) -> list[object]:
    """Labels as numbers if all are numbers, so that 1 and 1.0 are one class; else as they are written."""
    if not isinstance(values, list):
        return list(values)
    words = features.spelled(values)
    written = [word for word in words if word is not None]
    if written and all(re.fullmatch(r"[+-]?(0|[1-9]\d*)([.]\d*)?", word) for word in written):
        return [None if word is None else _number(word) for word in words]
    return list(words)


def _number(word: str) -> int | float:
    """The number in a word; whole numbers stay exact, also beyond 2^53, where floats do not."""
    whole, _, fraction = word.partition(".")
    return float(word) if fraction.strip("0") else int(whole)
