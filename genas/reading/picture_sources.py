"""The user's pictures, wherever they are: a folder per class, an .npz, a Hugging Face dataset on disk, or parquet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from genas.reading import arrays, folders, labels
from genas.reading.pictures import OVER, Source, suffixes
from genas.reading.splits import column_notes, column_of, empty, listed, named, renamed, splits_of
from genas.reading.tables import worded

_IMAGE_COLUMNS = ("image", "img", "images", "jpeg", "png", "picture", "photo", "pixels")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target", "y")
_WORDS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.bool_(), pa.int64(), pa.int32(), pa.int8())
_SHORT = 80  # bytes of a cell of a column that may name splits
_BROKEN = (  # what datasets and pyarrow raise
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError,
)  # fmt: skip
_AGAIN = "Save it again with save_to_disk, without splits that have no rows."
_FORMS = "a folder with one folder of images per class, an .npz, a Hugging Face dataset on disk, or a .parquet file"


@dataclass
class Pictures:
    """Pictures not decoded yet, with what each is called in an error, its class, and its split ("" where not given).

    Args:
        words: the class of each in words; None where it is unknown.
        notes: what was left out or read otherwise than it is written, in sentences.
    """

    pictures: list[Source] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(path: Path) -> Pictures:
    """The pictures at `path`, in whichever of the known forms they are.

    Raises:
        ValueError: there are none, or they have no labels; the text says what was expected.
    """
    if not path.exists():
        raise ValueError(f"There is nothing at {path}. Name {_FORMS}.")
    kind = path.suffix.lower()
    if kind == ".npz":
        found = _from_npz(path)
    elif kind == ".parquet" and path.is_file():
        found = _from_parquet([path], path)
    elif not path.is_dir():
        raise ValueError(f"{path} cannot be read as images. Name {_FORMS}.")
    elif (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        found = _from_hugging_face(path)
    elif tables := _parquet_files(path):
        found = _from_parquet(tables, path)
    else:
        walked = folders.walk(path)
        places = [str(file) for file in walked.files]
        found = Pictures([*walked.files], places, [*walked.words], walked.splits, walked.notes)
    if not found.pictures:
        raise ValueError(f"There are no images in {path}. Name {_FORMS} ({', '.join(suffixes())}).")
    return found


def _from_npz(path: Path) -> Pictures:
    parts, notes = arrays.read(path)
    chosen = splits_of(name for name, _, _ in parts if name)
    found = Pictures(notes=[*notes, *renamed(chosen, path)])
    shaped = _alike([_shaped(x, f"{name or 'x'} of {path}") for name, x, _ in parts], path)
    for (name, _, y), images in zip(parts, shaped, strict=True):
        first = len(found.pictures)
        found.pictures += list(images)
        found.places += [f"{first + i} of {path}" for i in range(len(images))]
        found.words += labels.words_of(y.tolist(), (), path)
        found.splits += [chosen.get(name, "")] * len(images)
    found.notes += empty(chosen, set(found.splits), path)
    return found


def _shaped(images: NDArray[Any], where: str) -> NDArray[Any]:
    """Pixels [n, H, W] or [n, H, W, C]; truth values as black and white."""
    if images.ndim == 4 and images.shape[1] in (1, 3, 4) and images.shape[3] not in (1, 3, 4):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3, 4)) or 0 in images.shape[1:]:
        raise ValueError(f"{where} must have the shape [n, H, W] or [n, H, W, 1, 3 or 4], not {list(images.shape)}.")
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype.kind not in "iuf" or (images.dtype.kind == "f" and not np.isfinite(images).all()):
        raise ValueError(f"{where} must hold numbers, all finite.")
    return images


def _alike(parts: Sequence[NDArray[Any]], path: Path) -> list[NDArray[Any]]:
    """Arrays of one kind: bytes where all values of all splits are bytes or shares k/255, else as exact as they are."""
    for scale in (255.0, 1.0):
        if all(_are_bytes(part, scale) for part in parts if part.size):
            return [_bytes(part, scale) for part in parts]
    kind = np.result_type(*parts)
    for part in parts:
        told = kind == np.uint16 or (kind.kind == "f" and _are_shares(part))
        if part.ndim == 4 and part.shape[3] == 4 and not told:
            raise ValueError(
                f"{path} has a channel of opacity beside {kind} values of {part.min():g} to {part.max():g}, where it "
                "can't be told what is opaque. Save bytes, uint16 or shares of 0 to 1, or three channels."
            )
    return [part.astype(kind, copy=False) for part in parts]


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
    """The parquet files of a folder or of its folder data, or of the folders of splits in one of these."""
    for folder in (root, root / "data"):
        if found := [file for file in sorted(folder.glob("*.parquet")) if not file.name.startswith((".", "_"))]:
            return found
        inside = [file for file in sorted(folder.glob("*/*.parquet")) if not file.name.startswith((".", "_"))]
        names = {file.parent.name for file in inside}
        if inside and set(named(names)) == names:
            return inside
    return []


def _from_parquet(paths: Sequence[Path], root: Path) -> Pictures:
    import pyarrow.parquet as pq

    found = Pictures()
    by_file, chosen = _splits_of_files(paths) if len(paths) > 1 else ({}, {})
    if left := [path.name for path in paths if by_file and path not in by_file]:
        found.notes.append(f"Files of {root} that name no split are left out: {listed(left)}.")
    found.notes += renamed(chosen, root)
    for path in by_file or paths:
        try:
            table = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} cannot be read as parquet ({error}).") from error
        image = _column(table.column_names, _IMAGE_COLUMNS, path)
        label = _column(table.column_names, _LABEL_COLUMNS, path)
        names = _class_names(table.schema.metadata or {}, label, path)
        images = table.column(image).to_pylist()
        found.pictures += [_encoded(v, path.parent, f"{i} of {path}") for i, v in enumerate(images)]
        found.places += [f"{i} of {path}" for i in range(len(table))]
        found.words += labels.words_of(table.column(label).to_pylist(), names, path)
        others = {name: table.column(name) for name in table.column_names if name not in (image, label)}
        if by_file:
            found.splits += [by_file[path]] * len(table)
        else:
            found.splits += _splits_in(others, path, found.notes) or [""] * len(table)
        found.notes += _unused(list(others), path)
    found.notes += empty(chosen, set(found.splits), root)
    return found


def _splits_of_files(paths: Sequence[Path]) -> tuple[dict[Path, str], dict[str, str]]:
    """The split of each file by its name, or by that of its folder; and of each of these names."""
    for called in ({path: path.stem for path in paths}, {path: path.parent.name for path in paths}):
        if chosen := splits_of(dict.fromkeys(called.values())):
            return {path: chosen[name] for path, name in called.items() if name in chosen}, chosen
    return {}, {}


def _splits_in(columns: dict[str, pa.ChunkedArray], where: object, notes: list[str]) -> list[str] | None:
    """The split of each row by a column that names it, which is taken from `columns`; None where there is none."""
    words = {}
    for name, column in columns.items():
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if kind in _WORDS and column.nbytes <= _SHORT * len(column):
            words[name] = {worded(cell, f"{name} of {where}") for cell in column.unique().to_pylist()}
    told = column_of(words, where)
    if told is None:
        return None
    name, chosen = told
    notes += column_notes(name, chosen, where)
    return [chosen[str(worded(cell, name))] for cell in columns.pop(name).to_pylist()]


def _unused(columns: Sequence[str], where: object) -> list[str]:
    return [f"Columns of {where} besides image and label are left out: {listed(columns)}."] if columns else []


def _column(names: Iterable[str], wanted: Sequence[str], where: Path) -> str:
    known = list(names)
    for name in wanted:
        if same := [column for column in known if column.lower() == name]:
            return same[0]
    raise ValueError(
        f"{where} needs a column named {wanted[0]!r}; it has {', '.join(known)}. Rename that of the {wanted[0]}s."
    )


def _class_names(metadata: dict[bytes, bytes], label: str, where: Path) -> tuple[str, ...]:
    """Class names from the file's own metadata: a JSON list `classes`, or the features that Hugging Face writes."""
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
    """The bytes of a cell: plain, or in the struct of bytes and path (within `folder`) that Hugging Face writes."""
    if isinstance(value, dict):
        value = value.get("bytes") or (folder / value["path"] if value.get("path") else None)
    if not isinstance(value, bytes | Path):
        raise ValueError(f"The image {where} cannot be read (no encoded image there). Mend it or take it out.")
    return value


