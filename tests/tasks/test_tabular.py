"""Rows of one's own tables: what is read, what is learned from the training rows, what is refused."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from wine_table import wine_csv

import genas
from genas.core.errors import RequestError
from genas.tasks.tabular import Tabular


def table(folder: Path, text: str, name: str = "table.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def rows(count: int = 30, head: str = "age,town,label") -> str:
    return "\n".join(
        [head, *(f"{10 * i},{'Rome' if i % 2 else 'Oslo'},{'yes' if i % 3 else 'no'}" for i in range(count))]
    )


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
    report = genas.design(
        "wines, under 2k parameters",
        task={"name": "tabular", "options": {"path": str(wine_csv())}},
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
    assert {"model.py", "model.onnx"} <= {path.name for path in (tmp_path / "run" / "winner").iterdir()}
