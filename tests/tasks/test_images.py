"""The user's own images in every form they may have, and what is said when they are unfit."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use
from genas.tasks.images import Images


def _pixels(label: int, i: int, size=(8, 8), channels=3) -> np.ndarray:
    draw = np.random.default_rng([label, i])
    shape = (*size, channels) if channels == 3 else size
    return draw.integers(100 * label, 100 * label + 100, shape).astype(np.uint8)


def _folders(root, counts=(20, 20), names=("cat", "dog"), **how):
    for label, (name, count) in enumerate(zip(names, counts, strict=True)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(_pixels(label, i, **how)).save(root / name / f"{i}.png")
    return str(root)


def _bytes(path) -> bytes:
    return path.read_bytes()


def _all_labels(task):
    return torch.cat([task.data(s).labels for s in ("train", "val", "test")]).bincount().tolist()


def test_folder_per_class(tmp_path):
    task = Images(path=_folders(tmp_path))
    assert task.classes == ("cat", "dog") and task.outputs == 2 and task.input_shape == (3, 8, 8)
    assert [task.data(s).labels.bincount().tolist() for s in ("train", "val", "test")] == [[14, 14], [3, 3], [3, 3]]
    data = task.data("train")
    assert data.inputs[data.labels == 0].max() < 100 <= data.inputs[data.labels == 1].min()
    assert "cat, dog" in task.description


def test_folders_of_splits_are_kept_and_what_they_lack_is_held_out(tmp_path):
    _folders(tmp_path / "train", (20, 20))
    _folders(tmp_path / "test", (4, 6))
    task = Images(path=str(tmp_path))
    assert task.data("test").labels.bincount().tolist() == [4, 6]
    assert task.data("val").labels.bincount().tolist() == [3, 3]
    assert task.data("train").labels.bincount().tolist() == [17, 17]


@pytest.mark.parametrize("channels", [1, 3])
def test_npz(tmp_path, channels):
    x = np.stack([_pixels(i % 2, i, channels=channels) for i in range(40)])
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    task = Images(path=str(tmp_path / "a.npz"))
    assert task.input_shape == (channels, 8, 8)
    assert _all_labels(task) == [20, 20]


def test_npz_of_shares_channels_first_with_its_own_split(tmp_path):
    x = np.stack([_pixels(i % 2, i) for i in range(40)]).transpose(0, 3, 1, 2) / 255.0
    y = np.array(["no", "yes"])[np.arange(40) % 2]
    np.savez(tmp_path / "a.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:], y_test=y[30:])
    task = Images(path=str(tmp_path / "a.npz"))
    assert task.classes == ("no", "yes") and task.input_shape == (3, 8, 8)
    assert len(task.data("test").labels) == 10
    assert torch.equal(task.data("test").inputs[1], torch.from_numpy(_pixels(1, 31)).permute(2, 0, 1))


@pytest.mark.parametrize("struct", [False, True])
def test_parquet_with_names_and_splits(tmp_path, struct):
    _folders(tmp_path / "raw", (10, 10))
    cells = [_bytes(tmp_path / "raw" / name / f"{i}.png") for name in ("cat", "dog") for i in range(10)]
    cells = [{"bytes": c, "path": None} for c in cells] if struct else cells
    splits = (["train"] * 6 + ["validation"] * 2 + ["test"] * 2) * 2
    table = pa.table({"image": cells, "label": [0] * 10 + [1] * 10, "split": splits})
    table = table.replace_schema_metadata({"classes": json.dumps(["Cat", "Dog", "Unused"])})
    pq.write_table(table, tmp_path / "a.parquet")
    task = Images(path=str(tmp_path / "a.parquet"))
    assert task.classes == ("Cat", "Dog")
    assert [len(task.data(s).labels) for s in ("train", "val", "test")] == [12, 4, 4]


def test_hugging_face_dataset_on_disk(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features
    from datasets import Image as Picture

    _folders(tmp_path / "raw", (12, 12))
    files = [str(tmp_path / "raw" / name / f"{i}.png") for name in ("cat", "dog") for i in range(12)]
    features = Features({"image": Picture(), "label": ClassLabel(names=["cat", "dog"])})
    made = Dataset.from_dict({"image": files, "label": [0] * 12 + [1] * 12}, features=features)
    DatasetDict({"train": made, "test": made.select([0, 23])}).save_to_disk(str(tmp_path / "set"))
    task = Images(path=str(tmp_path / "set"))
    assert task.classes == ("cat", "dog") and task.input_shape == (3, 8, 8)
    assert task.data("test").labels.tolist() == [0, 1]
    made.save_to_disk(str(tmp_path / "one"))
    assert _all_labels(Images(path=str(tmp_path / "one"))) == [12, 12]


def test_shipped_parquet_files(bench_data):
    task = Images(path=str(bench_data / "images" / "steel_defects.parquet"), limit=60)
    assert task.input_shape == (1, 64, 64) and task.outputs == 6
    assert task.data("train").labels.bincount().tolist() == [10] * 6
    assert len(task.data("test").labels) == 270


def test_division_does_not_depend_on_the_instance(tmp_path):
    path = _folders(tmp_path)
    assert torch.equal(Images(path=path).data("test").inputs, Images(path=path).data("test").inputs)


def test_unequal_sizes_become_squares_and_it_is_said(tmp_path):
    _folders(tmp_path / "a", size=(10, 20))
    _folders(tmp_path / "b", size=(30, 12), names=("cat", "cow"))
    (tmp_path / "b" / "cow").rename(tmp_path / "a" / "cow")
    task = Images(path=str(tmp_path / "a"))
    assert task.input_shape == (3, 10, 10)
    assert "scale to 10x10" in task.preparation
    assert Images(path=str(tmp_path / "a"), size=6, channels=1).input_shape == (1, 6, 6)


def test_whether_images_may_be_mirrored_is_the_users_to_say_and_unknown_else(tmp_path):
    path = _folders(tmp_path, size=(4, 4))
    assert [Images(path=path, mirror=mirror).mirror for mirror in (None, True, False)] == [None, True, False]
    assert Images(path=path).mirror is None


def test_corrupt_image_is_named(tmp_path):
    path = _folders(tmp_path)
    whole = _bytes(tmp_path / "dog" / "7.png")
    (tmp_path / "dog" / "7.png").write_bytes(b"no picture")
    with pytest.raises(RequestError, match=r"7\.png"):
        Images(path=path)
    (tmp_path / "dog" / "7.png").write_bytes(whole[: len(whole) // 2])  # the header is sound
    task = Images(path=path)
    with pytest.raises(RequestError, match=r"7\.png"):
        [task.data(split) for split in ("train", "val", "test")]


@pytest.mark.parametrize(
    ("counts", "names", "message"),
    [((20,), ("cat",), "one class only"), ((0, 20), ("cat", "dog"), "'cat'"), ((0, 0), ("a", "b"), "no images")],
)
def test_unfit_folders(tmp_path, counts, names, message):
    with pytest.raises(RequestError, match=message):
        Images(path=_folders(tmp_path, counts, names))


def test_too_few_to_divide(tmp_path):
    with pytest.raises(RequestError, match="too few"):
        Images(path=_folders(tmp_path, (2, 2)))


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
        ({"x": np.full((4, 8, 8), -1.0), "y": np.arange(4)}, "0..255"),
        ({"a": np.zeros(3)}, "arrays x and y"),
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
        registry.create("tasks", Use("images", {"path": _folders(tmp_path), **options}))
