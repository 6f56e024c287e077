"""Rows of one's own tables: what is read, what is learned from the training rows, what is refused."""

import json
from datetime import time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from own_files import csv, rows, said, table
from wine_table import wine_csv

import genas
import genas.api
from genas.core.errors import RequestError
from genas.tasks.tabular import Tabular


def test_numbers_and_words_become_features(tmp_path):
    task = Tabular(path=table(tmp_path, rows()))
    assert task.input_shape == (3,) and task.classes == ("no", "yes")
    inputs, labels = task.data("train")
    assert set(inputs[:, 1].tolist()) == {0.0, 1.0} and torch.equal(inputs[:, 1], 1 - inputs[:, 2])
    assert [task.classes[k] for k in labels] == ["yes" if age % 3 else "no" for age in inputs[:, 0].tolist()]
    assert "age" in task.preparation and "town=Oslo" in task.preparation


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
    assert first.preparation == second.preparation and "Lima" not in second.preparation
    assert torch.equal(first.data("train").inputs, second.data("train").inputs)
    assert float(second.data("test").inputs[:, 0].max()) == 9999


def test_missing_numbers_are_the_training_mean():
    task = Tabular(path=str(wine_csv()))
    names = task.preparation.rpartition(": ")[2].split(", ")
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
    assert "age;years" in Tabular(path=table(tmp_path, quoted, "quoted.csv")).preparation


