"""Reads the user's pictures from a folder per class, an .npz, a Hugging Face dataset on disk, or parquet files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import arrays, folders, labels
from .pictures import OVER, Source, suffixes
from .splits import column_notes, column_of, empty, listed, named, renamed, splits_of
from .tables import worded

if TYPE_CHECKING:
    import pyarrow as pa

_IMAGE_COLUMNS = ("image", "img", "images", "jpeg", "png", "picture", "photo", "pixels")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target", "y")
_WORDS = ("string", "large_string", "string_view", "binary", "bool", "int64", "int32", "int8")  # as pyarrow names kinds
_SHORT = 80  # average bytes per cell, at most, of a column that may name splits
_BROKEN = (  # what datasets and pyarrow raise
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError,
)  # fmt: skip
_AGAIN = "Save it again with save_to_disk, without splits that have no rows."
_FORMS = "a folder with one folder of images per class, an .npz, a Hugging Face dataset on disk, or a .parquet file"
_NEW = "images, a folder of them, an .npz, a Hugging Face dataset on disk, or a .parquet file"


@dataclass
class Pictures:
    """Pictures that are not decoded yet, with their classes and splits.

    Args:
        pictures: encoded pictures, their files, or their pixels.
        places: what each picture is called in an error.
        words: the class of each picture; None where it is unknown.
        splits: the split of each picture; "" where the data name none.
        notes: sentences on what was left out or not read as written.
        arrays: the convention of the numbers in an .npz: "shares" of white or "bytes" (both are kept as bytes), or the
            dtype of numbers in another range, such as "float32"; "" where there is no .npz.
    """

    pictures: list[Source] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    arrays: str = ""


def read(path: Path) -> Pictures:
    """The pictures at `path` with their classes, in any of the known forms.

    Raises:
        ValueError: there are no pictures, or they have no labels; the text says what was expected.
    """
    return _read(path, labelled=True)


def read_new(path: Path, convention: str) -> Pictures:
    """New pictures at `path`, read without classes: `words` and `splits` stay empty.

    Args:
        path: one of the known forms, a single picture, or a folder of pictures at any depth.
        convention: that of the numbers in an .npz, as `Pictures.arrays` of the training data has it.

    Raises:
        ValueError: there are no pictures, or their numbers break the convention; the text says what was expected.
    """
    return _read(path, labelled=False, convention=convention)


def _read(path: Path, *, labelled: bool, convention: str = "") -> Pictures:
    forms = _FORMS if labelled else _NEW
    if not path.exists():
        raise ValueError(f"There is nothing at {path}. Name {forms}.")
    kind = path.suffix.lower()
    if kind == ".npz":
        pictures = _from_npz(path) if labelled else _from_inputs(path, convention)
    elif kind == ".parquet" and path.is_file():
        pictures = _from_parquet([path], path, labelled)
    elif kind in suffixes() and path.is_file() and not labelled:
        pictures = Pictures([path], [str(path)])
    elif not path.is_dir():
        raise ValueError(f"{path} cannot be read as images. Name {forms}.")
    elif (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        pictures = _from_hugging_face(path, labelled)
    elif tables := _parquet_files(path):
        pictures = _from_parquet(tables, path, labelled)
    else:
        walked = folders.walk(path) if labelled else folders.below(path)
        places = [str(file) for file in walked.files]
        pictures = Pictures([*walked.files], places, [*walked.words], walked.splits, walked.notes)
    if not pictures.pictures:
        raise ValueError(f"There are no images in {path}. Name {forms} ({', '.join(suffixes())}).")
    return pictures


def _from_npz(path: Path) -> Pictures:
    parts, notes = arrays.read(path)
    chosen = splits_of(name for name, _, _ in parts if name)
    shaped, convention = _alike([_shaped(x, f"{name or 'x'} of {path}") for name, x, _ in parts], path)
    result = Pictures(notes=[*notes, *renamed(chosen, path)], arrays=convention)
    for (name, _, y), images in zip(parts, shaped, strict=True):
        first = len(result.pictures)
        result.pictures += list(images)
        result.places += [f"{first + i} of {path}" for i in range(len(images))]
        result.words += labels.words_of(y.tolist(), (), path)
        result.splits += [chosen.get(name, "")] * len(images)
    result.notes += empty(chosen, set(result.splits), path)
    return result


def _from_inputs(path: Path, convention: str) -> Pictures:
    parts, notes = arrays.inputs_of(path)
    result = Pictures(notes=notes)
    for name, x in parts:
        result.pictures += list(_converted(_shaped(x, f"{name or 'x'} of {path}"), convention, path))
    result.places = [f"{i} of {path}" for i in range(len(result.pictures))]
    return result


def _converted(images: NDArray[Any], convention: str, path: Path) -> NDArray[Any]:
    """New pixels in the form that the pixels of the training data were kept in."""
    white = {"": None, "shares": 1.0, "bytes": 255.0}.get(convention, np.nan)
    if white is not None and np.isnan(white):
        return images.astype(np.result_type(images, np.dtype(convention)), copy=False)
    if images.dtype == np.uint8 or not images.size:
        return images
    if white is None or (white == 1 and images.dtype.kind != "f"):
        raise ValueError(f"{path} holds pictures of {images.dtype}; write bytes from 0 to 255 (uint8).")
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > OVER * white or (white == 255 and 0 < high <= 1):
        raise ValueError(
            f"{path} holds values from {low:.4g} to {high:.4g}, but white was {white:g} in the arrays that the network "
            "was trained on. Scale them likewise, or write bytes (uint8)."
        )
    as_bytes: NDArray[np.uint8] = np.rint(np.minimum(images, white) * (255 / white)).astype(np.uint8)
    return as_bytes


def _shaped(images: NDArray[Any], where: str) -> NDArray[Any]:
    """The pixels as [n, H, W] or [n, H, W, C]; booleans become black and white."""
    if images.ndim == 4 and images.shape[1] in (1, 3, 4) and images.shape[3] not in (1, 3, 4):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3, 4)) or 0 in images.shape[1:]:
        raise ValueError(f"{where} must have the shape [n, H, W] or [n, H, W, 1, 3 or 4], not {list(images.shape)}.")
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype.kind not in "iuf" or (images.dtype.kind == "f" and not np.isfinite(images).all()):
        raise ValueError(f"{where} must hold numbers, all finite.")
    return images


def _alike(parts: Sequence[NDArray[Any]], path: Path) -> tuple[list[NDArray[Any]], str]:
    """Arrays of one dtype, and the convention of their numbers (see `Pictures.arrays`).

    They become bytes if all values of all splits are bytes or shares k/255; else they keep their precision.
    """
    for scale, convention in ((255.0, "shares"), (1.0, "bytes")):
        if all(_are_bytes(part, scale) for part in parts if part.size):
            return [_bytes(part, scale) for part in parts], convention
    kind = np.result_type(*parts)
    for part in parts:
        known_range = kind == np.uint16 or (kind.kind == "f" and _are_shares(part))
        if part.ndim == 4 and part.shape[3] == 4 and not known_range:
            raise ValueError(
                f"{path} has an opacity channel with {kind} values from {part.min():g} to {part.max():g}, so it is "
                "unclear which value is opaque. Save bytes, uint16 or shares of 0 to 1, or three channels."
            )
    return [part.astype(kind, copy=False) for part in parts], kind.name


def _are_shares(part: NDArray[Any]) -> bool:
    return bool(part.size == 0 or (part.min() >= 0 and part.max() <= OVER))


def _are_bytes(part: NDArray[Any], scale: float) -> bool:
    if part.dtype == np.uint8:
        return scale == 1
    if part.min() < 0 or part.max() * scale > 255.0001 or (scale > 1 and part.dtype.kind != "f"):
        return False
    return part.dtype.kind != "f" or all(
        np.abs(chunk * scale - np.rint(chunk * scale)).max() < 1e-3
        for chunk in np.array_split(part, -(-len(part) // 512))
    )


def _bytes(part: NDArray[Any], scale: float) -> NDArray[Any]:
    if part.dtype == np.uint8:
        return part
    return np.rint(part * scale if scale != 1 else part).astype(np.uint8)


def _parquet_files(root: Path) -> list[Path]:
    """The parquet files in a folder, in its subfolder data, or in folders named by splits within one of these."""
    for folder in (root, root / "data"):
        if files := [file for file in sorted(folder.glob("*.parquet")) if not file.name.startswith((".", "_"))]:
            return files
        inside = [file for file in sorted(folder.glob("*/*.parquet")) if not file.name.startswith((".", "_"))]
        names = {file.parent.name for file in inside}
        if inside and set(named(names)) == names:
            return inside
    return []


def _from_parquet(paths: Sequence[Path], root: Path, labelled: bool) -> Pictures:
    import pyarrow as pa
    import pyarrow.parquet as pq

    result = Pictures()
    by_file, chosen = _splits_of_files(paths) if labelled and len(paths) > 1 else ({}, {})
    if left := [path.name for path in paths if by_file and path not in by_file]:
        result.notes.append(f"Files of {root} that name no split are left out: {listed(left)}.")
    result.notes += renamed(chosen, root)
    for path in by_file or paths:
        try:
            table = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} cannot be read as parquet ({error}).") from error
        image = _column(table.column_names, _IMAGE_COLUMNS, path)
        images = table.column(image).to_pylist()
        result.pictures += [_encoded(v, path.parent, f"{i} of {path}") for i, v in enumerate(images)]
        result.places += [f"{i} of {path}" for i in range(len(table))]
        if not labelled:
            continue
        label = _column(table.column_names, _LABEL_COLUMNS, path)
        names = _class_names(table.schema.metadata or {}, label, path)
        result.words += labels.words_of(table.column(label).to_pylist(), names, path)
        others = {name: table.column(name) for name in table.column_names if name not in (image, label)}
        if by_file:
            result.splits += [by_file[path]] * len(table)
        else:
            result.splits += _splits_in(others, path, result.notes) or [""] * len(table)
        result.notes += _unused(list(others), path)
    result.notes += empty(chosen, set(result.splits), root)
    return result


def _splits_of_files(paths: Sequence[Path]) -> tuple[dict[Path, str], dict[str, str]]:
    """The split of each file, by its name or that of its folder; and the split that each of these names stands for."""
    for called in ({path: path.stem for path in paths}, {path: path.parent.name for path in paths}):
        if chosen := splits_of(dict.fromkeys(called.values())):
            return {path: chosen[name] for path, name in called.items() if name in chosen}, chosen
    return {}, {}


def _splits_in(columns: dict[str, pa.ChunkedArray], where: object, notes: list[str]) -> list[str] | None:
    """The split of each row, by a column that names it; that column is removed. None if there is no such column."""
    import pyarrow as pa

    words = {}
    for name, column in columns.items():
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if str(kind) in _WORDS and column.nbytes <= _SHORT * len(column):
            words[name] = {worded(cell, f"{name} of {where}") for cell in column.unique().to_pylist()}
    split_column = column_of(words, where)
    if split_column is None:
        return None
    name, chosen = split_column
    notes += column_notes(name, chosen, where)
    return [chosen[str(worded(cell, name))] for cell in columns.pop(name).to_pylist()]


def _unused(columns: Sequence[str], where: object) -> list[str]:
    return [f"Columns of {where} besides image and label are left out: {listed(columns)}."] if columns else []


def _column(names: Iterable[str], wanted: Sequence[str], where: Path) -> str:
    columns = list(names)
    for name in wanted:
        if same := [column for column in columns if column.lower() == name]:
            return same[0]
    raise ValueError(
        f"{where} needs a column named {wanted[0]!r}; it has {', '.join(columns)}. Rename that of the {wanted[0]}s."
    )


def _class_names(metadata: dict[bytes, bytes], label: str, where: Path) -> tuple[str, ...]:
    """Class names from the file's metadata: the JSON list `classes`, or the features that Hugging Face writes."""
    try:
        if b"classes" in metadata:
            names = [str(name) for name in json.loads(metadata[b"classes"])]
        else:
            features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
            names = [str(name) for name in features.get(label, {}).get("names") or ()]
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"The class names in the metadata of {where} cannot be read ({error}). Write a JSON list as classes."
        ) from error
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"The metadata of {where} name the class {twice[0]!r} twice; give each class its own name.")
    return tuple(names)


