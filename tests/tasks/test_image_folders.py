"""Images in folders: which folder is a class, which a split, and which files are left out."""

import shutil

import pytest
from own_files import all_labels, folders, pixels, said
from PIL import Image

from genas.core.errors import RequestError
from genas.tasks.images import Images


def test_folder_per_class(tmp_path):
    task = Images(path=folders(tmp_path))
    assert task.classes == ("cat", "dog") and task.outputs == 2 and task.input_shape == (3, 8, 8)
    assert [task.data(s).labels.bincount().tolist() for s in ("train", "val", "test")] == [[14, 14], [3, 3], [3, 3]]
    data = task.data("train")
    assert data.inputs[data.labels == 0].max() < 100 <= data.inputs[data.labels == 1].min()
    assert "cat, dog" in task.description


def test_folders_of_splits_are_kept_and_what_they_lack_is_held_out(tmp_path):
    folders(tmp_path / "train", (20, 20))
    folders(tmp_path / "test", (4, 6))
    task = Images(path=str(tmp_path))
    assert task.data("test").labels.bincount().tolist() == [4, 6]
    assert task.data("val").labels.bincount().tolist() == [3, 3]
    assert task.data("train").labels.bincount().tolist() == [17, 17]


@pytest.mark.parametrize(
    "names",
    [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("Train", "Holdout"),
        ("d/train", "d/eval"),
        ("flowers_train", "flowers_test"),
        ("train", "test1"),
    ],
)
def test_folders_are_splits_by_name_in_any_spelling(tmp_path, names):
    folders(tmp_path / "x" / names[0], (20, 20))
    folders(tmp_path / "x" / names[1], (4, 6))
    task = Images(path=str(tmp_path / "x"))
    assert task.classes == ("cat", "dog") and task.data("test").labels.bincount().tolist() == [4, 6]
    assert len(task.data("train").labels) == 34


def test_a_class_may_be_called_train(tmp_path):
    task = Images(path=folders(tmp_path, (12, 12, 12), ("bus", "car", "train"), size=(4, 4), channels=1))
    assert task.classes == ("bus", "car", "train") and task.outputs == 3


def test_classes_may_hold_their_splits(tmp_path):
    for name in ("cat", "dog"):
        folders(tmp_path / name, (12, 5), ("Train", "test"))
    task = Images(path=str(tmp_path))
    assert task.classes == ("cat", "dog") and task.data("test").labels.bincount().tolist() == [5, 5]
    assert said(task, "Each class", "holds its splits (Train, test)")
    (tmp_path / "dog" / "extra").mkdir()
    for name in ("readme.txt", "extra/notes.txt"):
        (tmp_path / "dog" / name).write_text("x")
    assert said(Images(path=str(tmp_path)), "2 files", "no image by its ending")
    folders(tmp_path, (9,), ("emu",))
    with pytest.raises(RequestError, match=r"class cat .* but emu has none to train on"):
        Images(path=str(tmp_path))


def test_folders_within_the_folder_of_a_class_are_said(tmp_path):
    folders(tmp_path / "dog", (10, 10), ("boxer", "pug"))
    folders(tmp_path / "cat", (10, 10), ("manx", "siam"))
    task = Images(path=str(tmp_path))
    assert task.classes == ("cat", "dog") and all_labels(task) == [20, 20]
    assert said(task, "4 folders", "as cat/manx", "of the class 'cat'")


def test_an_empty_split_is_said_and_an_empty_class_of_a_split_refused(tmp_path):
    folders(tmp_path / "train", (12, 12))
    folders(tmp_path / "val", (0, 0))
    assert said(Images(path=str(tmp_path)), "'val'", "is empty, so the val split is taken from train")
    folders(tmp_path / "train", (0,), ("emu",))
    with pytest.raises(RequestError, match=r"class 'emu' .* has no images"):
        Images(path=str(tmp_path))


def test_images_that_lie_in_no_folder_of_a_class_are_named_where_there_are_no_others(tmp_path):
    for i in range(3):
        Image.fromarray(pixels(0, i)).save(tmp_path / f"{i}.png")
    with pytest.raises(RequestError, match=r"left out: 3 beside the folders of classes, as 0\.png"):
        Images(path=str(tmp_path))


@pytest.mark.parametrize(
    ("tops", "message"),
    [
        (("test", "cat/x"), "'test', which holds folders itself, beside cat"),
        (("test", "trainval"), "'test', which holds folders itself, beside trainval"),
        (("cat_train/.", "cat_test/.", "dog_train/."), "cat_test and cat_train are called by a class and a split"),
        (("test", "valid"), "splits test, valid, but none to train on"),
        (("train", "other/deep"), "'train', which holds folders itself, beside other"),
        (("train", "val", "dev"), "both name the val split"),
    ],
)
def test_folders_that_may_be_splits_or_classes_are_refused(tmp_path, tops, message):
    for top in tops:
        folders(tmp_path / top, (4, 4))
    with pytest.raises(RequestError, match=message):
        Images(path=str(tmp_path))


def test_a_class_that_only_the_test_split_has_is_refused_and_another_case_is_matched(tmp_path):
    folders(tmp_path / "train", (12, 12))
    folders(tmp_path / "test", (4, 4), ("Cat", "dog"))
    assert said(Images(path=str(tmp_path)), "'Cat' is taken for 'cat'")
    folders(tmp_path / "test", (4,), ("emu",))
    with pytest.raises(RequestError, match=r"'emu'.*none in its train split"):
        Images(path=str(tmp_path))


def test_files_that_are_left_out_are_counted_with_their_reason(tmp_path):
    folders(tmp_path)
    shutil.copytree(tmp_path / "cat", tmp_path / "cat" / ".ipynb_checkpoints")
    (tmp_path / "cat" / "._0.png").write_bytes(b"x")
    (tmp_path / "cat" / "notes.txt").write_text("x")
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "dog" / "cats").symlink_to(tmp_path / "cat")
    (tmp_path / "all").symlink_to(tmp_path)
    shutil.copy(tmp_path / "dog" / "0.png", tmp_path / "stray.png")
    task = Images(path=str(tmp_path))
    assert all_labels(task) == [20, 20]
    assert said(task, "20 files", "in hidden folders") and said(task, "1 file ", "hidden, as", "._0.png")
    assert said(task, "1 file ", "no image by its ending", "notes.txt") and said(task, "1 file ", "links to nothing")
    assert task.classes == ("cat", "dog") and said(task, "links to a folder that they lie in (as all)")
    assert said(task, "links to folders", "cats") and said(task, "beside the folders of classes", "stray.png")


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JPG", "webp", "tif", "bmp", "gif", "ppm"])
def test_every_usual_ending_is_read(tmp_path, ending):
    kind = {"jfif": "jpeg", "jpe": "jpeg", "jpg": "jpeg", "tif": "tiff"}.get(ending.lower(), ending)
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for i in range(6):
            Image.fromarray(pixels(label, i)).save(tmp_path / name / f"{i}.{ending}", kind)
    assert all_labels(Images(path=str(tmp_path))) == [6, 6]


@pytest.mark.parametrize(
    ("counts", "names", "message"),
    [((20,), ("cat",), "one class only"), ((0, 20), ("cat", "dog"), "'cat'"), ((0, 0), ("a", "b"), "no images")],
)
def test_unfit_folders(tmp_path, counts, names, message):
    with pytest.raises(RequestError, match=message):
        Images(path=folders(tmp_path, counts, names))
