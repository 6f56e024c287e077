"""Turns the cells of a table into the features of a network, once it is known what each column holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .written_numbers import EMPTY, MISSING, NEARLY, Cells, numbers

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Column:
    """How the cells of a column become features; plain values, so that an exported network can hold it.

    Args:
        name: the column's name in the file.
        words: each becomes a feature that is 1 or 0; empty for a column of numbers, which is a single feature.
        decimal: the decimal mark of its numbers.
        sign: a currency or percent sign that its numbers carry.
        mean: the mean of the training rows, which replaces missing numbers.
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
            indicators = np.zeros((len(written), len(self.words)))
            for row, word in enumerate(written):
                if word in place:
                    indicators[row, place[word]] = 1.0
            return indicators
        values = cells if isinstance(cells, np.ndarray) else numbers(cells, self.decimal, self.sign)
        return np.where(np.isnan(values), self.mean, values)[:, None]


def encode(columns: Sequence[Column], table: Mapping[str, Cells]) -> NDArray[np.float64]:
    """The features of the rows of a table, [rows, F], in float64, as float32 is too coarse before standardising.

    Raises:
        KeyError: the table lacks a column.
    """
    return np.concatenate([column.features(table[column.name]) for column in columns], axis=1)


def statistics(features: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each feature of the training rows, in float64."""
    mean, std = features.mean(0), features.std(0)
    for place in np.flatnonzero(std == 0):  # the differences may be so small that their squares are 0
        apart = features[:, place] - mean[place]
        most = np.abs(apart).max()
        std[place] = most * (apart / most).std() if most else 1.0
    return tuple(mean.tolist()), tuple(std.tolist())


def spelled(cells: Cells) -> list[str | None]:
    """Cells as words: whole numbers without a fraction, words for missing values as None."""
    if isinstance(cells, np.ndarray):
        return [None if np.isnan(v) else str(int(v)) if float(v).is_integer() else repr(float(v)) for v in cells]
    return [None if cell is None or cell.lower() in EMPTY else cell for cell in cells]


def odd_cells(column: Column, cells: Cells) -> list[str]:
    """Sentences on new cells of a known column that are not read as written.

    Raises:
        ValueError: the cells are not of the column's kind, or too large to compute with.
    """
    if column.words:
        strange = Counter(word for word in spelled(cells) if word is not None and word not in column.words)
        if not strange:
            return []
        return [
            f"Column {column.name}: {sum(strange.values()):,} cells hold words that are no feature of the network "
            f"({some(strange)})."
        ]
    if isinstance(cells, np.ndarray):
        check_finite(cells)
        strange, missing = Counter[str](), int(np.isnan(cells).sum())
    else:
        values = numbers(cells, column.decimal, column.sign)
        check_finite(values)
        empty = [cell is None or cell.lower() in MISSING for cell in cells]
        strange = Counter(str(c) for c, v, e in zip(cells, values, empty, strict=True) if np.isnan(v) and not e)
        missing = sum(empty)
        if strange and sum(strange.values()) > (1 - NEARLY) * (len(cells) - missing):
            mark = {".": "point", ",": "comma"}[column.decimal]
            sign = f" and the sign {column.sign}" if column.sign else ""
            raise ValueError(
                f"holds {some(strange)}, but the training rows hold numbers with a decimal {mark}{sign}. Write numbers "
                "of that form."
            )
    notes = []
    if strange:
        notes.append(
            f"Column {column.name} holds numbers; {sum(strange.values())} cells that are none ({some(strange)}) "
            "count as missing."
        )
    if missing or strange:
        count = missing + sum(strange.values())
        notes.append(f"Column {column.name}: missing numbers ({count:,}) are the mean of the training rows.")
    return notes


def some(strange: Counter[str]) -> str:
    """The first cells, as they are written."""
    return ", ".join(repr(cell[:30]) for cell in list(strange)[:3])


def check_finite(values: NDArray[np.float64]) -> None:
    """ValueError if a number is infinite or too large to compute with; the text names its row."""
    large = np.flatnonzero(np.abs(values) > _LARGEST)
    if large.size:
        raise ValueError(
            f"holds {values[large[0]]:g} in row {large[0] + 1}, which is infinite or too large to compute with. Write "
            "a finite number, or leave the cell empty (it is then the mean)."
        )