def _encoded(value: Any, folder: Path, where: str) -> Source:
    """The encoded picture in a cell: plain bytes, or the struct of bytes and path (in `folder`) of Hugging Face."""
    if isinstance(value, dict):
        value = value.get("bytes") or (folder / value["path"] if value.get("path") else None)
    if not isinstance(value, bytes | Path):
        raise ValueError(f"The image {where} cannot be read (no encoded image there). Repair or remove it.")
    return value


def _from_hugging_face(path: Path, labelled: bool) -> Pictures:
    from datasets import DatasetDict, Image, load_from_disk

    try:
        loaded = load_from_disk(str(path))
    except _BROKEN as error:
        raise ValueError(f"{path} cannot be read as a Hugging Face dataset ({error}). {_AGAIN}") from error
    parts = dict(loaded) if isinstance(loaded, DatasetDict) else {"": loaded}
    chosen = splits_of(name for name in parts if name and labelled)
    result = Pictures(notes=renamed(chosen, path))
    for split, part in parts.items():
        if labelled and split and split not in chosen:
            result.notes.append(
                f"{len(part):,} images of the split {split!r} of {path} are left out: name it train, val or test."
            )
            continue
        image = _column(part.column_names, _IMAGE_COLUMNS, path)
        label = _column(part.column_names, _LABEL_COLUMNS, path) if labelled else ""
        where = f"{split or 'the set'} of {path}"
        try:
            cells = list(part.cast_column(image, Image(decode=False))[image])
            answers = list(part[label]) if label else []
        except _BROKEN as error:
            raise ValueError(f"{where} cannot be read as a Hugging Face dataset ({error}). {_AGAIN}") from error
        result.pictures += [_encoded(v, path, f"{i} of {where}") for i, v in enumerate(cells)]
        result.places += [f"{i} of {where}" for i in range(len(part))]
        if not label:
            continue
        names = tuple(getattr(part.features[label], "names", None) or ())
        result.words += labels.words_of(answers, names, where)
        others = {name: _named_cells(part, name) for name in part.column_names if name not in (image, label)}
        by_column = None if split else _splits_in(others, where, result.notes)
        result.splits += by_column or [chosen.get(split, "")] * len(part)
        result.notes += _unused(list(others), where)
    result.notes += empty(chosen, set(result.splits), path)
    return result


def _named_cells(part: Any, column: str) -> pa.ChunkedArray:
    """A column of a Hugging Face dataset without decoding it; numbers of named classes become the names."""
    import pyarrow as pa

    cells = part.select_columns([column]).with_format("arrow")[:].column(column)
    names = getattr(part.features[column], "names", None)
    if not names:
        return cells
    return pa.chunked_array([[None if v is None or v < 0 else names[v] for v in cells.to_pylist()]], pa.string())
