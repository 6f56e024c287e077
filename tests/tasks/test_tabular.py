"""Rows of one's own tables: what is read, what is learned from the training rows, what is refused."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from own_files import csv, numbers_of, rows, said, table
from wine_table import wine_csv

import genas
import genas.api
from genas.core.errors import RequestError
from genas.reading import tables
from genas.tasks.tabular import Tabular


def test_numbers_and_words_become_features(tmp_path):
    task = Tabular(path=table(tmp_path, rows()))
    assert task.input_shape == (3,) and task.classes == ("no", "yes")
    inputs, labels = task.data("train")
    assert set(inputs[:, 1].tolist()) == {0.0, 1.0} and torch.equal(inputs[:, 1], 1 - inputs[:, 2])
    assert [task.classes[k] for k in labels] == ["yes" if age % 3 else "no" for age in inputs[:, 0].tolist()]
    assert "age" in task.preparation.words and "town=Oslo" in task.preparation.words


def test_what_is_learned_is_learned_from_training_rows_only(tmp_path):
    lines = rows().splitlines()
    lines[0] += ",split"
    changed = list(lines)
    for i in range(1, 31):
        split = "train" if i <= 20 else "val" if i <= 25 else "test"
        lines[i] += f",{split}"
        changed[i] = (
            lines[i] if split == "train" else lines[i].replace("Rome", "Lima").replace(f"{10 * (i - 1)},", "9999,", 1)
        )
    first, second = (Tabular(path=table(tmp_path, "\n".join(t), f"{len(t[21])}.csv")) for t in (lines, changed))
    assert first.mean == second.mean and first.std == second.std
    assert first.preparation.words == second.preparation.words and "Lima" not in second.preparation.words
    assert torch.equal(first.data("train").inputs, second.data("train").inputs)
    assert float(second.data("test").inputs[:, 0].max()) == 9999


def test_missing_numbers_are_the_training_mean():
    task = Tabular(path=str(wine_csv()))
    names = task.preparation.words.rpartition(": ")[2].split(", ")
    at = names.index("magnesium")
    everything = torch.cat([task.data(split).inputs[:, at] for split in ("train", "val", "test")])
    assert torch.isfinite(everything).all()
    assert int((everything == everything.mode().values).sum()) >= 178 // 25
    assert task.prepare(task.data("train").inputs).mean(0).abs().max() < 1e-5


def test_same_rows_from_every_format(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), np.arange(40) % 2
    np.savez(tmp_path / "t.npz", x=x, y=y)
    columns = {f"x{i}": x[:, i] for i in range(3)} | {"label": y}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    lines = [
        "\t".join(columns),
        *("\t".join(map(repr, [*map(float, row), int(k)])) for row, k in zip(x, y, strict=True)),
    ]
    table(tmp_path, "\n".join(lines), "t.tsv")
    found = [Tabular(path=str(tmp_path / f"t.{kind}")).data("test") for kind in ("npz", "parquet", "tsv")]
    for other in found[1:]:
        torch.testing.assert_close(other.inputs, found[0].inputs)
        assert torch.equal(other.labels, found[0].labels)


def test_semicolons_part_columns_and_then_commas_may_be_decimal_points(tmp_path):
    comma, semicolon = (
        "\n".join([f"age{p}town{p}label", *(f"{i}{d}5{p}{'a b'[i % 3]}{p}{'yn'[i % 2]}" for i in range(30))])
        for p, d in ((",", "."), (";", ","))
    )
    first, second = (Tabular(path=table(tmp_path, text, f"{n}.csv")) for n, text in enumerate((comma, semicolon)))
    assert first.input_shape == second.input_shape and first.classes == second.classes
    assert torch.equal(first.data("train").inputs, second.data("train").inputs)
    quoted = rows(head='"age;years",town,label')
    assert "age;years" in Tabular(path=table(tmp_path, quoted, "quoted.csv")).preparation.words


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_are_parted_by_any_usual_mark_whatever_the_ending(tmp_path, mark):
    task = Tabular(
        path=table(tmp_path, csv(mark.join(("a", "b", "label")), lambda i: (3 * i, i * i, "xy"[i % 2]), mark=mark))
    )
    assert task.features == [("a", None), ("b", None)] and numbers_of(task, "b") == {float(i * i) for i in range(40)}


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("", lambda i: i * i, "no name"),
        ("n", lambda i: i, "numbers the rows"),
        ("n", lambda i: i + 1, "numbers the rows"),
        ("PassengerId", lambda i: 7 * i + 892, "an id"),
        ("customer_id", lambda i: f"C{7 * i}", "an id"),
        ("Customer ID", lambda i: 7 * i + 892, "an id"),
        ("Id", lambda i: 7 * i + 892, "an id"),
        ("Row No.", lambda i: 7 * i + 892, "an id"),
        ("c", lambda i: 5, "always 5"),
        ("c", lambda i: "same", "always 'same'"),
        ("c", lambda i: "", "no value"),
        ("t", lambda i: f"word{i}", "no two training rows share"),
        ("t", lambda i: f"2024-01-{i + 1:02}T08:30:00Z", "dates or times that no two training rows share; write"),
        ("t", lambda i: f"{i}.5 kg", "numbers with words that no two training rows share; write the numbers alone"),
        ("Unnamed: 0", lambda i: 7 * i + 3, "no name"),
        ("__index_level_0__", lambda i: 7 * i + 3, "no name"),
        ("cv_fold", lambda i: i % 5, "numbers folds"),
    ],
)
def test_columns_that_tell_nothing_are_left_out_and_said_why(tmp_path, name, cell, why):
    task = Tabular(path=table(tmp_path, csv(f"{name},a,label", lambda i: (cell(i), i * i, "xy"[i % 2]))))
    assert task.features == [("a", None)] and said(task, name or "column 1", "left out", why)


def test_two_columns_of_one_name_are_both_used(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a,a,label", lambda i: (3 * i, i % 5, "xy"[i % 2]))))
    assert task.features == [("a", None), ("a (column 2)", None)] and said(task, "a (column 2)")


def test_a_column_without_a_name_is_not_taken_for_one_that_is_called_by_its_place(tmp_path):
    text = csv("column 2,,a,label", lambda i: (3 * i, 7 * i, i % 5, "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, text))
    assert task.features == [("column 2", None), ("a", None)] and numbers_of(task, "column 2") == {
        3.0 * i for i in range(40)
    }


def test_a_column_that_tells_the_class_under_another_name_is_said(tmp_path):
    text = csv("a,survived,target,label", lambda i: (i * i, ("no", "yes")[i % 2], i % 3, "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, text))
    assert said(task, "Each class has one value of its own in survived of")
    assert said(task, "The classes are the column label", "target is a feature")


def test_names_are_read_from_the_head_of_a_file(tmp_path):
    text = csv('größe;"a;b";;größe', lambda i: ("ä" * 1000, i, i, i), count=3000, mark=";")
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be", "utf-32"):
        (tmp_path / "t.csv").write_bytes(b"\n" * 2 * (encoding == "utf-8") + text.encode(encoding))
        assert tables.column_names(tmp_path / "t.csv") == ("größe", "a;b", "column 3", "größe (column 4)")
    pq.write_table(pa.table({" a ": [1], "e\u0301": [2]}), tmp_path / "t.parquet")
    assert tables.column_names(tmp_path / "t.parquet") == ("a", "é")
    assert tables.column_names(tmp_path / "t.parquet") == tuple(tables.read(tmp_path / "t.parquet").columns)


def test_text_of_a_parquet_file_that_is_no_utf8_is_refused_by_its_column(tmp_path):
    town = pa.array([b"Z\xfcrich", b"Oslo"] * 15).cast(pa.binary()).view(pa.string())
    pq.write_table(pa.table({"a": list(range(30)), "town": town, "label": ["x", "y"] * 15}), tmp_path / "t.parquet")
    with pytest.raises(RequestError, match=r"column town of .*t\.parquet .*can't be read .*utf-8.* Write it as"):
        Tabular(path=str(tmp_path / "t.parquet"))


def test_arrays_of_splits_are_kept(tmp_path):
    draw = np.random.default_rng(0)
    parts = {f"X_{s}": draw.normal(size=(n, 3)) for s, n in (("train", 30), ("valid", 8), ("test", 6))}
    labels = {f"y_{s}": np.arange(len(parts[f"X_{s}"])) % 2 for s in ("train", "valid", "test")}
    np.savez(tmp_path / "t.npz", **parts, **labels, extra=np.zeros(2))
    task = Tabular(path=str(tmp_path / "t.npz"))
    assert torch.equal(task.data("val").inputs, torch.from_numpy(parts["X_valid"]))
    assert len(task.data("test").labels) == 6 and said(task, "extra", "left out")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"a,label\n" + b"$3,x\n4%,y\n5,x\n" * 20, r"column a .*different signs \(\$, %, none\)"),
        (b"label\n" + b"x\ny\n" * 20, "no column besides the label"),
        (b"\0\1" * 300, "not text"),
        (
            "a,本,label\n1,本,x\n".encode("shift_jis") + b"2,\x81\x40,y\n",
            "neither UTF-8 nor Windows-1252 text. Save it as UTF-8",
        ),
        (b"1.5,2,x\n2.5,3,y\n" * 20, "first line.*holds numbers.*line of names"),
        (b'a,label\n1,"x\n2,y\n', "can't be read as a table"),
        (b"a,label\n" + b"1,x\n" * 9 + b"1,2,3\n", "line 11 has 3 fields, the line of names 2"),
        (b"a,label,label\n" + b"1,x,y\n2,y,x\n" * 20, "two columns called label"),
        (b'a;label\n"1,5";x\n2.5;y\n' * 1 + b"3,5;x\n4.5;y\n" * 20, r"different decimal marks \(2\.5 and 1,5\)"),
    ],
)
def test_what_is_no_table_is_refused_with_a_remedy(tmp_path, raw, words):
    (tmp_path / "t.csv").write_bytes(raw)
    with pytest.raises(RequestError, match=words):
        Tabular(path=str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (rows(head="age,town,answer"), {}, "no column called label.*age, town, answer.*option label"),
        (rows(), {"label": "colour"}, "no column 'colour'"),
        (rows(), {"label": "age"}, "no class; regression is not served"),
        ("a,label\n1,0.5\n2,1.25\n", {}, "fractions"),
        ("a,label\n1,x\n2,x\n3,x\n", {}, "one class only"),
        ("a,label\n1,x\n2,\n3,y\n", {}, "rows without a label"),
        ("a,label\n1,x\n1,y\n1,x\n1,y\n1,x\n1,y\n", {}, "no column besides the label"),
        ("a,label\n1,x,3\n2,y\n", {}, "can't be read as a table"),
        (rows(), {"limit": 1}, "at least one example per class"),
        ("a,label\n", {}, "table.csv has no rows"),
        (rows().replace("\n30,", "\ninf,"), {}, "column age .* inf in row 4.* leave the cell empty"),
        (rows().replace("\n30,", "\n-1e300,"), {}, r"-1e\+300 in row 4"),
        (
            csv("a,split,label", lambda i: ((i % 9) / 1000 if i else "3e38", "train" if i else "test", "xy"[i % 2])),
            {},
            r"a of .* holds 3e\+38 in row 1, too far from the training rows",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused_in_words(tmp_path, text, options, words):
    with pytest.raises(RequestError, match=words):
        Tabular(path=table(tmp_path, text), **options)


def test_lines_of_names_and_empty_lines_within_the_rows_are_left_out_and_said(tmp_path):
    text = csv("a,label", lambda i: (i * i, "xy"[i % 2]), count=20)
    task = Tabular(path=table(tmp_path, "\n,\n" + text + ",\n\n" + text + ",\n\n"))
    assert task.classes == ("x", "y") and sum(len(task.data(split).labels) for split in ("train", "val", "test")) == 40
    assert said(task, "1 rows", "repeat the line of names") and said(task, "2 rows", "without any value")


@pytest.mark.parametrize("name", ["nothing.csv", "table.xlsx"])
def test_other_files_are_refused(tmp_path, name):
    if name.endswith("xlsx"):
        table(tmp_path, "PK", name)
    with pytest.raises(RequestError, match=r"no file|must be a \.csv"):
        Tabular(path=str(tmp_path / name))


def test_a_table_is_designed_for_and_its_network_exported(tmp_path):
    lines = wine_csv().read_text().splitlines()
    numbered = "\n".join([f",{lines[0]}", *(f"{i},{line}" for i, line in enumerate(lines[1:]))])
    report = genas.design(
        "wines, under 2k parameters",
        task={"name": "tabular", "options": {"path": table(tmp_path, numbered)}},
        budget={"trials": 3},
        proposers=["uniform"],
        validator={"name": "train", "options": {"epochs": 20}},
        out=tmp_path / "run",
        device="cpu",
    )
    assert report.winner is not None and report.winner.value("params") < 2000
    assert report.winner.value("test_accuracy") > 0.6  # the most frequent grower has 0.4
    assert [trial.candidate.origin for trial in report.references] == ["reference"]
    assert {rival.name for rival in report.rivals} == {"logistic regression", "gradient boosting"}
    assert all(rival.test > 0.6 and rival.name in report.text for rival in report.rivals)
    (left_out,) = [text for text in report.warnings if "column 1 of table.csv is left out" in text]
    assert left_out in genas.api.report(tmp_path / "run") and left_out in (tmp_path / "run" / "report.html").read_text()
    assert left_out in json.loads((tmp_path / "run" / "report.json").read_text())["warnings"]
    assert {"model.py", "model.onnx"} <= {path.name for path in (tmp_path / "run" / "winner").iterdir()}
