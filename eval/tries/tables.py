"""Tables with known rows, classes and splits, in many forms, and damaged ones."""

from __future__ import annotations

import datetime
import decimal
import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genas.tasks.tabular import Tabular
from tries import RIGHT, damaged
from tries.files import NAMES, SPLITS, expect, numbers, taken

TOWNS = ("Zürich", "São Paulo", "Oslo", "Łódź, PL", 'the "Hague"', "two\nlines")
LATIN = TOWNS[:3] + TOWNS[4:]
ROWS = 24


def rows(
    draw: random.Random, towns: Sequence[str] = TOWNS, count: int = ROWS
) -> tuple[np.ndarray, list[str], list[str]]:
    """Amounts with two digits behind the point, [rows, 2], a town and a class of each row; no amount is there twice."""
    scale = 10.0 ** draw.randrange(6)
    random_ = numbers(draw)
    amounts = random_.normal(scale=scale, size=(count, 2))
    amounts[:, 0] = (random_.permutation(count) - count / 3 + random_.uniform(0, 0.8, count)) * scale
    amounts = np.round(amounts, 2)
    classes = ["yes" if i % 3 else "no" for i in range(count)]
    return amounts, draw.choices(towns, k=count), classes


def amount(value: float, *, comma: bool, parted: bool, sign: str) -> str:
    text = f"{value:,.2f}" if parted else f"{value:.2f}"
    text = text.translate(str.maketrans(",.", ".,")) if comma else text
    return {"": text, "%": f"{text}%", "€": f"€{text}", "$": f"{text} $"}[sign]


