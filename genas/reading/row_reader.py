"""Reads new rows of a table in the same way as the training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays, tables
from .features import Column, encode, odd_cells
from .inputs import Batch, Paths, listed_paths, together


@dataclass(frozen=True)
class RowReader:
    """How rows become raw inputs; plain values, so that an exported network can hold them.

    Args:
        columns: the columns, with how the cells of each become features.
        width: the number of features, if the training data were an .npz; else 0.
    """

    columns: tuple[Column, ...]
    width: int = 0

    def batches(self, paths: Paths, notes: list[str]) -> Iterator[Batch]:
        """The names and the raw inputs [rows, F] of each file; a row is named after its position, from 0.

        Args:
            paths: .csv, .tsv, .parquet or .npz files; columns that the network does not know are ignored.
            notes: gets sentences on cells that are not read as written.

        Raises:
            ValueError: a file can't be read, or lacks a column; the text names it.
        """
        for path in listed_paths(paths):
            table = self._table(path)
            notes += table.notes
            for column in self.columns:
                try:
                    notes += odd_cells(column, table.columns[column.name])
                except ValueError as error:
                    raise ValueError(f"The column {column.name} of {path} {error}") from error
            yield [f"{row} of {path}" for row in range(table.rows)], encode(self.columns, table.columns)

    def read(self, paths: Paths) -> NDArray[Any]:
        """The raw inputs of all rows, [rows, F].

        Raises:
            ValueError: a file can't be read, or lacks a column; the text names it.
        """
        notes: list[str] = []
        return together(self.batches(paths, notes), notes)

    def _table(self, path: Path) -> tables.Table:
        table = self._of_arrays(path) if path.suffix.lower() == ".npz" else tables.read(path)
        missing = [column.name for column in self.columns if column.name not in table.columns]
        if missing:
            raise ValueError(
                f"{path} has no column {', '.join(missing[:6])}, which the network was trained on; it has "
                f"{', '.join(list(table.columns)[:20])}."
            )
        return table

    def _of_arrays(self, path: Path) -> tables.Table:
        parts, notes = arrays.inputs_of(path)
        (_, values), *others = parts
        if others:
            raise ValueError(f"{path} holds inputs of several splits; write the rows to be read into one array x.")
        if values.ndim != 2 or values.dtype.kind not in "iufb" or (self.width and values.shape[1] != self.width):
            wanted = self.width or "features"
            raise ValueError(f"{path} must hold numbers x [n, {wanted}], not {list(values.shape)} of {values.dtype}.")
        columns: dict[str, tables.Words | tables.Numbers] = {
            f"x{place}": column.astype(np.float64) for place, column in enumerate(values.T)
        }
        return tables.Table(columns, notes=notes)
