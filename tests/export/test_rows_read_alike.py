"""An exported network's `read` gives the very features of the task, for every form that a table comes in."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import numpy as np
import pytest
from carried import reading_of

from genas.networks.preparation import standardised
from genas.tasks.tabular import Tabular


def lines(head: str, row, first: int, count: int, mark: str = ",") -> str:
    return "\n".join([head, *(mark.join(map(str, row(i))) for i in range(first, first + count))]) + "\n"


def label(i: int) -> str:
    return "yes" if i % 3 else "no"


TEXTS = {
    "plain": ("a,b,label", lambda i: (i * 1.5, i % 7, label(i)), ",", "utf-8"),
    "semicolons and decimal commas": ("a;b;label", lambda i: (f"{i},25", i % 7, label(i)), ";", "utf-8"),
    "tabs and a byte order mark": ("a\tb\tlabel", lambda i: (i * 1.5, i % 7, label(i)), "\t", "utf-8-sig"),
    "bars, UTF-16": ("ä|b|label", lambda i: (i * 1.5, "grün" if i % 2 else "blau", label(i)), "|", "utf-16"),
    "Windows-1252": ("ä,b,label", lambda i: (i * 1.5, "grün" if i % 2 else "blau", label(i)), ",", "cp1252"),
    "blanks around all": ("a , b , label", lambda i: (f" {i} ", " up " if i % 2 else " down", label(i)), ",", "utf-8"),
    "missing numbers": ("a,b,label", lambda i: (["NA", "nan", "", "?", "n/a", i][i % 6], i, label(i)), ",", "utf-8"),
    "missing words": ("a,b,label", lambda i: (["NA", "red", "", "blue"][i % 4], i * 2, label(i)), ",", "utf-8"),
    "times of the day": ("a,b,label", lambda i: (["08:30", "17:45"][i % 2], i * 2, label(i)), ",", "utf-8"),
    "days": ("a,b,label", lambda i: (["2024-01-02", "2024-03-04"][i % 2], i * 2, label(i)), ",", "utf-8"),
    "true and false": ("a,b,label", lambda i: (["TRUE", "False"][i % 2], i * 2, label(i)), ",", "utf-8"),
    "leading zeros": ("a,b,label", lambda i: (["007", "042"][i % 2], i * 2, label(i)), ",", "utf-8"),
    "thousands": ("a,b,label", lambda i: (f'"{i + 1},500"', i * 2, label(i)), ",", "utf-8"),
    "money": ("a,b,label", lambda i: (f"${i}.50", i * 2, label(i)), ",", "utf-8"),
    "percent": ("a,b,label", lambda i: (f"{i % 10} %", i * 2, label(i)), ",", "utf-8"),
    "seconds since 1970": ("a,b,label", lambda i: (1_700_000_000 + i, i % 5, label(i)), ",", "utf-8"),
    "marks in quotes": (
        '"a, of it",b,label',
        lambda i: (f'"{"x, y" if i % 2 else "z"}"', i * 2, label(i)),
        ",",
        "utf-8",
    ),
    "lines in quotes": ("a,b,label", lambda i: (f'"{"one" if i % 2 else "two"}\nmore"', i * 2, label(i)), ",", "utf-8"),
    "a name twice": ("a,a,label", lambda i: (i * 2, i % 5, label(i)), ",", "utf-8"),
    "an id and an index": (",id,b,label", lambda i: (i, f"x{i}", i % 5, label(i)), ",", "utf-8"),
    "infrequent words": ("a,b,label", lambda i: (f"w{i % 40}" if i % 3 else "often", i, label(i)), ",", "utf-8"),
    "hostile words": (
        "a,b,label",
        lambda i: ("'\\n{x}\\" if i % 2 else '"say ""hi"" #"', i * 2, label(i)),
        ",",
        "utf-8",
    ),
}


def same(task: Tabular, given: Path, folder: Path) -> None:
    """What the written package reads and model.py's formula prepares is what the task gives, bit for bit."""
    data = task.data("test").inputs
    with reading_of(task, folder) as reading:
        found = reading.read(given)
    assert found.dtype == np.float64 and np.array_equal(found, data.numpy())
    assert np.isfinite(found).all() and np.ptp(found) > 0
    prepared = standardised(found, task.scale, task.mean, task.std)
    assert prepared.equal(task.prepare(data))


@pytest.mark.filterwarnings("ignore:Column|.*not UTF-8|.*Names that|.*numbers:UserWarning")
@pytest.mark.parametrize("name", TEXTS)
def test_text_files(tmp_path, name):
    head, row, mark, encoding = TEXTS[name]
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text(lines(head, row, 0, 60, mark), encoding=encoding)
    (data / "test.csv").write_text(lines(head, row, 60, 24, mark), encoding=encoding)
    same(Tabular(path=str(data), label="label"), data / "test.csv", tmp_path / "winner")


