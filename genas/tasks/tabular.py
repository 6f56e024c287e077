"""The rows of your own table: a .csv, .tsv, .parquet or .npz file, or a folder of them, one column being the class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task
from genas.core.paths import written
from genas.core.task_records import Preparation, Scaling
from genas.reading.splits import listed
from genas.tasks._own import asked
from genas.tasks._splits import check_classes, divide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from genas.reading.column_kinds import Learned
    from genas.reading.features import Column
    from genas.reading.row_reader import RowReader
    from genas.reading.tables import Table

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
        from genas.reading import features, labels, table_sources

        self.path = written(path)
        with asked():
            table, answers, splits = table_sources.read(self.path, label)
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
        parts = _parts(splits)
        keys = _keys(table, parts)
        self._rows, divided = divide(self.path, self._labels, splits, self.classes, limit, "rows", keys=keys)
        self.columns, told = _learned(self.path, table, self._rows["train"], parts)
        self.notes += (*divided, *told)
        if not self.columns:
            raise RequestError(
                f"{self.path} has no column besides the label that differs between rows. {' '.join(told)}".strip()
            )
        self.notes += _telling(table, self.columns, self._labels, self.path)
        self._features = features.encode(self.columns, table.columns)
        self.features = [(c.name, word) for c in self.columns for word in (c.words or (None,))]
        self.input_shape = (len(self.features),)
        self.mean, self.std = features.statistics(self._features[self._rows["train"].numpy()])
        self._check_finite()
        self._describe()

    def _check_finite(self) -> None:
        """Refuse a row so far from those that are trained on that it can't be standardised."""
        import torch

        beyond = (~self.prepare(torch.from_numpy(self._features)).isfinite()).nonzero().tolist()
        if beyond:
            row, place = beyond[0]
            raise RequestError(
                f"The column {self.features[place][0]} of {self.path} holds {self._features[row, place]:g} in row "
                f"{row + 1}, too far from the training rows ({self.mean[place]:g} on average, deviation "
                f"{self.std[place]:g}) to compute with. Mend it, or leave the cell empty (it is then the mean)."
            )

    def _describe(self) -> None:
        """Say in words what the task is, and what an exported network's rows need."""
        shown = [column if word is None else f"{column}={word}" for column, word in self.features]
        classes = ", ".join(self.classes[:12]) + (", ..." if self.outputs > 12 else "")
        self.description = (
            f"Classify rows of {len(self.columns)} columns ({len(shown)} features), {self.outputs} classes: {classes} "
            f"({self.path.name})."
        )
        self.preparing = (
            "features in this order, each minus its mean over its deviation in the training rows, a missing number "
            f"being the mean and column=value 1 or 0: {', '.join(shown)}"
        )

    def data(self, split: Split) -> Data:
        """Features as they are in the table [n, F] in float64, words as 0 and 1, and the classes [n]."""
        import torch

        rows = self._rows[split]
        return Data(torch.from_numpy(self._features[rows.numpy()]), torch.tensor(self._labels)[rows])

    @property
    def data_id(self) -> str:
        """The file or folder of the table."""
        return str(self.path.resolve())

    @property
    def preparation(self) -> Preparation:
        """Standardised features, in their order."""
        return Preparation(self.preparing, Scaling(self.mean, self.std, self.scale))

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


def _keep(table: Table, rows: Sequence[int]) -> None:
    if len(rows) < table.rows or not rows:
        for name, cells in table.columns.items():
            table.columns[name] = cells[list(rows)] if not isinstance(cells, list) else [cells[row] for row in rows]


def _parts(splits: Sequence[str]) -> list[NDArray[np.int64]]:
    """The rows of each split that the data name."""
    import numpy as np

    named = np.array(splits)
    return [np.flatnonzero(named == split) for split in sorted(set(splits)) if split]


def _keys(table: Table, parts: Sequence[NDArray[np.int64]]) -> list[tuple[object, ...]]:
    """The same for rows that are equal, whatever numbers them."""
    import numpy as np

    from genas.reading import column_kinds

    columns = []
    for name, cells in table.columns.items():
        if name not in table.nameless and not column_kinds.identity(name, cells, parts):
            columns.append(cells if isinstance(cells, list) else [None if np.isnan(v) else v for v in cells.tolist()])
    return list(zip(*columns, strict=True)) if columns else [(row,) for row in range(table.rows)]


def _telling(table: Table, columns: Sequence[Column], labels: Sequence[int], path: Path) -> tuple[str, ...]:
    """A sentence on columns that have one value for each class, as the class under another name has."""
    from genas.reading import features

    classes = len(set(labels))
    found = []
    for column in columns:
        cells = table.columns[column.name]
        if len(set(features.spelled(cells[: 50 * classes]))) <= classes:  # most columns have more
            words = features.spelled(cells)
            if len(set(words)) == classes == len(set(zip(words, labels, strict=True))):
                found.append(column.name)
    if not found:
        return ()
    return (
        f"Each class has one value of its own in {listed(found)} of {path.name}: is it the class under another name? "
        "What is not known when the class is asked for must be taken out.",
    )


def _learned(
    path: Path, table: Table, train: Tensor, parts: Sequence[NDArray[np.int64]]
) -> tuple[tuple[Column, ...], list[str]]:
    """How each column becomes features, and sentences on those that don't, on missing cells and other oddities."""
    from genas.reading import column_kinds, written_numbers

    decimal = written_numbers.decimal_mark(table.columns, table.delimiter)
    found: dict[str, Learned] = {}
    for name, cells in table.columns.items():
        try:
            found[name] = column_kinds.learn(
                name, cells, train.numpy(), decimal, parts, nameless=name in table.nameless
            )
        except ValueError as error:
            raise RequestError(f"The column {name} of {path} {error}") from error
    reasons: dict[str, list[str]] = {}
    for name, column in found.items():
        if column.left:
            reasons.setdefault(column.left, []).append(name)
    notes = [
        f"Columns {listed(names)} of {path.name} are left out: {re.sub('^it ', 'each ', why)}."
        if len(names) > 1
        else f"Column {names[0]} of {path.name} is left out: {why}."
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