def quoted(cell: str, delimiter: str, always: bool) -> str:
    if always or any(mark in cell for mark in (delimiter, '"', "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def dialect(draw: random.Random, place: Path) -> str:
    """A table as any program may write it: encoding, delimiter, decimal mark, signs, quotes, words for nothing."""
    encoding = draw.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
    delimiter, comma = draw.choice([",", ";", "\t", "|"]), draw.random() < 0.5
    parted, sign = draw.random() < 0.5, draw.choice(["", "", "%", "€", "$"])
    end, blank, always = draw.choice(["\n", "\r\n"]), draw.choice(["", " "]), draw.random() < 0.3
    missing = draw.choice(["", "NA", "n/a", "?"])
    amounts, towns, classes = rows(draw, LATIN if encoding == "cp1252" else TOWNS)
    empty = np.array([[False, draw.random() < 0.2] for _ in classes])
    named = draw.random() < 0.4
    order = draw.sample(SPLITS, 3)
    splits = [order[row // 3 % 3] for row in range(ROWS)] if named else None
    split_names = {split: draw.choice(names) for split, names in NAMES.items()}
    heads = ["first", "second", "town", "label", *(["split"] if splits else [])]
    lines = [delimiter.join(blank + quoted(name, delimiter, always) for name in heads)]
    for row, (values, gone) in enumerate(zip(amounts, empty, strict=True)):
        cells = [
            missing if none else amount(value, comma=comma, parted=parted, sign=sign)
            for value, none in zip(values, gone, strict=True)
        ]
        cells += [towns[row], classes[row], *([split_names[splits[row]]] if splits else [])]
        lines.append(delimiter.join(blank + quoted(cell, delimiter, always) for cell in cells))
    raw = (end.join(lines) + end).encode(encoding)
    (place / "t.csv").write_bytes(raw)
    task = Tabular(path=str(place / "t.csv"), label="label")
    compare(
        task, {"first": amounts[:, 0], "second": np.where(empty[:, 1], np.nan, amounts[:, 1])}, towns, classes, splits
    )
    return RIGHT


def compare(
    task: Tabular,
    columns: dict[str, np.ndarray],
    towns: Sequence[str],
    classes: Sequence[str],
    splits: Sequence[str] | None,
) -> None:
    """Raises Wrong unless each row is there once, in its split, with its class, its numbers and its words."""
    names, seen = [name for name, _ in task.features], []
    expect(set(columns) <= set(names), "columns are lost", names)
    key = next(iter(columns))
    for split in SPLITS:
        inputs, labels = task.data(split)
        for values, label in zip(inputs.double().numpy(), labels.tolist(), strict=True):
            row = int(np.argmin(np.abs(columns[key] - values[names.index(key)])))
            seen.append(row)
            expect(task.classes[label] == classes[row], "another class", (row, task.classes[label]))
            expect(splits is None or splits[row] == split, "another split", (row, split))
            for name, truth in columns.items():
                expect(
                    np.isnan(truth[row]) or np.isclose(values[names.index(name)], truth[row], rtol=1e-9),
                    f"another {name}",
                    (values, truth[row]),
                )
            for value, (name, word) in zip(values, task.features, strict=True):
                expect(name != "town" or value == float(towns[row] == word), "another word", (word, towns[row]))
    expect(sorted(seen) == list(range(len(classes))), "rows are lost or twice", seen)


def typed(draw: random.Random, place: Path) -> str:
    """A parquet file with columns of many types."""
    amounts, towns, classes = rows(draw)
    answers: dict[str, Any] = {
        "words": classes, "bytes": [c.encode() for c in classes], "bool": [c == "yes" for c in classes],
        "whole": [int(c == "yes") for c in classes], "float": [float(c == "yes") for c in classes],
        "dictionary": pa.array(classes).dictionary_encode(),
    }  # fmt: skip
    kind = draw.choice(list(answers))
    spelled = {
        "bool": {"yes": "true", "no": "false"},
        "whole": {"yes": "1", "no": "0"},
        "float": {"yes": "1", "no": "0"},
    }
    first: Any = amounts[:, 0].tolist()
    if draw.random() < 0.4:
        first = pa.array([decimal.Decimal(f"{v:.2f}") for v in first])
    second = [None if draw.random() < 0.2 else v for v in amounts[:, 1].tolist()]
    days = [datetime.date(2024, 1, 1 + i % 5) for i in range(ROWS)]
    table = {
        "first": first,
        "second": second,
        "town": towns,
        "day": days,
        "nested": [[1, 2]] * ROWS,
        "label": answers[kind],
    }
    pq.write_table(pa.table(table), place / "t.parquet", compression=draw.choice(["snappy", "gzip", "none"]))
    task = Tabular(path=str(place / "t.parquet"))
    expect(any("nested" in note for note in task.notes), "a column is left out without a word", task.notes)
    truth = {"first": amounts[:, 0], "second": np.array([np.nan if v is None else v for v in second])}
    compare(
        task, truth, [" ".join(t.split("\r")) for t in towns], [spelled.get(kind, {}).get(c, c) for c in classes], None
    )
    return RIGHT


def arrays(draw: random.Random, place: Path) -> str:
    """An .npz with its own splits, in any spelling."""
    amounts, towns, classes = rows(draw, count=36)
    splits = ["train"] * 18 + ["val"] * 9 + ["test"] * 9
    x, y = draw.choice([("x", "y"), ("X", "Y"), ("features", "labels"), ("data", "target")])
    order = draw.choice(["{0}_{1}", "{1}_{0}"])
    kind = draw.choice(["words", "bytes", "whole"])
    answers = (
        np.array(classes)
        if kind == "words"
        else np.array([c.encode() for c in classes])
        if kind == "bytes"
        else np.array([c == "yes" for c in classes], dtype=np.int64)
    )
    names = {
        split: draw.choice(("train", "training"))
        if split == "train"
        else draw.choice(("val", "valid"))
        if split == "val"
        else "test"
        for split in SPLITS
    }
    chosen = {split: np.array([s == split for s in splits]) for split in SPLITS}
    parts = {
        order.format(a, names[split]): v[chosen[split]] for split in SPLITS for a, v in ((x, amounts), (y, answers))
    }
    (np.savez if draw.random() < 0.5 else np.savez_compressed)(place / "t.npz", **parts)
    words = [str(int(c == "yes")) for c in classes] if kind == "whole" else classes
    compare(Tabular(path=str(place / "t.npz")), {"x0": amounts[:, 0], "x1": amounts[:, 1]}, towns, words, splits)
    return RIGHT


def broken_table(draw: random.Random, place: Path) -> str:
    """A damaged table of any form."""
    kind = draw.choice(["csv", "tsv", "parquet", "npz"])
    amounts, towns, classes = rows(draw)
    out = io.BytesIO()
    if kind == "npz":
        np.savez(out, x=amounts, y=np.array(classes))
    elif kind == "parquet":
        pq.write_table(pa.table({"a": amounts[:, 0], "b": amounts[:, 1], "town": towns, "label": classes}), out)
    else:
        mark = {"csv": ",", "tsv": "\t"}[kind]
        lines = [mark.join(("a", "b", "town", "label"))]
        lines += [
            mark.join((str(a), str(b), f'"{t.replace(chr(34), "")}"', c))
            for (a, b), t, c in zip(amounts, towns, classes, strict=True)
        ]
        out.write("\n".join(lines).encode())
    file = place / f"t.{kind}"
    file.write_bytes(damaged(draw, out.getvalue()))
    return taken(lambda: Tabular(path=str(file)), file.name)
