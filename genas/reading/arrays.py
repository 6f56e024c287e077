"""Reads the arrays of an .npz file by split: x and y, or x_train, y_train, x_test and so on, in any spelling."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .splits import split_of

_INPUTS = frozenset(["x", "images", "image", "data", "inputs", "features", "pictures", "imgs", "arr"])
_LABELS = frozenset(["y", "labels", "label", "targets", "target", "classes", "class", "answers"])
_JOINED = re.compile(r"^([xy])(?=train|val|test|dev)", re.I)  # xtrain is x_train
_LARGEST = 16 * 2**30  # bytes of all arrays together, at most
_BROKEN = (
    OSError, ValueError, EOFError, KeyError, SyntaxError, TypeError, zipfile.BadZipFile, zlib.error, RuntimeError,
    MemoryError, OverflowError,
)  # fmt: skip  # what zipfile and numpy raise on files that are cut or forged
_PACKED, _SMALL = 200, 2**28  # an archive that grows more than this many times, to more than these bytes, is a trap


def read(path: Path) -> tuple[list[tuple[str, NDArray[Any], NDArray[Any]]], list[str]]:
    """The name ("" for x and y), inputs and labels of each split in the file, and sentences on what was left out.

    Raises:
        ValueError: the file can't be read, or lacks inputs or labels.
    """
    contents = _loaded(path)
    inputs, labels, other = _sorted(contents)
    if not inputs or set(inputs) != set(labels):
        raise ValueError(
            f"{path} must hold arrays x and y, or x_train, y_train, x_test, y_test; not {', '.join(contents)}."
        )
    if "" in inputs and len(inputs) > 1:
        others = ", ".join(name for split, name in inputs.items() if split)
        raise ValueError(
            f"{path} has {inputs['']} beside {others}. Is it the training data? Name it x_train (and its labels "
            "y_train), or leave the others out."
        )
    parts = [
        (split, contents[name], _flat(contents[labels[split]], labels[split], path)) for split, name in inputs.items()
    ]
    for split, values, answers in parts:
        if not values.ndim or len(values) != len(answers):
            raise ValueError(
                f"{path} has {len(values) if values.ndim else 0} images or rows in {inputs[split]} but {len(answers)} "
                f"labels in {labels[split]}."
            )
    return parts, _left(path, other)


def inputs_of(path: Path) -> tuple[list[tuple[str, NDArray[Any]]], list[str]]:
    """The inputs of a file that need not hold labels: x, the inputs of each split, or the only array.

    Raises:
        ValueError: the file can't be read, or it is unclear which of its arrays holds the inputs.
    """
    contents = _loaded(path)
    inputs, _, other = _sorted(contents)
    if not inputs and len(contents) == 1:
        inputs, other = {"": next(iter(contents))}, []
    if not inputs or not all(contents[name].ndim for name in inputs.values()):
        raise ValueError(f"{path} must hold an array x of inputs; it holds {', '.join(contents)}.")
    return [(split, contents[name]) for split, name in inputs.items()], _left(path, other)


def _left(path: Path, other: list[str]) -> list[str]:
    return [f"Arrays of {path} that are neither inputs nor labels are left out: {', '.join(other)}."] if other else []


def _loaded(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except _BROKEN as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise ValueError(f"{path} cannot be read as an .npz of plain numbers ({reason}).") from error


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """ValueError if an array claims to be larger than its file can hold."""
    packed = max(1, path.stat().st_size)
    total = sum(entry.file_size for entry in archive.infolist())
    if total > _LARGEST or (total > _SMALL and total > _PACKED * packed):
        raise ValueError(f"it claims to hold {total / 2**30:.1f} GiB")
    for entry in archive.infolist():
        if not entry.filename.endswith(".npy"):
            continue
        with archive.open(entry) as stream:
            version = np.lib.format.read_magic(stream)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0,
            }.get(version)  # fmt: skip
            if read_header is None:
                raise ValueError(f"{entry.filename} has an unknown format")
            shape, _, kind = read_header(stream)
        if kind.hasobject:
            raise ValueError(f"{entry.filename} holds Python objects")
        if int(np.prod([int(n) for n in shape], dtype=object)) * kind.itemsize > entry.file_size:
            raise ValueError(f"{entry.filename} claims the shape {shape} and is shorter")


def _sorted(contents: dict[str, NDArray[Any]]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The names of the arrays of inputs and of labels by split, and the names of all other arrays."""
    inputs: dict[str, str] = {}
    labels: dict[str, str] = {}
    other: list[str] = []
    for name in contents:
        words = [word for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", _JOINED.sub(r"\1_", name)) if word]
        role = next((word for word in words if word.lower() in _INPUTS | _LABELS), None)
        rest = "_".join(word for word in words if word is not role)
        split = split_of(rest) if rest else ""
        place = inputs if role and role.lower() in _INPUTS else labels
        if role is None or split is None or rest in place:
            other.append(name)
        else:
            place[rest] = name
    return inputs, labels, other


def _flat(labels: NDArray[Any], name: str, path: Path) -> NDArray[Any]:
    """Labels as [n], also if they are written as [n, 1]."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            f"{name} of {path} must hold one label for each example [n], not {list(labels.shape)}; instead of one-hot "
            "rows write the number of the class (argmax)."
        )
    if labels.dtype.kind not in "biufSUM":
        raise ValueError(f"{name} of {path} holds {labels.dtype}, which names no class; write numbers or words.")
    return labels
