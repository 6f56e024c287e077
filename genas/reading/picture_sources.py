"""The user's pictures, wherever they are: a folder per class, an .npz, a Hugging Face dataset on disk, or parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arrays, folders, labels
from .pictures import Source, suffixes
from .splits import listed, renamed, split_of, splits_of

_IMAGE_COLUMNS = ("image", "img", "images", "jpeg", "png", "picture", "photo", "pixels")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target", "y")
_SPLIT_COLUMNS = ("split", "set", "subset", "partition")
_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)  # what datasets and pyarrow raise
_KINDS: dict[str, type[np.float32 | np.int64]] = {"floats": np.float32, "whole": np.int64}
_FORMS = "a folder with one folder of images per class, an .npz, a Hugging Face dataset on disk, or a .parquet file"


@dataclass
class Pictures:
    """Pictures not decoded yet, with what each is called in an error, its class, and its split ("" where not given).

    Args:
        words: the class of each in words; None where it is unknown.
        notes: what was left out or read otherwise than it is written, in sentences.
        arrays: how the numbers of an .npz are meant: "shares" of white or "bytes" (both are kept as bytes), or
            "floats" or "whole" numbers of another range; "" where there is no .npz.
    """

    pictures: list[Source] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    arrays: str = ""


def read(path: Path, *, labelled: bool = True, convention: str | None = None) -> Pictures:
    """The pictures at `path`, in whichever of the known forms they are.

    Args:
        path: in one of these forms.
        labelled: whether each must have a class; if not, none is looked for, `words` and `splits` stay empty, and
            `path` may also be one picture, or a folder whose folders are no classes.
        convention: how the numbers of an .npz are meant, as `Pictures.arrays` of other data; None lets them tell.

    Raises:
        ValueError: there are none, or they have no labels; the text says what was expected.
    """
    if not path.exists():
        raise ValueError(f"There is nothing at {path}. Name {_FORMS}.")
    kind = path.suffix.lower()
    if kind == ".npz":
        found = _from_npz(path) if labelled else _from_inputs(path, convention)
    elif kind == ".parquet" and path.is_file():
        found = _from_parquet([path], path, labelled)
    elif kind in suffixes() and path.is_file() and not labelled:
        found = Pictures([path], [str(path)])
    elif not path.is_dir():
        raise ValueError(f"{path} cannot be read as images. Name {_FORMS}.")
    elif (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        found = _from_hugging_face(path, labelled)
    elif tables := sorted(path.glob("*.parquet")) or sorted(path.glob("data/*.parquet")):
        found = _from_parquet([table for table in tables if not table.name.startswith((".", "_"))], path, labelled)
    else:
        walked = folders.walk(path) if labelled else folders.below(path)
        places = [str(file) for file in walked.files]
        found = Pictures([*walked.files], places, [*walked.words], walked.splits, walked.notes)
    if not found.pictures:
        raise ValueError(f"There are no images in {path}. Name {_FORMS} ({', '.join(suffixes())}).")
    return found


def _from_npz(path: Path) -> Pictures:
    parts, notes = arrays.read(path)
    chosen = splits_of(name for name, _, _ in parts if name)
    shaped, meant = _alike([_shaped(x, f"{name or 'x'} of {path}") for name, x, _ in parts])
    found = Pictures(notes=[*notes, *renamed(chosen, path)], arrays=meant)
    for (name, _, y), images in zip(parts, shaped, strict=True):
        first = len(found.pictures)
        found.pictures += list(images)
        found.places += [f"{first + i} of {path}" for i in range(len(images))]
        found.words += labels.words_of(y.tolist(), (), path)
        found.splits += [chosen.get(name, "")] * len(images)
    return found


def _from_inputs(path: Path, convention: str | None) -> Pictures:
    parts, notes = arrays.inputs_of(path)
    found = Pictures(notes=notes)
    shaped = [_shaped(x, f"{name or 'x'} of {path}") for name, x in parts]
    if convention is None:
        shaped, found.arrays = _alike(shaped)
    for images in shaped:
        found.pictures += list(images if convention is None else _meant(images, convention, path))
    found.places = [f"{i} of {path}" for i in range(len(found.pictures))]
    return found


def _meant(images: NDArray[Any], convention: str, path: Path) -> NDArray[Any]:
    """Numbers as those of other data were meant."""
    if convention in _KINDS:
        return images.astype(np.float32 if images.dtype.kind == "f" else _KINDS[convention])
    if images.dtype == np.uint8 or not images.size:
        return images
    white = {"shares": 1.0, "bytes": 255.0}.get(convention)
    if white is None or (convention == "shares" and images.dtype.kind != "f"):
        raise ValueError(f"{path} holds pictures of {images.dtype}; write bytes from 0 to 255 (uint8).")
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 1.01 * white or (white == 255 and 0 < high <= 1):
        raise ValueError(
            f"{path} holds values from {low:.4g} to {high:.4g}, but white was {white:g} in the arrays that the network "
            "was trained on. Scale them likewise, or write bytes (uint8)."
        )
    found: NDArray[np.uint8] = np.rint(np.minimum(images, white) * (255 / white)).astype(np.uint8)
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


def _alike(parts: Sequence[NDArray[Any]]) -> tuple[list[NDArray[Any]], str]:
    """Arrays of one kind, and how they are meant (see `Pictures.arrays`).

    They become bytes where all values of all splits are bytes or shares k/255, else they stay as exact as they are.
    """
    for scale, meant in ((255.0, "shares"), (1.0, "bytes")):
        if all(_are_bytes(part, scale) for part in parts if part.size):
            return [_bytes(part, scale) for part in parts], meant
    meant = "floats" if any(part.dtype.kind == "f" for part in parts) else "whole"
    return [part.astype(_KINDS[meant]) for part in parts], meant


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


def _from_parquet(paths: Sequence[Path], root: Path, labelled: bool) -> Pictures:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = Pictures()
    several = labelled and len(paths) > 1
    by_file = splits_of(dict.fromkeys(_stem(path) for path in paths if split_of(_stem(path)))) if several else {}
    left = [path.name for path in paths if by_file and _stem(path) not in by_file]
    if left:
        found.notes.append(f"Files of {root} that name no split are left out: {listed(left)}.")
    used = [path for path in paths if not by_file or _stem(path) in by_file]
    found.notes += renamed(by_file, root)
    for path in used:
        try:
            table = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"{path} cannot be read as parquet ({error}).") from error
        image = _column(table.column_names, _IMAGE_COLUMNS, path)
        found.pictures += [_encoded(v, f"{i} of {path}") for i, v in enumerate(table.column(image).to_pylist())]
        found.places += [f"{i} of {path}" for i in range(len(table))]
        if not labelled:
            continue
        label = _column(table.column_names, _LABEL_COLUMNS, path)
        names = _class_names(table.schema.metadata or {}, label)
        found.words += labels.words_of(table.column(label).to_pylist(), names, path)
        column = next((name for name in table.column_names if name.lower() in _SPLIT_COLUMNS), None)
        if column is not None and not by_file:
            values = [str(value) for value in table.column(column).to_pylist()]
            chosen = _named_splits(dict.fromkeys(values), path)
            found.notes += renamed(chosen, f"the column {column} of {path}")
            found.splits += [chosen[value] for value in values]
        else:
            found.splits += [by_file.get(_stem(path), "")] * len(table)
    return found


def _stem(path: Path) -> str:
    """What a file is called without the number of its part: train of train-00000-of-00002."""
    return path.stem.split("-")[0]


def _named_splits(names: Iterable[object], where: object) -> dict[str, str]:
    names = list(names)
    if unknown := [name for name in names if split_of(name) is None]:
        raise ValueError(f"{where} has a split {unknown[0]!r}; name the splits train, val and test.")
    return splits_of(names)


def _column(names: Iterable[str], wanted: Sequence[str], where: Path) -> str:
    known = list(names)
    for name in wanted:
        if same := [column for column in known if column.lower() == name]:
            return same[0]
    raise ValueError(f"{where} needs a column named {wanted[0]!r}; it has {', '.join(known)}.")


def _class_names(metadata: dict[bytes, bytes], label: str) -> tuple[str, ...]:
    """Class names from the file's own metadata: a JSON list `classes`, or the features that Hugging Face writes."""
    try:
        if b"classes" in metadata:
            return tuple(str(c) for c in json.loads(metadata[b"classes"]))
        features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        return tuple(str(c) for c in features.get(label, {}).get("names", ()))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"The class names in the parquet metadata cannot be read ({error}).") from error


