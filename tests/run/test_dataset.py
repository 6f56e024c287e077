"""Data in memory become a task: the same arrays, rows and classes as were given, kept in one file."""

import doctest

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

import genas
from genas.core import registry
from genas.core.errors import RequestError

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(60, 3)).round(3)
CLASSES = np.arange(60) % 3
BYTES = RANDOM.integers(0, 256, (60, 8, 6, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def examples(use):
    """All inputs and class names of the task, in any order."""
    task = registry.create("tasks", use)
    pairs = []
    for split in ("train", "val", "test"):
        inputs, labels = task.data(split)
        pairs += [(x.numpy(), task.classes[y]) for x, y in zip(inputs, labels.tolist(), strict=True)]
    return sorted(((x.tolist(), y) for x, y in pairs), key=str)


def expected(inputs, classes=CLASSES):
    pairs = zip(inputs, classes, strict=True)
    return sorted(((np.asarray(x, dtype=float).tolist(), str(y)) for x, y in pairs), key=str)


@pytest.mark.parametrize(
    ("x", "y"),
    [(ROWS, CLASSES), (ROWS.tolist(), CLASSES.tolist()), (torch.tensor(ROWS), torch.tensor(CLASSES)[:, None])],
)
def test_rows_of_arrays_are_a_table(x, y):
    use = genas.dataset(x, y)
    assert use.name == "tabular" and examples(use) == expected(ROWS)


@pytest.mark.parametrize("x", [BYTES, BYTES.transpose(0, 3, 1, 2), torch.tensor(BYTES.transpose(0, 3, 1, 2))])
def test_images_may_have_their_channels_first_or_last(x):
    use = genas.dataset(x, CLASSES)
    assert use.name == "images" and examples(use) == expected(BYTES.transpose(0, 3, 1, 2))


def test_grey_images_need_no_channels():
    assert examples(genas.dataset(BYTES[..., 0], CLASSES)) == expected(BYTES[:, None, :, :, 0])


FRAME = {"a": ROWS[:, 0], "word": ["x", "y"] * 30, "kind": [("cat", "dog", "owl")[c] for c in CLASSES]}


@pytest.mark.parametrize("make", [lambda columns: pd.DataFrame(columns, index=range(7, 67)), pa.table])
@pytest.mark.parametrize("named", [True, False])
def test_a_data_frame_keeps_its_columns_and_words(make, named):
    classes = make(FRAME)["kind"]
    x, y = (make(FRAME), "kind") if named else (make({k: v for k, v in FRAME.items() if k != "kind"}), classes)
    task = registry.create("tasks", genas.dataset(x, y))
    assert task.classes == ("cat", "dog", "owl")
    assert [column.name for column in task.columns] == ["a", "word"]


def test_data_sets_of_pairs_are_read_item_by_item():
    pairs = torch.utils.data.TensorDataset(torch.tensor(BYTES.transpose(0, 3, 1, 2)), torch.tensor(CLASSES))
    assert examples(genas.dataset(pairs)) == expected(BYTES.transpose(0, 3, 1, 2))


def test_hugging_face_datasets_of_images_and_of_rows_are_taken():
    import datasets
    from PIL import Image

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b", "c"])})
    images = [Image.fromarray(image) for image in BYTES]
    pictures = datasets.Dataset.from_dict({"image": images, "label": CLASSES.tolist()}, features=features)
    use = genas.dataset(pictures)
    names = ["abc"[c] for c in CLASSES]
    assert use.name == "images" and examples(use) == expected(BYTES.transpose(0, 3, 1, 2), names)
    rows = datasets.Dataset.from_dict({"a": ROWS[:, 0], "label": names})
    assert registry.create("tasks", genas.dataset(rows)).classes == ("a", "b", "c")


def test_the_same_data_are_the_same_file_wherever_they_come_from(tmp_path):
    one, other = genas.dataset(ROWS, CLASSES, folder="here"), genas.dataset(torch.tensor(ROWS), CLASSES, folder="here")
    assert one == other and len(list((tmp_path / "here").iterdir())) == 1
    assert genas.dataset(ROWS + 1, CLASSES, folder="here") != one


def test_every_verb_takes_data_in_memory():
    known = {"proposers": ["uniform"], "scorers": ["params"], "validator": genas.Use("train", {"epochs": 1})}
    report = genas.design("at most 2k parameters, 1 trial", x=ROWS, y=CLASSES, out="run", device="cpu", **known)
    assert report.request.task.name == "tabular" and report.winner.value("params") <= 2000
    again = genas.design("at most 2k parameters, 1 trial", x=ROWS, y=CLASSES, out="run", device="cpu", **known)
    assert again == report
    (trial,) = genas.propose("at most 2k parameters", 1, x=BYTES, y=CLASSES, **known)
    assert trial.candidate.arch.space == "conv_net"


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [
        (ROWS, None, "Give the classes too"),
        (ROWS, CLASSES[:9], "60 examples and y 9"),
        (ROWS[None, None, None], CLASSES[:1], "has the shape"),
        (np.zeros((4, 5, 6, 7)), [0, 1, 0, 1], "1, 3 or 4 channels"),
        (np.zeros((4, 3, 8, 3)), [0, 1, 0, 1], "says not whether channels come first"),
        ([["a", "b"]] * 4, [0, 1, 0, 1], "must hold numbers"),
        ([[1, 2], [3]], [0, 1], "differ in shape"),
        (ROWS, np.eye(60), "one class for each example"),
        (pd.DataFrame(FRAME), None, "name of their column"),
        (pd.DataFrame(FRAME), "blorp", "no column 'blorp'. It has a, word, kind"),
        (pd.DataFrame(FRAME), pd.Series(CLASSES, name="kind"), "has a column 'kind' already"),
        (pd.DataFrame(FRAME), [1, 2], "60 rows and y 2 classes"),
        (5, [1], "has the shape"),
        (torch.utils.data.TensorDataset(torch.zeros(4, 2)), None, "pairs of an input"),
        (torch.utils.data.TensorDataset(torch.zeros(4, 2), torch.zeros(4)), [1], "leave y out"),
    ],
)
def test_what_is_no_data_is_refused_with_what_to_give(x, y, text):
    with pytest.raises(RequestError, match=text):
        genas.dataset(x, y)


def test_x_and_a_task_or_y_alone_are_refused():
    with pytest.raises(RequestError, match="either a task, or x and y"):
        genas.propose("anything", x=ROWS, y=CLASSES, task="digits")
    with pytest.raises(RequestError, match="give x too"):
        genas.propose("anything", y=CLASSES)


def test_the_example_in_the_docstring_is_right():
    (found, *_) = doctest.DocTestFinder(recurse=False).find(genas.dataset, "dataset", globs={})
    assert found.examples and doctest.DocTestRunner().run(found).failed == 0
