"""Three hundred small data files: each is read as it was meant, or refused in one sentence."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from genas.core.errors import GenasError
from genas.tasks.images import Images
from genas.tasks.tabular import Tabular

_TOWNS = ("Zürich", "São Paulo", "Oslo", "Łódź, PL", 'the "Hague"', "two\nlines")
_LATIN = _TOWNS[:3] + _TOWNS[4:]
_ROWS = 24


def _truth(draw: np.random.Generator, latin: bool) -> tuple[np.ndarray, list[str], list[str]]:
    """Amounts with two digits behind the point, [rows, 2], a town and a class of each row."""
    amounts = np.round(draw.normal(scale=10.0 ** draw.integers(0, 6), size=(_ROWS, 2)), 2)
    towns = _LATIN if latin else _TOWNS
    return (
        amounts,
        [towns[i] for i in draw.integers(0, len(towns), _ROWS)],
        ["yes" if i % 3 else "no" for i in range(_ROWS)],
    )


def _amount(value: float, *, comma: bool, parted: bool, sign: str) -> str:
    text = f"{value:,.2f}" if parted else f"{value:.2f}"
    text = text.translate(str.maketrans(",.", ".,")) if comma else text
    return {"": text, "%": f"{text}%", "€": f"€{text}", "$": f"{text} $"}[sign]


def _quoted(cell: str, delimiter: str, always: bool) -> str:
    if always or any(mark in cell for mark in (delimiter, '"', "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


@pytest.mark.parametrize("seed", range(120))
def test_a_table_in_any_dialect_is_read_as_it_was_meant(tmp_path: Path, seed: int) -> None:
    draw = np.random.default_rng([1, seed])
    encoding = str(draw.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]))
    delimiter, comma = str(draw.choice([",", ";", "\t", "|"])), bool(draw.random() < 0.5)
    parted, sign = bool(draw.random() < 0.5), str(draw.choice(["", "", "%", "€", "$"]))
    end, blank, always = str(draw.choice(["\n", "\r\n"])), " " * int(draw.integers(0, 2)), bool(draw.random() < 0.3)
    missing = str(draw.choice(["", "NA", "n/a", "?"]))
    amounts, towns, classes = _truth(draw, encoding == "cp1252")
    empty = draw.random(amounts.shape) < 0.1
    lines = [delimiter.join(blank + _quoted(name, delimiter, always) for name in ("first", "second", "town", "label"))]
    for row, gone, town, answer in zip(amounts, empty, towns, classes, strict=True):
        cells = [
            missing if none else _amount(value, comma=comma, parted=parted, sign=sign)
            for value, none in zip(row, gone, strict=True)
        ]
        lines.append(delimiter.join(blank + _quoted(cell, delimiter, always) for cell in (*cells, town, answer)))
    (tmp_path / "t.csv").write_bytes((end.join(lines) + end).encode(encoding))

    task = Tabular(path=str(tmp_path / "t.csv"), label="label")

    assert task.classes == ("no", "yes")
    names = [column for column, _ in task.features]
    wanted = np.where(empty, np.nan, amounts)
    for split in ("train", "val", "test"):
        inputs, labels = task.data(split)  # type: ignore[arg-type]
        rows = task._rows[split]
        assert [task.classes[k] for k in labels] == [classes[row] for row in rows]
        for place, name in enumerate(("first", "second")):
            if name in names:
                shown = inputs[:, names.index(name)].numpy()
                expected = wanted[rows.numpy(), place]
                np.testing.assert_allclose(shown[~np.isnan(expected)], expected[~np.isnan(expected)], rtol=1e-12)
        for place, (column, word) in enumerate(task.features):
            if column == "town":
                assert inputs[:, place].tolist() == [float(towns[row] == word) for row in rows]
    assert {"first", "second"} <= set(names)


def _table_bytes(draw: np.random.Generator, kind: str) -> bytes:
    amounts, towns, classes = _truth(draw, latin=False)
    out = io.BytesIO()
    if kind == "npz":
        np.savez(out, x=amounts, y=np.array(classes))
    elif kind == "parquet":
        columns = {"a": amounts[:, 0], "b": amounts[:, 1], "town": towns, "label": classes}
        pq.write_table(pa.table(columns), out)
    else:
        lines = ["a,b,town,label"]
        lines += [
            f'{a},{b},"{t.replace(chr(34), "")}",{c}' for (a, b), t, c in zip(amounts, towns, classes, strict=True)
        ]
        out.write("\n".join(lines).encode())
    return out.getvalue()


def _damaged(draw: np.random.Generator, raw: bytes) -> bytes:
    """Cut, with other bytes in some places, or with a part that is there twice."""
    data, kind = bytearray(raw), draw.integers(0, 4)
    if kind == 0:
        return bytes(data[: draw.integers(0, len(data))])
    if kind == 1:
        start = int(draw.integers(0, len(data)))
        return bytes(data[:start] + data[start // 2 : start] + data[start:])
    for place in draw.integers(0, len(data), 1 if kind == 2 else max(2, len(data) // 50)):
        data[place] = int(draw.integers(0, 256))
    return bytes(data)


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "npz"])
@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_table_is_read_or_refused_in_one_sentence(tmp_path: Path, kind: str, seed: int) -> None:
    draw = np.random.default_rng([2, seed, len(kind), ord(kind[0])])
    file = tmp_path / f"t.{kind}"
    file.write_bytes(_damaged(draw, _table_bytes(draw, kind)))
    try:
        task = Tabular(path=str(file))
    except GenasError as error:
        assert str(error) and "Traceback" not in str(error)
        return
    inputs = task.prepare(task.data("train").inputs)
    assert torch.isfinite(inputs).all() and inputs.shape[1:] == task.input_shape


def _picture(draw: np.random.Generator, label: int, kind: str) -> tuple[bytes, str]:
    shape = (8, 8) if draw.random() < 0.3 else (8, 8, int(draw.choice([3, 4])) if kind in ("png", "webp") else 3)
    pixels = draw.integers(100 * label, 100 * label + 100, shape).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, {"tif": "tiff", "jfif": "jpeg"}.get(kind, kind))
    return out.getvalue(), f"{draw.integers(10**9)}.{kind}"


@pytest.mark.parametrize("seed", range(50))
def test_a_folder_with_one_damaged_picture_is_read_or_that_one_is_named(tmp_path: Path, seed: int) -> None:
    draw = np.random.default_rng([3, seed])
    tops = [("train", 6), ("test", 4)] if draw.random() < 0.5 else [("", 8)]
    names = []
    for top, count in tops:
        for label, word in enumerate(("cat", "dog")):
            (tmp_path / top / word).mkdir(parents=True)
            for _ in range(count):
                raw, name = _picture(
                    draw, label, str(draw.choice(["png", "jpeg", "webp", "tif", "gif", "bmp", "jfif"]))
                )
                (tmp_path / top / word / name).write_bytes(raw)
                names.append(tmp_path / top / word / name)
    chosen = names[draw.integers(len(names))]
    chosen.write_bytes(_damaged(draw, chosen.read_bytes()))
    try:
        task = Images(path=str(tmp_path))
        task.examine()
    except GenasError as error:
        assert chosen.name in str(error)
        return
    assert sum(len(task.data(split).labels) for split in ("train", "val", "test")) == len(names)


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_archive_of_pictures_is_read_or_refused_in_one_sentence(tmp_path: Path, seed: int) -> None:
    draw = np.random.default_rng([4, seed])
    out = io.BytesIO()
    pixels = draw.random((20, 6, 6)) if seed % 2 else draw.integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
    (np.savez if seed % 3 else np.savez_compressed)(out, x=pixels, y=np.arange(20) % 2)
    (tmp_path / "p.npz").write_bytes(_damaged(draw, out.getvalue()))
    try:
        task = Images(path=str(tmp_path / "p.npz"))
        task.examine()
    except GenasError as error:
        assert "p.npz" in str(error)
        return
    assert task.data("train").inputs.shape[2:] == (6, 6)