def _from_hugging_face(path: Path) -> Pictures:
    from datasets import DatasetDict, Image, load_from_disk

    try:
        loaded = load_from_disk(str(path))
    except _BROKEN as error:
        raise ValueError(f"{path} cannot be read as a Hugging Face dataset ({error}). {_AGAIN}") from error
    parts = dict(loaded) if isinstance(loaded, DatasetDict) else {"": loaded}
    chosen = splits_of(name for name in parts if name)
    found = Pictures(notes=renamed(chosen, path))
    for split, part in parts.items():
        if split and split not in chosen:
            found.notes.append(
                f"{len(part):,} images of the split {split!r} of {path} are left out: name it train, val or test."
            )
            continue
        image = _column(part.column_names, _IMAGE_COLUMNS, path)
        label = _column(part.column_names, _LABEL_COLUMNS, path)
        names = tuple(getattr(part.features[label], "names", None) or ())
        where = f"{split or 'the set'} of {path}"
        try:
            cells, values = list(part.cast_column(image, Image(decode=False))[image]), list(part[label])
        except _BROKEN as error:
            raise ValueError(f"{where} cannot be read as a Hugging Face dataset ({error}). {_AGAIN}") from error
        found.pictures += [_encoded(v, path, f"{i} of {where}") for i, v in enumerate(cells)]
        found.places += [f"{i} of {where}" for i in range(len(part))]
        found.words += labels.words_of(values, names, where)
        others = {name: _named_cells(part, name) for name in part.column_names if name not in (image, label)}
        told = None if split else _splits_in(others, where, found.notes)
        found.splits += told or [chosen.get(split, "")] * len(part)
        found.notes += _unused(list(others), where)
    found.notes += empty(chosen, set(found.splits), path)
    return found


def _named_cells(part: Any, column: str) -> pa.ChunkedArray:
    """A column of a Hugging Face dataset, nothing decoded; numbers of named classes by their names."""
    cells = part.select_columns([column]).with_format("arrow")[:].column(column)
    names = getattr(part.features[column], "names", None)
    if not names:
        return cells
    return pa.chunked_array([[None if v is None or v < 0 else names[v] for v in cells.to_pylist()]], pa.string())
