"""The user's own images in every form they may have, and what is said when they are unfit."""

import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from own_files import all_labels, folders, pixels, said
from PIL import Image

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use
from genas.tasks.images import Images


def _bytes(path) -> bytes:
    return path.read_bytes()


def _encoded(label, i) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels(label, i)).save(out, "png")
    return out.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
def test_npz(tmp_path, channels):
    x = np.stack([pixels(i % 2, i, channels=channels) for i in range(40)])
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    task = Images(path=str(tmp_path / "a.npz"))
    assert task.input_shape == (channels, 8, 8)
    assert all_labels(task) == [20, 20]


def test_npz_of_shares_channels_first_with_its_own_split(tmp_path):
    x = np.stack([pixels(i % 2, i) for i in range(40)]).transpose(0, 3, 1, 2) / 255.0
    y = np.array(["no", "yes"])[np.arange(40) % 2]
    np.savez(tmp_path / "a.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    task = Images(path=str(tmp_path / "a.npz"))
    assert task.classes == ("no", "yes") and task.input_shape == (3, 8, 8)
    assert len(task.data("test").labels) == 10
    assert torch.equal(task.data("test").inputs[1], torch.from_numpy(pixels(1, 31)).permute(2, 0, 1))


@pytest.mark.parametrize("struct", [False, True])
def test_parquet_with_names_and_splits(tmp_path, struct):
    folders(tmp_path / "raw", (10, 10))
    cells = [_bytes(tmp_path / "raw" / name / f"{i}.png") for name in ("cat", "dog") for i in range(10)]
    cells = [{"bytes": c, "path": None} for c in cells] if struct else cells
    splits = (["train"] * 6 + ["validation"] * 2 + ["test"] * 2) * 2
    table = pa.table({"image": cells, "label": [0] * 10 + [1] * 10, "split": splits})
    table = table.replace_schema_metadata({"classes": json.dumps(["Cat", "Dog", "Unused"])})
    pq.write_table(table, tmp_path / "a.parquet")
    task = Images(path=str(tmp_path / "a.parquet"))
    assert task.classes == ("Cat", "Dog")
    assert [len(task.data(s).labels) for s in ("train", "val", "test")] == [12, 4, 4]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("phase", ["train"] * 12 + ["test"] * 8), ("Split", [b"TRAIN"] * 12 + [b"TEST"] * 8),
        ("is_train", [True] * 12 + [False] * 8), ("is_test", [0] * 12 + [1] * 8),
        ("subset", pa.array(["training"] * 12 + ["holdout"] * 8).dictionary_encode()),
    ],
)  # fmt: skip
def test_a_column_of_splits_is_kept_whatever_it_is_called(tmp_path, name, values):
    cells = [_encoded(i % 2, i) for i in range(20)]
    table = pa.table({"image": cells, "label": [0, 1] * 10, name: values, "camera": ["a", "b"] * 10})
    pq.write_table(table, tmp_path / "a.parquet")
    task = Images(path=str(tmp_path / "a.parquet"))
    assert torch.equal(task.data("test").inputs[0], torch.from_numpy(pixels(0, 12)).permute(2, 0, 1))
    assert len(task.data("test").labels) == 8 and said(task, "besides image and label are left out: camera")


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train_1", "test_1"), ("mnist_train", "mnist_test"), ("train/0000", "test/0000"),
        ("data/train-00000-of-00001", "data/test-00000-of-00001"), ("data/train/0", "data/test/0"),
    ],
)  # fmt: skip
def test_parquet_files_are_splits_by_their_names_or_those_of_their_folders(tmp_path, train, test):
    for name, first, count in ((train, 0, 16), (test, 16, 6)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cells = [_encoded(i % 2, first + i) for i in range(count)]
        pq.write_table(pa.table({"image": cells, "label": [0, 1] * (count // 2)}), tmp_path / f"{name}.parquet")
    task = Images(path=str(tmp_path))
    assert len(task.data("test").labels) == 6
    assert torch.equal(task.data("test").inputs[1], torch.from_numpy(pixels(1, 17)).permute(2, 0, 1))


@pytest.mark.parametrize(
    ("values", "names", "classes"),
    [
        (["0", "1"], ["cat", "dog"], ("cat", "dog")), ([0.0, 1.0], ["cat", "dog"], ("cat", "dog")),
        (["dog", "cat"], ["cat", "dog"], ("cat", "dog")), (["1", "2"], ["1", "2"], ("1", "2")),
        ([True, False], [], ("false", "true")),
    ],
)  # fmt: skip
def test_labels_of_a_parquet_file_are_named_by_its_metadata(tmp_path, values, names, classes):
    table = pa.table({"image": [_encoded(i % 2, i) for i in range(20)], "label": values * 10})
    pq.write_table(table.replace_schema_metadata({"classes": json.dumps(names)}), tmp_path / "a.parquet")
    assert Images(path=str(tmp_path / "a.parquet")).classes == classes


@pytest.mark.parametrize(("classes", "message"), [('["a", "a"]', "'a' twice"), ("[1,", "cannot be read .* JSON list")])
def test_class_names_that_tell_no_classes_are_refused(tmp_path, classes, message):
    table = pa.table({"image": [_encoded(i % 2, i) for i in range(20)], "label": [0, 1] * 10})
    pq.write_table(table.replace_schema_metadata({"classes": classes}), tmp_path / "a.parquet")
    with pytest.raises(RequestError, match=message):
        Images(path=str(tmp_path / "a.parquet"))


def test_paths_in_a_parquet_file_are_looked_for_beside_it(tmp_path):
    folders(tmp_path / "raw", (10, 10))
    cells = [{"bytes": None, "path": f"raw/{name}/{i}.png"} for i in range(10) for name in ("cat", "dog")]
    pq.write_table(pa.table({"image": cells, "label": ["cat", "dog"] * 10}), tmp_path / "a.parquet")
    assert all_labels(Images(path=str(tmp_path / "a.parquet"))) == [10, 10]


def test_hugging_face_dataset_on_disk(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features
    from datasets import Image as Picture

    folders(tmp_path / "raw", (12, 12))
    files = [str(tmp_path / "raw" / name / f"{i}.png") for name in ("cat", "dog") for i in range(12)]
    features = Features({"image": Picture(), "label": ClassLabel(names=["cat", "dog"])})
    made = Dataset.from_dict({"image": files, "label": [0] * 12 + [1] * 12}, features=features)
    DatasetDict({"train": made, "test": made.select([0, 23])}).save_to_disk(str(tmp_path / "set"))
    task = Images(path=str(tmp_path / "set"))
    assert task.classes == ("cat", "dog") and task.input_shape == (3, 8, 8)
    assert task.data("test").labels.tolist() == [0, 1]
    made.save_to_disk(str(tmp_path / "one"))
    assert all_labels(Images(path=str(tmp_path / "one"))) == [12, 12]


def test_a_column_of_splits_of_a_hugging_face_dataset_is_kept_and_other_columns_are_named(tmp_path):
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets import Image as Picture

    features = Features({
        "image": Picture(), "label": Value("int64"), "split": ClassLabel(names=["train", "test"]), "n": Value("int8"),
    })  # fmt: skip
    cells = [{"bytes": _encoded(i % 2, i), "path": None} for i in range(24)]
    columns = {"image": cells, "label": [0, 1] * 12, "split": [0] * 16 + [1] * 8, "n": list(range(24))}
    Dataset.from_dict(columns, features=features).save_to_disk(str(tmp_path / "set"))
    task = Images(path=str(tmp_path / "set"))
    assert torch.equal(task.data("test").inputs[0], torch.from_numpy(pixels(0, 16)).permute(2, 0, 1))
    assert len(task.data("test").labels) == 8 and said(task, "besides image and label are left out: n.")


def test_an_empty_split_is_said_in_arrays_and_what_hugging_face_cannot_load_is_refused(tmp_path):
    from datasets import Dataset, DatasetDict

    x = np.stack([pixels(i % 2, i) for i in range(40)])
    np.savez(tmp_path / "a.npz", x_train=x, y_train=np.arange(40) % 2, x_test=x[:0], y_test=np.arange(0))
    assert said(Images(path=str(tmp_path / "a.npz")), "'test'", "is empty, so the test split is taken from train")
    made = Dataset.from_dict({"image": [_encoded(0, 0), _encoded(1, 1)], "label": [0, 1]})
    DatasetDict({"train": made, "test": made.select([])}).save_to_disk(str(tmp_path / "set"))
    with pytest.raises(RequestError, match="cannot be read as a Hugging Face dataset"):
        Images(path=str(tmp_path / "set"))


def test_a_split_of_marks_alone_has_no_labels(tmp_path):
    x = np.stack([pixels(i % 2, i) for i in range(40)])
    np.savez(tmp_path / "a.npz", x_train=x[:30], y_train=np.arange(30) % 2, x_test=x[30:], y_test=np.full(10, -1))
    task = Images(path=str(tmp_path / "a.npz"))
    assert task.classes == ("0", "1") and said(task, "The 10 images of the test split have no labels")


def test_shipped_parquet_files(bench_data):
    task = Images(path=str(bench_data / "images" / "steel_defects.parquet"), limit=60)
    assert task.input_shape == (1, 64, 64) and task.outputs == 6
    assert task.data("train").labels.bincount().tolist() == [10] * 6
    assert len(task.data("test").labels) == 270


def test_division_does_not_depend_on_the_instance(tmp_path):
    path = folders(tmp_path)
    assert torch.equal(Images(path=path).data("test").inputs, Images(path=path).data("test").inputs)


def test_unequal_sizes_become_squares_and_it_is_said(tmp_path):
    folders(tmp_path / "a", size=(10, 20))
    folders(tmp_path / "b", size=(30, 12), names=("cat", "cow"))
    (tmp_path / "b" / "cow").rename(tmp_path / "a" / "cow")
    task = Images(path=str(tmp_path / "a"))
    assert task.input_shape == (3, 10, 10)
    assert "scale to 10x10" in task.preparation.words
    assert Images(path=str(tmp_path / "a"), size=6, channels=1).input_shape == (1, 6, 6)


def test_whether_images_may_be_mirrored_is_the_users_to_say_and_unknown_else(tmp_path):
    path = folders(tmp_path, size=(4, 4))
    assert [Images(path=path, mirror=mirror).mirror for mirror in (None, True, False)] == [None, True, False]
    assert Images(path=path).mirror is None


def test_corrupt_image_is_named(tmp_path):
    path = folders(tmp_path)
    whole = _bytes(tmp_path / "dog" / "7.png")
    (tmp_path / "dog" / "7.png").write_bytes(b"no picture")
    with pytest.raises(RequestError, match=r"7\.png"):
        Images(path=path)
    (tmp_path / "dog" / "7.png").write_bytes(whole[: len(whole) // 2])  # the header is sound
    task = Images(path=path)
    with pytest.raises(RequestError, match=r"7\.png"):
        [task.data(split) for split in ("train", "val", "test")]


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_a_cut_file_of_any_split_is_found_before_training(tmp_path, split):
    for top in ("train", "val", "test"):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / top / name).mkdir(parents=True)
            for i in range(5):
                Image.fromarray(pixels(label, i, (32, 32))).save(tmp_path / top / name / f"{i}.jpg")
    file = tmp_path / split / "dog" / "3.jpg"
    file.write_bytes(_bytes(file)[: len(_bytes(file)) * 2 // 3])
    with pytest.raises(RequestError, match=f"{split}/dog/3.jpg"):
        Images(path=str(tmp_path)).examine()


def test_copies_come_to_one_side_and_are_counted(tmp_path):
    path = folders(tmp_path)
    for i in range(20):
        for copy in "ab":
            shutil.copy(tmp_path / "dog" / f"{i}.png", tmp_path / "dog" / f"{i}{copy}.png")
    task = Images(path=path)
    sides = [{image.numpy().tobytes() for image in task.data(split).inputs} for split in ("train", "val", "test")]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert said(task, "40 of 80 images repeat another one", "equal ones are in one split")


def test_equal_images_in_splits_of_the_user_are_counted_also_in_other_formats(tmp_path):
    folders(tmp_path / "train", (12, 12))
    folders(tmp_path / "val", (4, 4))
    for name in ("cat", "dog"):
        (tmp_path / "test" / name).mkdir(parents=True)
        for i in range(4, 8):
            Image.open(tmp_path / "train" / name / f"{i}.png").save(tmp_path / "test" / name / f"{i}.bmp")
    task = Images(path=str(tmp_path))
    assert said(task, "8 of 8 images of the val split equal one of the train split")
    assert said(task, "8 of 8 images of the test split equal one of the train split")


def test_classes_and_splits_of_a_hugging_face_dataset_go_by_name(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features
    from datasets import Image as Picture

    folders(tmp_path / "raw", (12, 12))

    def part(labels, names, first=0):
        files = [str(tmp_path / "raw" / ("cat", "dog")[i % 2] / f"{first + i // 2}.png") for i in range(len(labels))]
        features = Features({"image": Picture(), "label": ClassLabel(names=names)})
        return Dataset.from_dict({"image": files, "label": labels}, features=features)

    DatasetDict({
        "train": part([0, 1] * 8, ["cat", "dog"]), "validation": part([1, 0] * 2, ["dog", "cat"], 8),
        "test": part([-1] * 4, ["cat", "dog"], 10), "extra": part([0, 1], ["cat", "dog"]),
    }).save_to_disk(str(tmp_path / "set"))  # fmt: skip
    task = Images(path=str(tmp_path / "set"))
    val = task.data("val")
    assert [task.classes[k] for k in val.labels] == ["cat", "dog"] * 2
    assert int(val.inputs[0].max()) < 100 <= int(val.inputs[1].min())
    assert said(task, "4 images of the test split have no labels") and said(task, "2 images of the split 'extra'")


def test_too_few_to_divide(tmp_path):
    with pytest.raises(RequestError, match="too few"):
        Images(path=folders(tmp_path, (2, 2)))


def test_nothing_there(tmp_path):
    with pytest.raises(RequestError, match="nothing at"):
        Images(path=str(tmp_path / "absent"))
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(RequestError, match="cannot be read"):
        Images(path=str(tmp_path / "a.txt"))
    with pytest.raises(RequestError, match="needs the option 'path'"):
        registry.create("tasks", "images")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((4, 8, 8)), "y": np.array([0, 1])}, "4 images"),
        ({"x": np.zeros((4, 8)), "y": np.zeros(4)}, "shape"),
        ({"x": np.full((4, 8, 8), np.nan), "y": np.arange(4)}, "finite"),
        ({"x": np.zeros((4, 8, 8)), "y": np.eye(4)}, "one label for each example"),
        ({"x": np.zeros((4, 8, 8)), "y": np.arange(4) + 0.5}, "fractions"),
        ({"a": np.zeros(3)}, "arrays x and y"),
        ({"x": np.zeros((4, 8, 8)), "y": np.arange(4) + 0j}, "holds complex128, which names no class"),
        (
            {"x": np.zeros((4, 8, 8)), "y": np.zeros(4), "x_test": np.zeros((4, 8, 8)), "y_test": np.zeros(4)},
            "has x beside x_test. Is it the training data",
        ),
    ],
)
def test_unfit_npz(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(RequestError, match=message):
        Images(path=str(tmp_path / "a.npz"))


def test_objects_in_an_npz_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], dtype=object), y=np.zeros(1))
    with pytest.raises(RequestError, match="plain numbers"):
        Images(path=str(tmp_path / "a.npz"))


@pytest.mark.parametrize("name", ["a.npz", "a.parquet"])
def test_broken_files(tmp_path, name):
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(RequestError, match="cannot be read"):
        Images(path=str(tmp_path / name))


def test_parquet_without_labels(tmp_path):
    pq.write_table(pa.table({"image": [b"x"]}), tmp_path / "a.parquet")
    with pytest.raises(RequestError, match="column named 'label'"):
        Images(path=str(tmp_path / "a.parquet"))


@pytest.mark.parametrize("options", [{"size": 1}, {"channels": 2}, {"limit": 1}])
def test_nonsense_options(tmp_path, options):
    with pytest.raises(RequestError):
        registry.create("tasks", Use("images", {"path": folders(tmp_path), **options}))
