"""The rows of your own table: a .csv, .tsv, .parquet or .npz file, one column of which is the class."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from genas.core.errors import RequestError
from genas.core.interfaces import Data, Split, Task
from genas.core.paths import written
from genas.tasks._splits import check_classes, divide

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_ANSWERS = ("label", "target", "class", "y")  # names of the column of classes that need not be said
_CATEGORIES = 32  # values of a column of words that become features
_CLASSES = 200
_DECIMAL = re.compile(r"\s*[+-]?\d+(,\d+)?\s*")


class _Column(NamedTuple):
    """One feature column of the file."""

    name: str
    numbers: np.ndarray | None  # [rows], nan where missing
    words: list[str | None] | None


class Tabular(Task):
    """Classification of the rows of the table at `path`.

    Numbers are standardised (missing ones are the mean), words become one feature for each of their 32 most frequent
    values, and columns that never change are left out; all of it is learned from the training rows. A column `split`
    with train, val and test is kept; what it lacks is taken from train, 15 % of each class; data without one are
    divided 70, 15 and 15 % within each class, the same way in every run.

    Args:
        path: a .csv file with a line of names, parted by commas (or by semicolons, a decimal point then being a comma
            perhaps), a .tsv or .parquet file, or an .npz with x [n, features] and y [n].
        label: the column of the classes; without it, that called label, target, class or y.
        limit: at most that many training rows, classes in proportion.

    Raises:
        RequestError: where the file or the column can't be read as that, or the classes are not classes.
    """

    name = "tabular"
    modality: ClassVar[str] = "tabular"
    scale = 1.0
    features: list[tuple[str, str | None]]  # of each input its column, and the word that it stands for or None

    def __init__(self, *, path: str, label: str | None = None, limit: int | None = None) -> None:
        self.path = written(path)
        columns, answers, splits = _read(self.path, label)
        self.classes = tuple(sorted(set(answers), key=lambda word: (len(word), word) if word.isdigit() else (0, word)))
        self.outputs = len(self.classes)
        if self.outputs > min(_CLASSES, len(answers) // 2):
            raise RequestError(
                f"The label of {self.path} has {self.outputs} values in {len(answers)} rows, so it is no class; "
                "regression is not served. Name the column of the classes with the option label."
            )
        numbers = {word: number for number, word in enumerate(self.classes)}
        self._labels = [numbers[answer] for answer in answers]
        check_classes(self.path, self._labels, self.classes, limit, "rows")
        self._rows = divide(self.path, self._labels, splits, self.classes, limit, "rows")
        self._features, self.features = _encode(columns, self._rows["train"].numpy())
        names = [column if word is None else f"{column}={word}" for column, word in self.features]
        if not names:
            raise RequestError(f"{self.path} has no column besides the label that differs between rows.")
        self.input_shape = (len(names),)
        shown = ", ".join(self.classes[:12]) + (", ..." if self.outputs > 12 else "")
        self.description = (
            f"Classify rows of {len(columns)} columns ({len(names)} features), {self.outputs} classes: {shown} "
            f"({self.path.name})."
        )
        self.preparation = (
            "features in this order, each minus its mean over its deviation in the training rows, a missing number "
            f"being the mean and column=value 1 or 0: {', '.join(names)}"
        )

    @cached_property
    def mean(self) -> tuple[float, ...]:
        """Of each feature over the training rows."""
        return tuple(float(m) for m in self._features[self._rows["train"].numpy()].mean(0))

    @cached_property
    def std(self) -> tuple[float, ...]:
        """Deviation of each feature over the training rows."""
        return tuple(float(s) for s in self._features[self._rows["train"].numpy()].std(0))

    def data(self, split: Split) -> Data:
        """Features as they are in the table [n, F], words as 0 and 1, and the classes [n]."""
        import torch

        rows = self._rows[split]
        return Data(torch.from_numpy(self._features[rows.numpy()]), torch.tensor(self._labels)[rows])

    def identity(self) -> dict[str, str]:
        """That of its examples, and the columns and words that became features."""
        from genas.core.identity import names

        features = names([column if word is None else f"{column}={word}" for column, word in self.features])
        return {**super().identity(), "features": features}

    def prepare(self, inputs: Tensor) -> Tensor:
        """Standardised by mean and deviation of the training rows."""
        import torch

        mean, std = (torch.tensor(v, device=inputs.device) for v in (self.mean, self.std))
        return (inputs.float() - mean) / std


def _read(path: Path, label: str | None) -> tuple[list[_Column], list[str], list[str]]:
    """Feature columns, and the class and the split ("" where none is named) of each row."""
    table = _load(path)
    known = [name for name in ([label] if label is not None else _ANSWERS) if name in table]
    if not known:
        wanted = f"column {label!r}" if label is not None else f"column called {', '.join(_ANSWERS[:-1])} or y"
        raise RequestError(
            f"{path} has no {wanted}; its columns are {', '.join(map(str, [*table][:20]))}. Name that of the classes "
            "with the option label."
        )
    answers, splits = table.pop(known[0]), table.pop("split", None)
    if any(value is None for value in answers):
        raise RequestError(f"{path} has rows without a {known[0]}; fill them in or remove these rows.")
    if any(isinstance(value, float) and not value.is_integer() for value in answers):
        raise RequestError(f"The column {known[0]} of {path} holds fractions; regression is not served, only classes.")
    whole = [str(int(value)) if isinstance(value, float) else str(value) for value in answers]
    return (
        [_column(path, name, values) for name, values in table.items()],
        whole,
        [*map(str, splits or [""] * len(whole))],
    )


def _load(path: Path) -> dict[str, list[Any]]:
    """The values of each column, None where missing."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, parquet

    if not path.is_file():
        raise RequestError(f"There is no file {path}.")
    kind = path.suffix.lower()
    read: dict[str, list[Any]]
    try:
        if kind in (".csv", ".tsv"):
            between = "\t" if kind == ".tsv" else _delimiter(path)
            missing = csv.ConvertOptions(strings_can_be_null=True)
            read = csv.read_csv(
                path, parse_options=csv.ParseOptions(delimiter=between), convert_options=missing
            ).to_pydict()
            return {name: _decimals(values) for name, values in read.items()} if between == ";" else read
        if kind == ".parquet":
            read = parquet.read_table(path).to_pydict()
            return read
        if kind == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                x, y = arrays["x"], arrays["y"]
            if x.ndim != 2 or y.shape != x.shape[:1]:
                raise RequestError(f"{path} must hold x [n, features] and y [n], not {x.shape} and {y.shape}.")
            return {**{f"x{i}": [*map(float, column)] for i, column in enumerate(x.T)}, "label": y.tolist()}
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise RequestError(f"{path} can't be read as a table: {error}") from error
    raise RequestError(f"{path} must be a .csv, .tsv, .parquet or .npz file.")