def _encoded(value: Any, where: str) -> Source:
    """The bytes of a cell: plain, or in the struct of bytes and path that Hugging Face writes."""
    if isinstance(value, dict):
        value = value.get("bytes") or (Path(value["path"]) if value.get("path") else None)
    if not isinstance(value, bytes | Path):
        raise ValueError(f"The image {where} cannot be read (no encoded image there). Mend it or take it out.")
    return value


def _from_hugging_face(path: Path, labelled: bool) -> Pictures:
    from datasets import DatasetDict, Image, load_from_disk

    try:
        loaded = load_from_disk(str(path))
    except _BROKEN as error:
        raise ValueError(f"{path} cannot be read as a Hugging Face dataset ({error}).") from error
    parts = dict(loaded) if isinstance(loaded, DatasetDict) else {"": loaded}
    chosen = splits_of(name for name in parts if name and labelled)
    found = Pictures(notes=renamed(chosen, path))
    for split, part in parts.items():
        if labelled and split and split not in chosen:
            found.notes.append(
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
            raise ValueError(f"{where} cannot be read as a Hugging Face dataset ({error}).") from error
        found.pictures += [_encoded(v, f"{i} of {where}") for i, v in enumerate(cells)]
        found.places += [f"{i} of {where}" for i in range(len(part))]
        if label:
            names = tuple(getattr(part.features[label], "names", None) or ())
            found.words += labels.words_of(answers, names, where)
            found.splits += [chosen.get(split, "")] * len(part)
    return found
