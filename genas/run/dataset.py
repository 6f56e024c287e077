"""Data in memory as a task: arrays, data frames, torch and Hugging Face data sets, written once as a file."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genas.core.errors import RequestError
from genas.core.ledger import folder_for_run, keeping
from genas.core.records import Use

_CHANNELS = {1, 3, 4}
_LABEL = "label"


def dataset(x: Any, y: Any = None, *, folder: str | Path = "runs/data") -> Use:
    """Write data that are in memory as a file, and return the task that reads it: `images` or `tabular`.

    The file is named after its content, so the same data are the same task, and a stopped run goes on.

    Args:
        x: images [n, H, W], [n, H, W, C] or [n, C, H, W], or rows [n, features], as anything that numpy takes; a data
            frame (pandas, or any that gives Arrow data, as polars does), whose columns may hold words; a torch Dataset
            of (input, class) pairs; or a Hugging Face dataset with an image column, or with columns of a table.
        y: the classes [n]; of a data frame or a table also the name of its column. None for data sets that have them.
        folder: where the file is kept. It must stay there as long as runs need the data.

    Raises:
        RequestError: the data are none of these, have no classes, or fit together in no way.

    Example:
        >>> import genas
        >>> from sklearn.datasets import load_wine
        >>> genas.dataset(*load_wine(return_X_y=True)).name
        'tabular'
    """
    place = Path(folder)
    if hasattr(x, "save_to_disk") and hasattr(x, "features"):
        return _of_hugging_face(x, y, place)
    if _is_frame(x):
        return _of_frame(x, y, place)
    if hasattr(x, "__getitem__") and hasattr(x, "__len__") and not _is_array(x):
        if y is not None:
            raise RequestError("A data set of (input, class) pairs has its classes; leave y out.")
        x, y = _stacked(x)
    if y is None:
        raise RequestError("Give the classes too, as y: one for each example of x.")
    return _of_arrays(_numbers(x, "x"), _classes(y), place)


def of_fields(known: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request with `x` and `y`, where there are any, as its task.

    Raises:
        RequestError: see `dataset`; or there is a task beside, or a y without x.
    """
    fields = dict(known)
    x, y = fields.pop("x", None), fields.pop("y", None)
    if x is None:
        if y is not None:
            raise RequestError("y has the classes of x: give x too.")
        return fields
    if fields.get("task") is not None:
        raise RequestError("Give either a task, or x and y.")
    return {**fields, "task": dataset(x, y)}


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple) or hasattr(value, "__array__")


def _is_frame(value: Any) -> bool:
    """Whether it is a table of named columns (a single column has no such names)."""
    return hasattr(value, "columns") or (hasattr(value, "column_names") and hasattr(value, "schema"))


def _numbers(value: Any, name: str) -> NDArray[Any]:
    if hasattr(value, "detach"):  # a tensor of torch, wherever it lies
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise RequestError(f"{name} is no array, as its examples differ in shape. Make them alike.") from error
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise RequestError(f"{name} must hold numbers, not {array.dtype}. Columns of words belong in a data frame.")
    return array


def _classes(y: Any) -> NDArray[Any]:
    if hasattr(y, "detach"):
        y = y.detach().cpu()
    classes = np.asarray(y)
    if classes.ndim == 2 and classes.shape[1] == 1:
        classes = classes[:, 0]
    if classes.ndim != 1:
        raise RequestError(f"y must be one class for each example, not an array of shape {classes.shape}.")
    return classes.astype(str) if classes.dtype == object else classes


def _stacked(data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Inputs and classes of a data set of pairs."""
    try:
        pairs = [(np.asarray(x), y) for x, y in (data[number] for number in range(len(data)))]
        return np.stack([x for x, _ in pairs]), np.asarray([int(y) for _, y in pairs])
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"A data set must give pairs of an input and the number of its class, all inputs of one shape ({error})."
        ) from error


def _of_arrays(x: NDArray[Any], y: NDArray[Any], folder: Path) -> Use:
    if x.ndim not in {2, 3, 4}:
        raise RequestError(f"x has the shape {x.shape}. Rows are [n, features], images [n, H, W] or [n, H, W, C].")
    if len(x) != len(y):
        raise RequestError(f"x has {len(x):,} examples and y {len(y):,}; give one class for each example.")
    if x.ndim == 4:
        x = _channels_last(x)
    content = io.BytesIO()
    np.savez_compressed(content, x=x, y=y)
    path = _kept(content.getvalue(), folder, ".npz")
    return Use("tabular" if x.ndim == 2 else "images", {"path": str(path)})


def _channels_last(x: NDArray[Any]) -> NDArray[Any]:
    first, last = x.shape[1] in _CHANNELS, x.shape[3] in _CHANNELS
    if not (first or last):
        raise RequestError(f"x has the shape {x.shape}; images have 1, 3 or 4 channels, first or last.")
    if first and last:
        raise RequestError(f"x has the shape {x.shape}, which says not whether channels come first; give [n, H, W, C].")
    return np.moveaxis(x, 1, 3) if first else x


def _of_frame(x: Any, y: Any, folder: Path) -> Use:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(x, preserve_index=False) if hasattr(x, "iloc") else pa.table(x)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise RequestError(f"The data frame can't be written as a table: {error}.") from error
    label = y if isinstance(y, str) else str(getattr(y, "name", None) or _LABEL)
    if y is None:
        raise RequestError("Give the classes too: y is the name of their column, or one class for each row.")
    if isinstance(y, str):
        if y not in table.column_names:
            raise RequestError(f"The data frame has no column {y!r}. It has {', '.join(table.column_names)[:200]}.")
    elif label in table.column_names:
        raise RequestError(f"The data frame has a column {label!r} already; give its name as y, or rename y.")
    else:
        classes = _classes(y)
        if len(classes) != len(table):
            raise RequestError(f"x has {len(table):,} rows and y {len(classes):,} classes; give one for each row.")
        table = table.append_column(label, pa.array(classes))
    content = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), content)
    return Use("tabular", {"path": str(_kept(content.getvalue(), folder, ".parquet")), "label": label})


def _of_hugging_face(data: Any, y: Any, folder: Path) -> Use:
    features = data.features
    if any(type(feature).__name__ == "Image" for feature in features.values()):
        if y is not None:
            raise RequestError("A Hugging Face dataset of images has its classes in a column; leave y out.")
        path = _once(folder, f"dataset-{_digest(str(data._fingerprint).encode())}", data.save_to_disk)
        return Use("images", {"path": str(path)})
    return _of_frame(data.with_format("arrow")[:], _LABEL if y is None else y, folder)


def _kept(content: bytes, folder: Path, suffix: str) -> Path:
    """The file of this content."""
    return _once(folder, f"{_digest(content)}{suffix}", lambda path: path.write_bytes(content))


def _once(folder: Path, name: str, write: Callable[[Path], object]) -> Path:
    """The file or folder of that name: what is there already, or what is written now, whole or not at all."""
    path = folder_for_run(folder) / name
    if not path.exists():
        part = path.with_name(f"{name}.{os.getpid()}.part")
        with keeping(folder):
            write(part)
            part.rename(path)
    return path


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