def _delimiter(path: Path) -> str:
    """A semicolon where the line of names has some and no comma, as spreadsheets write beside decimal commas."""
    with path.open(encoding="utf-8", errors="replace") as file:
        names = re.sub(r'"[^"]*"', "", file.readline())
    return ";" if ";" in names and "," not in names else ","


def _decimals(values: list[Any]) -> list[Any]:
    """Words that are all numbers with a decimal comma, as numbers; anything else as it is."""
    known = [value for value in values if value is not None]
    if not known or not all(isinstance(value, str) and _DECIMAL.fullmatch(value) for value in known):
        return values
    return [None if value is None else float(value.replace(",", ".")) for value in values]


def _column(path: Path, name: str, values: list[Any]) -> _Column:
    import numpy as np

    known = [value for value in values if value is not None]
    if all(isinstance(value, bool | int | float) for value in known):
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        if (large := np.flatnonzero(np.abs(numbers) > np.finfo(np.float32).max)).size:
            raise RequestError(
                f"The column {name} of {path} holds {numbers[large[0]]:g} in row {large[0] + 1}, which is infinite or "
                "too large to compute with. Write a finite number, or leave the cell empty (it is then the mean)."
            )
        return _Column(name, numbers, None)
    return _Column(name, None, [None if value is None else str(value) for value in values])


def _encode(columns: list[_Column], train: np.ndarray) -> tuple[np.ndarray, list[tuple[str, str | None]]]:
    """Features [rows, F], and of each its column and the word it stands for (None: the number)."""
    import numpy as np

    found: list[np.ndarray] = []
    names: list[tuple[str, str | None]] = []
    for column in columns:
        if column.numbers is not None:
            known = column.numbers[train][~np.isnan(column.numbers[train])]
            if len(known) and known.std() > 0:
                found.append(np.where(np.isnan(column.numbers), known.mean(), column.numbers))
                names.append((column.name, None))
        elif column.words is not None:
            counts = Counter(word for row in train if (word := column.words[row]) is not None)
            for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_CATEGORIES]:
                if 1 < count < len(train):
                    found.append(np.array([float(w == word) for w in column.words]))
                    names.append((column.name, word))
    return (np.stack(found, 1).astype(np.float32) if found else np.zeros((0, 0), np.float32)), names
