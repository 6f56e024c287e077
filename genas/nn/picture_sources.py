"""The user's pictures, wherever they are: a folder per class, an .npz, a Hugging Face dataset on disk, or parquet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genas.core.errors import RequestError
from genas.nn.pictures import Picture

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_SPLITS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
_IMAGE_COLUMNS = ("image", "img", "images", "jpeg", "png", "picture")
_LABEL_COLUMNS = ("label", "labels", "fine_label", "class", "target")
_FORMS = "a folder with one folder of images per class, an .npz, a Hugging Face dataset on disk, or a .parquet file"


@dataclass(frozen=True)
class Pictures:
    """Pictures not decoded yet, with what each is called in an error, its label, and its split ("" where not given)."""

    pictures: Sequence[Picture]
    places: Sequence[str]
    labels: Sequence[int]
    splits: Sequence[str]
    classes: tuple[str, ...]


def read(path: Path) -> Pictures:
    """The pictures at `path`, in whichever of the known forms they are.

    Raises:
        RequestError: where there are none, or they have no labels; it says what was expected.
    """
    if not path.exists():
        raise RequestError(f"There is nothing at {path}. Name {_FORMS}.")
    if path.suffix == ".npz":
        found = _from_npz(path)
    elif path.suffix == ".parquet":
        found = _from_parquet([path])
    elif not path.is_dir():
        raise RequestError(f"{path} cannot be read as images. Name {_FORMS}.")
    elif (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        found = _from_hugging_face(path)
    elif tables := sorted(path.glob("*.parquet")) or sorted(path.glob("data/*.parquet")):
        found = _from_parquet(tables)
    else:
        found = _from_folders(path)
    if not len(found.pictures):
        raise RequestError(f"There are no images in {path}. Name {_FORMS} ({', '.join(_SUFFIXES)}).")
    return found


def _split_name(name: str, where: object) -> str:
    if name.lower() not in _SPLITS:
        raise RequestError(f"{where} has a split {name!r}; name the splits train, val and test.")
    return _SPLITS[name.lower()]


def _folders(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))


def _from_folders(root: Path) -> Pictures:
    inside = _folders(root)
    given = any(p.name.lower() in ("train", "training") for p in inside)
    tops = [(p, _split_name(p.name, root)) for p in inside] if given else [(root, "")]
    classes = tuple(sorted({folder.name for top, _ in tops for folder in _folders(top)}))
    files, labels, splits = [], [], []
    for top, split in tops:
        for folder in _folders(top):
            for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file()):
                files.append(file)
                labels.append(classes.index(folder.name))
                splits.append(split)
    return Pictures(files, [str(f) for f in files], labels, splits, classes)


def _from_npz(path: Path) -> Pictures:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key.lower(): archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError) as error:
        raise RequestError(f"{path} cannot be read as an .npz of plain numbers ({error}).") from error
    parts = [("", "x", "y")] if "x" in arrays else [(s, f"x_{s}", f"y_{s}") for s in _SPLITS if f"x_{s}" in arrays]
    if not parts or any(y not in arrays for _, _, y in parts):
        raise RequestError(f"{path} must hold arrays x and y, or x_train, y_train, x_test, y_test; not {list(arrays)}.")
    pictures: list[Picture] = []
    values: list[Any] = []
    splits: list[str] = []
    for split, x, y in parts:
        images, labels = _as_bytes(arrays[x], f"{x} of {path}"), arrays[y].reshape(-1)
        if len(images) != len(labels):
            raise RequestError(f"{path} has {len(images)} images in {x} but {len(labels)} labels in {y}.")
        pictures += list(images)
        values += labels.tolist()
        splits += [_SPLITS.get(split, "")] * len(labels)
    labels_out, classes = _numbered(values, (), path)
    return Pictures(pictures, [f"{i} of {path}" for i in range(len(pictures))], labels_out, splits, classes)


def _as_bytes(images: np.ndarray[Any, Any], where: str) -> np.ndarray[Any, Any]:
    """Pixels as bytes [n, H, W] or [n, H, W, C]."""
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[3] not in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise RequestError(f"{where} must have the shape [n, H, W] or [n, H, W, 1 or 3], not {list(images.shape)}.")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.dtype.kind not in "iuf" or not images.size or not np.isfinite(images).all():
        raise RequestError(f"{where} must hold numbers, all finite.")
    low, high = float(images.min()), float(images.max())
    if low < 0 or high > 255:
        raise RequestError(f"{where} must hold values in 0..255 (or 0..1), not {low:g}..{high:g}.")
    scaled = images * 255.0 if images.dtype.kind == "f" and high <= 1 else images
    return np.ascontiguousarray(np.rint(scaled).astype(np.uint8))


def _from_parquet(paths: Sequence[Path]) -> Pictures:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pictures: list[Picture] = []
    places: list[str] = []
    values: list[Any] = []
    splits: list[str] = []
    names: tuple[str, ...] = ()
    for path in paths:
        try:
            table = pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            raise RequestError(f"{path} cannot be read as parquet ({error}).") from error
        image = _column(table.column_names, _IMAGE_COLUMNS, path)
        label = _column(table.column_names, _LABEL_COLUMNS, path)
        names = names or _class_names(table.schema.metadata or {}, label)
        pictures += [_encoded(v, f"{i} of {path}") for i, v in enumerate(table.column(image).to_pylist())]
        places += [f"{i} of {path}" for i in range(len(table))]
        values += table.column(label).to_pylist()
        if "split" in table.column_names:
            splits += [_split_name(str(s), path) for s in table.column("split").to_pylist()]
        else:
            stem = path.stem.split("-")[0].lower()
            splits += [_SPLITS.get(stem, "") if len(paths) > 1 else ""] * len(table)
    labels, classes = _numbered(values, names, paths[0])
    return Pictures(pictures, places, labels, splits, classes)


def _column(names: Iterable[str], wanted: Sequence[str], where: Path) -> str:
    known = list(names)
    for name in wanted:
        if name in known:
            return name
    raise RequestError(f"{where} needs a column named {wanted[0]!r}; it has {', '.join(known)}.")


def _class_names(metadata: dict[bytes, bytes], label: str) -> tuple[str, ...]:
    """Class names from the file's own metadata: a JSON list `classes`, or the features that Hugging Face writes."""
    try:
        if b"classes" in metadata:
            return tuple(str(c) for c in json.loads(metadata[b"classes"]))
        features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        return tuple(str(c) for c in features.get(label, {}).get("names", ()))
    except (ValueError, AttributeError, TypeError) as error:
        raise RequestError(f"The class names in the parquet metadata cannot be read ({error}).") from error


