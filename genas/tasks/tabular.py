"""The rows of your own table: a .csv, .tsv, .parquet or .npz file, or a folder of them, one column being the class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task
from genas.core.paths import written
from genas.reading.splits import listed, split_of
from genas.tasks._own import asked
from genas.tasks._splits import check_classes, divide

if TYPE_CHECKING:
    from torch import Tensor

    from genas.reading.features import Column, Found
    from genas.reading.row_reader import RowReader
    from genas.reading.tables import Numbers, Table, Words

_ANSWERS = ("label", "target", "class", "y")  # names of the column of classes that need not be said
_SPLIT_COLUMNS = ("split", "set", "subset", "partition")
_CLASSES = 200


class Tabular(Task):
    """Classification of the rows of the table at `path`.

    Numbers are standardised (missing ones are the mean), words become one feature for each of their 32 most frequent
    values; columns that never change or only number the rows are left out. All of it is learned from the training
    rows, and `notes` says what was left out. A column `split` with train, val and test is kept; what it lacks is taken
    from train, 15 % of each class; data without one are divided 70, 15 and 15 % within each class, the same way in
    every run, equal rows on one side.

    Args:
        path: a .csv or .tsv file with a line of names, in any usual encoding, parted by commas, semicolons, tabs or
            bars; a .parquet file; an .npz with x [n, features] and y [n], or x_train, y_train, x_test, y_test; or a
            folder with one such file for each split, as train.csv and test.csv.
        label: the column of the classes; without it, that called label, target, class or y.
        limit: at most that many training rows, classes in proportion.

    Raises:
        RequestError: where the file or the column can't be read as that, or the classes are not classes.
    """

    name = "tabular"
    modality: ClassVar[str] = "tabular"
    scale = 1.0
    features: list[tuple[str, str | None]]  # of each input its column, and the word that it stands for or None
    columns: tuple[Column, ...]  # how a row becomes features

    def __init__(self, *, path: str, label: str | None = None, limit: int | None = None) -> None:
        from genas.reading import features, labels

        self.path = written(path)
        with asked():
            table, answers, splits = _read(self.path, label)
            kept, notes = labels.known_rows(answers, splits, self.path, "rows")
            splits = [splits[row] for row in kept]
            _keep(table, kept)
            words, matches = labels.matched([str(answers[row]) for row in kept], splits)
        self.notes = (*table.notes, *notes, *matches)
        self.classes = labels.ordered(words)
        self.outputs = len(self.classes)
        if self.outputs > min(_CLASSES, len(words) // 2):
            raise RequestError(
                f"The label of {self.path} has {self.outputs} values in {len(words)} rows, so it is no class; "
                "regression is not served. Name the column of the classes with the option label."
            )
        numbers = {word: number for number, word in enumerate(self.classes)}
        self._labels = [numbers[word] for word in words]
        check_classes(self.path, self._labels, self.classes, limit, "rows")
        if not table.columns:
            raise RequestError(f"{self.path} has no column besides the label; add what the class can be told from.")
        self._width = len(table.columns) if self.path.suffix.lower() == ".npz" else 0
        names = [name for name in table.columns if name not in table.nameless]
        keys = _keys(table, names)
        self._rows, divided = divide(self.path, self._labels, splits, self.classes, limit, "rows", keys=keys)
        self.columns, told = _learned(self.path, table, self._rows["train"])
        self.notes += (*divided, *told)
        if not self.columns:
            raise RequestError(
                f"{self.path} has no column besides the label that differs between rows. {' '.join(told)}".strip()
            )
        self._features = features.encode(self.columns, table.columns)
        self.features = [(c.name, word) for c in self.columns for word in (c.words or (None,))]
        shown = [column if word is None else f"{column}={word}" for column, word in self.features]
        self.input_shape = (len(shown),)
        train = self._features[self._rows["train"].numpy()]
        self.mean, self.std = (tuple(map(float, values)) for values in (train.mean(0), train.std(0)))
        classes = ", ".join(self.classes[:12]) + (", ..." if self.outputs > 12 else "")
        self.description = (
            f"Classify rows of {len(self.columns)} columns ({len(shown)} features), {self.outputs} classes: {classes} "
            f"({self.path.name})."
        )
        self.preparation = (
            "features in this order, each minus its mean over its deviation in the training rows, a missing number "
            f"being the mean and column=value 1 or 0: {', '.join(shown)}"
        )

    def data(self, split: Split) -> Data:
        """Features as they are in the table [n, F] in float64, words as 0 and 1, and the classes [n]."""
        import torch

        rows = self._rows[split]
        return Data(torch.from_numpy(self._features[rows.numpy()]), torch.tensor(self._labels)[rows])

    def identity(self) -> dict[str, str]:
        """That of its examples, and the columns and words that became features."""
        from genas.core.identity import names

        features = names([column if word is None else f"{column}={word}" for column, word in self.features])
        return {**super().identity(), "features": features}

    def prepare(self, inputs: Tensor) -> Tensor:
        """Standardised by mean and deviation of the training rows, in float64, then float32."""
        from genas.networks.preparation import standardised

        return standardised(inputs, self.scale, self.mean, self.std)

    def reader(self) -> RowReader:
        """Reads rows as these were read."""
        from genas.reading.row_reader import RowReader

        return RowReader(self.columns, self._width)


def _read(path: Path, label: str | None) -> tuple[Table, list[str | None], list[str]]:
    """Feature columns, and the class and the split ("" where none is named) of each row."""
    from genas.reading import labels, tables
    from genas.reading.splits import renamed, splits_of

    parts = _parts(path)
    chosen = splits_of(name for name, _ in parts if name)
    table = tables.joined([part for _, part in parts], path)
    splits = [chosen.get(name, "") for name, part in parts for _ in range(part.rows)]
    table.notes += renamed(chosen, path)
    answer = _answer(path, table, label)
    values = table.columns.pop(answer)
    if set(splits) == {""} and (column := _split_column(path, table)):
        words = [str(word) for word in table.columns.pop(column)]
        chosen = splits_of(dict.fromkeys(words))
        table.notes += renamed(chosen, f"the column {column} of {path}")
        splits = [chosen[word] for word in words]
    return table, labels.words_of(_whole(values), (), f"{answer} of {path}"), splits


def _whole(values: Words | Numbers) -> list[object]:
    """Labels that are all numbers as numbers, so that 1 and 1.0 are one class; others as they are written."""
    from genas.reading import features

    if not isinstance(values, list):
        return list(values)
    words = features.spelled(values)
    known = [word for word in words if word is not None]
    if known and all(re.fullmatch(r"[+-]?(0|[1-9]\d*)([.]\d*)?", word) for word in known):
        return [None if word is None else float(word) for word in words]
    return list(words)


def _parts(path: Path) -> list[tuple[str, Table]]:
    """The tables at a path, each with the name of its split, or "" where there is one table only."""
    from genas.reading import tables

    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in tables.SUFFIXES[:3]]
        files = [file for file in files if not file.name.startswith((".", "_"))]
        named = [file for file in files if split_of(file.stem)]
        if not named:
            raise ValueError(f"{path} has no table that a split is named by, as train.csv and test.csv; name one file.")
        parts = [(file.stem, tables.read(file)) for file in named]
        if other := [file.name for file in files if file not in named]:
            parts[0][1].notes.append(f"Files of {path} that name no split are left out: {listed(other)}.")
        return parts
    if path.suffix.lower() == ".npz":
        return tables.npz_tables(path)
    return [("", tables.read(path))]


def _answer(path: Path, table: Table, label: str | None) -> str:
    """The column of the classes."""
    names = [name for name in table.columns if name not in table.nameless]
    for wanted in (label,) if label is not None else _ANSWERS:
        if wanted in names:
            same = [name for name in names if name.startswith(f"{wanted} (column ")]
            if same:
                raise ValueError(f"{path} has two columns called {wanted}; rename one of them.")
            return wanted
        near = [name for name in names if name.casefold() == wanted.casefold().strip()]
        if len(near) == 1:
            return near[0]
    wanted = f"column {label!r}" if label is not None else f"column called {', '.join(_ANSWERS[:-1])} or y"
    raise ValueError(
        f"{path} has no {wanted}; its columns are {', '.join(names[:20])}. Name that of the classes with the option "
        "label."
    )


def _split_column(path: Path, table: Table) -> str | None:
    """The column that names splits: one called split (or set, ...) whose words are all names of splits."""
    from genas.reading import features

    for name, cells in table.columns.items():
        if name.casefold() not in _SPLIT_COLUMNS:
            continue
        unknown = [word for word in dict.fromkeys(features.spelled(cells)) if split_of(word or "") is None]
        if not unknown:
            return name
        if len(unknown) < len(set(cells)):
            raise ValueError(
                f"The column {name} of {path} must name the split of all rows, train among them; "
                f"{unknown[0] or 'empty'!r} is none. Write train, val or test."
            )
        if name.casefold() == "split":
            table.notes.append(f"The column {name} of {path} names no splits ({listed(unknown, 3)}): it is a feature.")
    return None


def _keep(table: Table, rows: Sequence[int]) -> None:
    if len(rows) < table.rows or not rows:
        for name, cells in table.columns.items():
            table.columns[name] = cells[list(rows)] if not isinstance(cells, list) else [cells[row] for row in rows]


def _keys(table: Table, names: Sequence[str]) -> list[tuple[object, ...]]:
    """The same for rows that are equal, whatever numbers them."""
    import numpy as np

    from genas.reading import features

    rows = table.rows
    columns = []
    for name in names:
        cells = table.columns[name]
        if not features.identity(name, cells):
            columns.append(cells if isinstance(cells, list) else [None if np.isnan(v) else v for v in cells.tolist()])
    return list(zip(*columns, strict=True)) if columns else [(row,) for row in range(rows)]


def _learned(path: Path, table: Table, train: Tensor) -> tuple[tuple[Column, ...], list[str]]:
    """How each column becomes features, and sentences on those that don't, on missing cells and other oddities."""
    from genas.reading import features

    decimal = features.decimal_mark(table.columns, table.delimiter)
    found: dict[str, Found] = {}
    for name, cells in table.columns.items():
        try:
            found[name] = features.learn(name, cells, train.numpy(), decimal, nameless=name in table.nameless)
        except ValueError as error:
            raise RequestError(f"The column {name} of {path} {error}") from error
    reasons: dict[str, list[str]] = {}
    for name, column in found.items():
        if column.left:
            reasons.setdefault(column.left, []).append(name)
    notes = [
        f"Column{'s' * (len(names) > 1)} {listed(names)} of {path.name} {'are' if len(names) > 1 else 'is'} left out: "
        f"{why}."
        for why, names in reasons.items()
    ]
    if missing := [
        f"{name} ({column.missing:,})" for name, column in found.items() if column.missing and not column.left
    ]:
        notes.append(
            f"Cells without a value: {listed(missing)} of {table.rows:,} rows. A missing number is the mean of the "
            "training rows, a missing word is no feature."
        )
    notes += [text for column in found.values() for text in column.oddities]
    return tuple(column.column for column in found.values() if column.column), notes