def numbers_of(task: Tabular, name: str) -> set[float]:
    at = [column for column, _ in task.features].index(name)
    return {value for split in ("train", "val", "test") for value in task.data(split).inputs[:, at].tolist()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_words_are_the_same_in_every_encoding(tmp_path, encoding):
    text = csv("größe,farbe,label", lambda i: (7 * i, ("grün", "blau")[i % 2], ("süß", "herb")[i % 3 == 0]))
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    task = Tabular(path=str(tmp_path / "t.csv"))
    assert task.classes == ("herb", "süß")
    assert set(task.features) == {("größe", None), ("farbe", "grün"), ("farbe", "blau")}
    guessed = encoding in ("latin-1", "cp1252", "utf-16-le", "utf-16-be")
    assert said(task, "not UTF-8") is guessed


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_are_parted_by_any_usual_mark_whatever_the_ending(tmp_path, mark):
    task = Tabular(
        path=table(tmp_path, csv(mark.join(("a", "b", "label")), lambda i: (3 * i, i * i, "xy"[i % 2]), mark=mark))
    )
    assert task.features == [("a", None), ("b", None)] and numbers_of(task, "b") == {float(i * i) for i in range(40)}


@pytest.mark.parametrize(
    ("cell", "value", "mark"),
    [
        ("{:,}", 1234, ","), ("{:,}.5", 1234.5, ","), ("${:,}", 1234, ","), ("€ {}", 1234, ","), ("{} EUR", 1234, ","),
        ("{}%", 1234, ","), ("{} %", 1234, ";"), ("({})", -1234, ","), ("+{}", 1234, ","), ("{}e2", 123400, ","),
        ("{},5", 1234.5, ";"), ("{} ", 1234, ";"), ("\u2212{}", -1234, ","),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(tmp_path, cell, value, mark):
    def row(i):
        return '"' + cell.format(1234 * i) + '"', i % 3, "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv(mark.join(("a", "b", "label")), row, mark=mark)))
    expected = {float(np.float64(value) * i) for i in range(40)} if value in (1234, -1234, 123400) else None
    found = numbers_of(task, "a")
    assert found == expected if expected is not None else {v % 1 for v in found} == {0.5}


def test_points_that_part_thousands_beside_decimal_commas_are_no_decimal_points(tmp_path):
    def row(i):
        return f"{1000 + i:,}".replace(",", "."), f"{i},25", "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv("a;b;label", row, mark=";")))
    assert numbers_of(task, "a") == {1000.0 + i for i in range(40)}
    assert numbers_of(task, "b") == {i + 0.25 for i in range(40)}


@pytest.mark.parametrize(("mark", "value"), [(";", 1.234), (",", 1234.0)])
def test_a_mark_that_may_be_decimal_or_part_thousands_is_said(tmp_path, mark, value):
    text = csv(mark.join(("a", "b", "label")), lambda i: (f'"{1 + i % 9},234"', i * i, "xy"[i % 2]), mark=mark)
    task = Tabular(path=table(tmp_path, text))
    assert min(numbers_of(task, "a")) == value and said(task, "Column a: 1,234 is read as 1234") is (mark == ",")


def test_shares_beside_semicolons_keep_their_points(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a;b;label", lambda i: (f"0.{100 + i}", i * i, "xy"[i % 2]), mark=";")))
    assert numbers_of(task, "a") == {(100 + i) / 1000 for i in range(40)}


def test_blanks_around_fields_are_no_part_of_them(tmp_path):
    text = csv("a, b, label", lambda i: (f" {3 * i} ", ' "x, y"' if i % 2 else " z ", " u" if i % 3 else " v "))
    task = Tabular(path=table(tmp_path, text))
    assert task.classes == ("u", "v") and set(task.features) == {("a", None), ("b", "x, y"), ("b", "z")}


def test_words_for_nothing_are_missing_numbers_and_counted(tmp_path):
    def row(i):
        return ("NA", "?", "nan", "")[i % 4] if i < 8 else 3 * i, i * i, "xy"[i % 2]

    task = Tabular(path=table(tmp_path, csv("a,b,label", row)))
    assert task.features == [("a", None), ("b", None)] and said(task, "a (8)", "mean of the training rows")


def test_a_few_words_in_a_column_of_numbers_are_missing_and_named(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a,label", lambda i: ("broken" if i == 7 else 3 * i, "xy"[i % 2]))))
    assert task.features == [("a", None)] and said(task, "Column a", "1 cells", "'broken'", "missing")


def test_times_and_dates_stay_as_they_are_written(tmp_path):
    text = csv("at,day,label", lambda i: (("08:30", "9:45")[i % 2], ("2024-01-05", "05.01.2024")[i % 2], "xy"[i % 2]))
    assert {word for _, word in Tabular(path=table(tmp_path, text)).features} == {
        "08:30", "9:45", "2024-01-05", "05.01.2024",
    }  # fmt: skip


def test_fields_in_quotes_hold_lines(tmp_path):
    text = csv("a,t,label", lambda i: (3 * i, '"u\nv"' if i % 2 else '"w, z"', "xy"[i % 2]))
    assert ("t", "u\nv") in Tabular(path=table(tmp_path, text)).features


@pytest.mark.parametrize(
    ("name", "cell", "why"),
    [
        ("", lambda i: i * i, "no name"),
        ("n", lambda i: i, "numbers the rows"),
        ("n", lambda i: i + 1, "numbers the rows"),
        ("PassengerId", lambda i: 7 * i + 892, "an id"),
        ("customer_id", lambda i: f"C{7 * i}", "an id"),
        ("c", lambda i: 5, "always 5"),
        ("c", lambda i: "same", "always 'same'"),
        ("c", lambda i: "", "no value"),
        ("t", lambda i: f"word{i}", "no two training rows share"),
    ],
)
def test_columns_that_tell_nothing_are_left_out_and_said_why(tmp_path, name, cell, why):
    task = Tabular(path=table(tmp_path, csv(f"{name},a,label", lambda i: (cell(i), i * i, "xy"[i % 2]))))
    assert task.features == [("a", None)] and said(task, name or "column 1", "left out", why)


def test_two_columns_of_one_name_are_both_used(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a,a,label", lambda i: (3 * i, i % 5, "xy"[i % 2]))))
    assert task.features == [("a", None), ("a (column 2)", None)] and said(task, "a (column 2)")


def test_figures_of_epochs_keep_their_differences(tmp_path):
    """As float32, the seconds of one hour are 32 figures."""
    text = csv("t,label", lambda i: (1_700_000_000 + 10 * i, "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, text))
    prepared = task.prepare(task.data("train").inputs)
    assert len(prepared.unique()) == 28
    assert abs(float(prepared.mean())) < 1e-6 and float(prepared.std(correction=0)) == pytest.approx(1, abs=1e-5)
    raw = np.array(sorted(numbers_of(task, "t")))
    assert task.mean[0] == pytest.approx(task.data("train").inputs.numpy().mean(), abs=1e-6) and raw[0] == 1_700_000_000


def test_a_parquet_file_keeps_what_its_cells_mean(tmp_path):
    columns = {
        "price": [Decimal(i) / 4 for i in range(40)],
        "colour": ["grün".encode("latin-1"), b"rot"] * 20,
        "at": [time(8 + i % 3, 30) for i in range(40)],
        "list": [[1]] * 40,
        "label": [b"ja", b"nein"] * 20,
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    task = Tabular(path=str(tmp_path / "t.parquet"))
    assert task.classes == ("ja", "nein") and numbers_of(task, "price") == {i / 4 for i in range(40)}
    assert {("colour", "grün"), ("at", "08:30:00")} <= set(task.features)
    assert said(task, "list", "left out")


def test_text_of_a_parquet_file_that_is_no_utf8_is_refused_by_its_column(tmp_path):
    town = pa.array([b"Z\xfcrich", b"Oslo"] * 15).cast(pa.binary()).view(pa.string())
    pq.write_table(pa.table({"a": list(range(30)), "town": town, "label": ["x", "y"] * 15}), tmp_path / "t.parquet")
    with pytest.raises(RequestError, match=r"column 'town' of .*t\.parquet holds text that is not UTF-8"):
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
        (b"\0\1" * 300, "no text"),
        (b"1.5,2,x\n2.5,3,y\n" * 20, "first line.*holds numbers.*line of names"),
        (b'a,label\n1,"x\n2,y\n', "can't be read as a table"),
        (b"a,label\n" + b"1,x\n" * 9 + b"1,2,3\n", "line 11 has 3 fields, the line of names 2"),
        (b"a,label,label\n" + b"1,x,y\n2,y,x\n" * 20, "two columns called label"),
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
    ],
)
def test_what_cannot_be_learned_is_refused_in_words(tmp_path, text, options, words):
    with pytest.raises(RequestError, match=words):
        Tabular(path=table(tmp_path, text), **options)


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