def _encoded(value: Any, where: str) -> Picture:
    """The bytes of a cell: plain, or in the struct of bytes and path that Hugging Face writes."""
    if isinstance(value, dict):
        value = value.get("bytes") or (Path(value["path"]) if value.get("path") else None)
    if not isinstance(value, bytes | Path):
        raise RequestError(f"The image {where} cannot be read (no encoded image there). Mend it or take it out.")
    return value


def _from_hugging_face(path: Path) -> Pictures:
    from datasets import DatasetDict, Image, load_from_disk

    try:
        loaded = load_from_disk(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise RequestError(f"{path} cannot be read as a Hugging Face dataset ({error}).") from error
    parts = dict(loaded) if isinstance(loaded, DatasetDict) else {"": loaded}
    pictures: list[Picture] = []
    places: list[str] = []
    values: list[Any] = []
    splits: list[str] = []
    names: tuple[str, ...] = ()
    for split, part in parts.items():
        image = _column(part.column_names, _IMAGE_COLUMNS, path)
        label = _column(part.column_names, _LABEL_COLUMNS, path)
        names = names or tuple(getattr(part.features[label], "names", None) or ())
        where = f"{split or 'the set'} of {path}"
        cells = part.cast_column(image, Image(decode=False))[image]
        pictures += [_encoded(v, f"{i} of {where}") for i, v in enumerate(cells)]
        places += [f"{i} of {where}" for i in range(len(part))]
        values += list(part[label])
        splits += [_split_name(split, path) if split else ""] * len(part)
    labels, classes = _numbered(values, names, path)
    return Pictures(pictures, places, labels, splits, classes)


def _numbered(values: Sequence[Any], names: tuple[str, ...], where: Path) -> tuple[list[int], tuple[str, ...]]:
    """Labels as numbers from 0 with the name of each; `names` are those of whole numbers, and unused ones drop out."""
    if any(v is None or (isinstance(v, float) and math.isnan(v)) for v in values):
        raise RequestError(f"{where} has images without a label; give each one or take them out.")
    kinds = sorted(set(values), key=lambda v: (isinstance(v, str), v))
    place = {kind: number for number, kind in enumerate(kinds)}
    named = bool(names) and all(isinstance(k, int) and 0 <= k < len(names) for k in kinds)
    return [place[v] for v in values], tuple(names[k] if named else str(k) for k in kinds)