@pytest.mark.filterwarnings("ignore:Column:UserWarning")
def test_a_table_without_the_label_and_with_other_columns(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    row = TEXTS["plain"][1]
    (data / "train.csv").write_text(lines("a,b,label", row, 0, 60))
    (data / "test.csv").write_text(lines("a,b,label", row, 60, 24))
    task = Tabular(path=str(data))
    (tmp_path / "new.csv").write_text(lines("more,b,a", lambda i: ("x", row(i)[1], row(i)[0]), 60, 24))
    same(task, tmp_path / "new.csv", tmp_path / "winner")


def test_parquet_files_of_all_kinds_of_columns(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    def table(first: int, count: int) -> pa.Table:
        numbers = range(first, first + count)
        return pa.table({
            "whole": [None if i % 5 == 0 else i for i in numbers],
            "half": pa.array([i / 2 for i in numbers], pa.float32()),
            "flag": [bool(i % 2) for i in numbers],
            "when": [datetime.time(8 + i % 2, 30) for i in numbers],
            "day": [datetime.date(2024, 1, 1 + i % 2) for i in numbers],
            "word": pa.array(["a" if i % 2 else "b" for i in numbers]).dictionary_encode(),
            "raw": [b"gr\xfcn" if i % 2 else b"rot" for i in numbers],
            "label": [label(i) for i in numbers],
        })  # fmt: skip

    data = tmp_path / "data"
    data.mkdir()
    pq.write_table(table(0, 60), data / "train.parquet")
    pq.write_table(table(60, 24), data / "test.parquet")
    with pytest.warns(UserWarning, match=r"whole: missing numbers \(5\) are the mean"):
        same(Tabular(path=str(data)), data / "test.parquet", tmp_path / "winner")


def arrays(tmp_path: Path, width: int = 3) -> tuple[Tabular, np.ndarray]:
    draw = np.random.default_rng(0)
    train, test = draw.normal(size=(60, width)), draw.normal(size=(24, width))
    labels = {"y_train": np.arange(60) % 2, "y_test": np.arange(24) % 2}
    np.savez(tmp_path / "data.npz", x_train=train, x_test=test, **labels)
    return Tabular(path=str(tmp_path / "data.npz")), test


def test_arrays(tmp_path):
    task, test = arrays(tmp_path)
    np.savez(tmp_path / "new.npz", x=test)
    np.savez(tmp_path / "labelled.npz", x=test, y=np.zeros(24))
    np.savez(tmp_path / "nameless.npz", test)
    for name in ("new", "labelled", "nameless"):
        same(task, tmp_path / f"{name}.npz", tmp_path / "winner")


def refused(task: Tabular, given: Path, folder: Path, *words: str) -> None:
    with reading_of(task, folder) as reading, pytest.raises(ValueError) as told:
        reading.read(given)
    assert all(word in str(told.value) for word in words), told.value


def test_tables_that_the_network_was_not_trained_on_are_refused(tmp_path):
    data = tmp_path / "train.csv"
    data.write_text(lines("age;town;label", lambda i: (f"{i},5", "Oslo" if i % 2 else "Rome", label(i)), 0, 60, ";"))
    task, winner, new = Tabular(path=str(data)), tmp_path / "winner", tmp_path / "new.csv"
    new.write_text("age;city\n1,5;Oslo\n")
    refused(task, new, winner, "no column town", "age, city")
    new.write_text("age,town\n1.5,Oslo\n2.5,Rome\n")
    refused(task, new, winner, "age", "'1.5'", "decimal comma")
    new.write_text("age;town\nold;Oslo\n")
    refused(task, new, winner, "age", "'old'")
    new.write_text("age;town\n1e400;Oslo\n")
    refused(task, new, winner, "infinite", "finite number")
    refused(task, tmp_path / "none.csv", winner, "no file")
    number, _ = arrays(tmp_path)
    np.savez(tmp_path / "wide.npz", x=np.zeros((4, 5)))
    refused(number, tmp_path / "wide.npz", winner, "x [n, 3]", "[4, 5]")
    with zipfile.ZipFile(tmp_path / "empty.npz", "w"):
        pass
    refused(number, tmp_path / "empty.npz", winner, "must hold an array x")


def test_words_and_numbers_that_are_read_otherwise_are_told(tmp_path):
    data = tmp_path / "train.csv"
    data.write_text(lines("age,town,label", lambda i: (i * 2, "Oslo" if i % 2 else "Rome", label(i)), 0, 60))
    new = tmp_path / "new.csv"
    new.write_text(lines("age,town", lambda i: ("old" if i == 3 else i * 2, "Paris" if i == 4 else "Oslo"), 0, 30))
    with reading_of(Tabular(path=str(data)), tmp_path / "winner") as reading, pytest.warns(UserWarning) as told:
        found = reading.read(new)
    said = [str(warning.message) for warning in told]
    assert any("1 cells that are none ('old')" in text for text in said)
    assert any("town: 1 cells hold words that are no feature of the network ('Paris')" in text for text in said)
    assert found[4].tolist() == [8.0, 0.0, 0.0]
