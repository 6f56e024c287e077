"""Splits and classes of a table go by name; equal rows stay on one side."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_files import csv, said, table

from genas.core.errors import RequestError
from genas.tasks.tabular import Tabular


def test_the_users_splits_are_kept_in_any_spelling(tmp_path):
    words = ["Training"] * 5 + ["validation"] * 2 + ["TEST"] * 3
    task = Tabular(path=table(tmp_path, csv("a,Split,label", lambda i: (3 * i, words[i % 10], "xy"[i // 10 % 2]))))
    assert {split: len(task.data(split).labels) for split in ("train", "val", "test")} == {
        "train": 20,
        "val": 8,
        "test": 12,
    }
    assert {value % 30 for value in task.data("test").inputs[:, 0].tolist()} == {21.0, 24.0, 27.0}
    assert task.features == [("a", None)]


def test_a_column_called_split_that_holds_no_splits_is_a_feature(tmp_path):
    task = Tabular(path=table(tmp_path, csv("split,label", lambda i: (("yes", "no")[i % 3 == 0], "xy"[i % 2]))))
    assert ("split", "yes") in task.features and said(task, "split", "names no splits", "is a feature")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("phase", ("train", "test")), ("is_train", (1, 0)), ("isTest", ("False", "True")),
        ("dataset", ("TRAIN", "Holdout")),
    ],
)  # fmt: skip
def test_a_column_of_splits_is_kept_whatever_it_is_called_and_said(tmp_path, name, words):
    text = csv(f"a,{name},label", lambda i: (3 * i, words[i >= 30], "xy"[i % 2]))
    task = Tabular(path=table(tmp_path, text))
    assert sorted(task.data("test").inputs[:, 0].tolist()) == [3.0 * i for i in range(30, 40)]
    assert task.features == [("a", None)] and said(task, name)


@pytest.mark.parametrize("names", [("mnist_train", "mnist_test"), ("train-00000-of-00001", "test-00000-of-00001")])
def test_tables_of_a_folder_are_splits_by_what_they_have_not_in_common(tmp_path, names):
    table(tmp_path, csv("a,label", lambda i: (3 * i, "xy"[i % 2])), f"{names[0]}.csv")
    table(tmp_path, csv("a,label", lambda i: (3 * i, "xy"[i % 2]), count=12), f"{names[1]}.csv")
    assert len(Tabular(path=str(tmp_path)).data("test").labels) == 12


def test_rows_that_are_numbered_in_each_table_are_left_without_their_numbers(tmp_path):
    table(tmp_path, csv(",id,a,label", lambda i: (i, i + 1, i % 7, "xy"[i // 3 % 2])), "train.csv")
    table(tmp_path, csv("id,a,label", lambda i: (i + 1, i % 7, "xy"[i // 3 % 2]), count=12), "test.csv")
    task = Tabular(path=str(tmp_path))
    assert task.features == [("a", None)] and said(task, "Column id", "numbers the rows")
    assert said(task, "without a name that not all tables", "column 1")
    assert said(task, "12 of 12 rows of the test split equal one")


def test_an_empty_split_is_said_and_two_tables_of_one_name_are_refused(tmp_path):
    text = csv("a,label", lambda i: (3 * i, "xy"[i % 2]))
    table(tmp_path, text, "train.csv")
    table(tmp_path, "a,label\n", "test.csv")
    assert said(Tabular(path=str(tmp_path)), "'test'", "is empty, so the test split is taken from train")
    table(tmp_path, text.replace(",", "\t"), "train.tsv")
    with pytest.raises(RequestError, match=r"train\.csv and train\.tsv .* are the same split; remove one"):
        Tabular(path=str(tmp_path))


def test_test_rows_without_the_column_of_classes_are_left_out_and_said(tmp_path):
    table(tmp_path, csv("PassengerId,age,Survived", lambda i: (i, i * i % 31, i % 2)), "train.csv")
    table(tmp_path, csv("PassengerId,age", lambda i: (i + 40, i), count=10), "test.csv")
    task = Tabular(path=str(tmp_path), label="survived")
    assert sum(len(task.data(split).labels) for split in ("train", "val", "test")) == 40
    assert said(task, "The 10 rows of the test split have no labels and are left out")


def test_a_folder_of_tables_is_one_table_with_its_splits(tmp_path):
    table(tmp_path, csv("a,label", lambda i: (3 * i, "xy"[i % 2])), "train.csv")
    table(tmp_path, csv("label;a", lambda i: ("xy"[i % 2], f"{3 * i},5"), count=12, mark=";"), "test.csv")
    table(tmp_path, "a\n1\n", "sample.csv")
    task = Tabular(path=str(tmp_path))
    assert len(task.data("test").labels) == 12 and len(task.data("train").labels) == 34
    assert said(task, "sample.csv", "left out")
    (tmp_path / "train.csv").rename(tmp_path / "dev.csv")
    with pytest.raises(RequestError, match="none is train"):
        Tabular(path=str(tmp_path))


def test_equal_rows_come_to_one_side(tmp_path):
    """Labels are drawn by lot, and each row is there six times: a network could only know a test row by heart."""
    draw = np.random.default_rng(0)
    rows_of, labels = draw.normal(size=(40, 2)).round(3), draw.integers(0, 2, 40)
    task = Tabular(
        path=table(tmp_path, csv("a,b,label", lambda i: (*rows_of[i % 40], "xy"[labels[i % 40]]), count=240))
    )
    sides = [{tuple(row) for row in task.data(split).inputs.tolist()} for split in ("train", "val", "test")]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert [len(task.data(split).labels) for split in ("train", "val", "test")] == [180, 30, 30]
    assert said(task, "200 of 240 rows repeat another one", "equal ones are in one split")


def test_coarse_columns_are_no_copies_and_their_rows_are_divided_by_class(tmp_path):
    text = csv("sex,cabin,label", lambda i: ("fm"[i % 2], "abc"[i % 3], "xy"[i // 6 % 3 == 0]), count=200)
    task = Tabular(path=table(tmp_path, text))
    assert [len(task.data(split).labels) for split in ("train", "val", "test")] == [140, 30, 30]
    assert said(task, "30 of 30 rows of the test split equal one of the train split")
    assert said(task, "equal others of another class")


def test_a_class_that_a_split_lacks_is_said(tmp_path):
    def row(i):
        return 3 * i, ("train", "val", "test")[i % 3], "x" if i % 3 == 2 else "xy"[i % 2]

    assert said(Tabular(path=table(tmp_path, csv("a,split,label", row))), "test split has no rows of the class y")


def test_equal_rows_in_splits_of_the_user_are_counted(tmp_path):
    text = csv("a,split,label", lambda i: (i % 15 * 3, ("train", "val", "test")[i // 10], "xy"[i % 2]), count=30)
    task = Tabular(path=table(tmp_path, text))
    assert said(task, "5 of 10 rows of the test split equal one of the train split")
    assert said(task, "5 of 10 rows of the test split equal one of the val split")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("1", "1.0", "2"), ("1", "2")), (("-1", "1"), ("1", "-1")), (("01", "02"), ("01", "02")),
        (("Yes", "yes", "no"), ("Yes", "no", "yes")), (("true", "false"), ("false", "true")),
        (("9007199254740992", "9007199254740993.0"), ("9007199254740992", "9007199254740993")),
    ],
)  # fmt: skip
def test_labels_are_named_as_they_are_written(tmp_path, labels, classes):
    task = Tabular(path=table(tmp_path, csv("a,label", lambda i: (3 * i, labels[i % len(labels)]))))
    assert task.classes == classes


def test_a_mark_of_no_class_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"label -1 in 10 examples.*give it a word"):
        Tabular(path=table(tmp_path, csv("a,label", lambda i: (3 * i, (-1, 0, 1, 2)[i % 4]))))


def test_whole_numbers_that_floats_do_not_tell_apart_are_classes(tmp_path):
    labels = np.array([2**60, 2**60 + 1] * 20)
    np.savez(tmp_path / "t.npz", x=np.arange(40.0)[:, None] ** 2, y=labels)
    pq.write_table(pa.table({"a": np.arange(40) ** 2, "label": labels}), tmp_path / "t.parquet")
    for name in ("t.npz", "t.parquet"):
        assert Tabular(path=str(tmp_path / name)).classes == (str(2**60), str(2**60 + 1))


def test_a_label_that_may_stand_for_none_is_a_class_and_said(tmp_path):
    task = Tabular(path=table(tmp_path, csv("a,label", lambda i: (3 * i, ("x", "None")[i % 2]))))
    assert task.classes == ("None", "x") and said(task, "label 'None' is taken for a class")


def test_a_class_is_matched_by_name_across_splits(tmp_path):
    def row(i, classes=("cat", "dog", "Cat", "cat", "dog", "DOG")):
        return 3 * i, ("train", "train", "test")[i % 3], classes[i % 6]

    task = Tabular(path=table(tmp_path, csv("a,split,label", row)))
    assert task.classes == ("cat", "dog") and said(task, "'DOG' is taken for 'dog'")
    text = csv("a,split,label", lambda i: row(i, ("caf\u00e9", "bar", "cafe\u0301", "bar", "caf\u00e9", "bar")))
    assert Tabular(path=table(tmp_path, text)).classes == ("bar", "caf\u00e9")  # one letter, or two that look like it
    with pytest.raises(RequestError, match=r"'emu'.*none in its train split"):
        Tabular(path=table(tmp_path, csv("a,split,label", lambda i: row(i, ("cat", "dog", "emu") * 2))))
