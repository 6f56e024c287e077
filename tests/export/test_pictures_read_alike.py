"""An exported network's `read` gives the very arrays of the task, for every form that pictures come in."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from carried import reading_of
from PIL import Image

from genas.core.interfaces import Task
from genas.tasks.cifar10 import Cifar10
from genas.tasks.digits import DigitsTask
from genas.tasks.images import Images


def noise(label: int, i: int, shape: tuple[int, ...], low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng([label, i]).integers(low, high, shape)


def colour(label: int, i: int) -> Image.Image:
    return Image.fromarray(noise(label, i, (9, 12, 3)).astype(np.uint8))


def palette(label: int, i: int) -> Image.Image:
    found = colour(label, i).quantize(16)
    found.info["transparency"] = 3
    return found


def with_opacity(label: int, i: int) -> Image.Image:
    return Image.fromarray(noise(label, i, (9, 12, 2)).astype(np.uint8), "LA")


def deep(high: int):
    return lambda label, i: Image.fromarray(noise(label, i, (9, 12), 0, high).astype(np.uint16))


def floats(label: int, i: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng([label, i]).random((9, 12)).astype(np.float32))


def turned(label: int, i: int) -> Image.Image:
    found = colour(label, i)
    found.getexif()[0x0112] = 6
    return found


def inked(label: int, i: int) -> Image.Image:
    return colour(label, i).convert("CMYK")


def black_and_white(label: int, i: int) -> Image.Image:
    return Image.fromarray(noise(label, i, (9, 12)).astype(np.uint8)).convert("1")


FORMS = {
    "colour.png": colour,
    "palette.png": palette,
    "opacity.png": with_opacity,
    "sixteen.png": deep(65536),
    "ten.png": deep(1024),
    "twelve.TIF": deep(4096),
    "floats.tiff": floats,
    "turned.jpg": turned,
    "turned.png": turned,
    "ink.jpeg": inked,
    "bits.bmp": black_and_white,
    "moments.GIF": palette,
    "web.webp": colour,
    "plain.pgm": lambda label, i: colour(label, i).convert("L"),
}


def written(root: Path, name: str, count: int = 8) -> Path:
    """Splits of folders of classes."""
    make, ending = FORMS[name], name.partition(".")[2]
    for split in ("train", "test"):
        for label, word in enumerate(("cat", "dog")):
            folder = root / split / word
            folder.mkdir(parents=True)
            for i in range(count):
                made = make(label, i + 100 * (split == "test"))
                made.save(folder / f"{i}.{ending}", **({"exif": made.getexif()} if "turned" in name else {}))
    return root


def same(task: Task, given: object, folder: Path, split: str = "test") -> None:
    """What the written package reads is what the task holds, bit for bit."""
    with reading_of(task, folder) as reading:
        found = reading.read(given)
    wanted = task.data(split).inputs.numpy()
    assert found.dtype == wanted.dtype and found.shape == wanted.shape
    assert np.array_equal(found, wanted)
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("name", FORMS)
def test_files_in_folders(tmp_path, name):
    root = written(tmp_path / "data", name)
    task = Images(path=str(root), size=8)
    same(task, root / "test", tmp_path / "winner")
    files = sorted((root / "test").rglob("*.*"))
    same(task, [str(file) for file in files], tmp_path / "winner")


def test_a_file_of_eight_bits_among_deeper_ones(tmp_path):
    root = written(tmp_path / "data", "sixteen.png")
    for split in ("train", "test"):
        colour(0, 7).convert("L").save(root / split / "cat" / "eight.png")
    same(Images(path=str(root)), root / "test", tmp_path / "winner")


ARRAYS = {
    "bytes, channels last": lambda n: noise(0, n, (n, 8, 8, 3)).astype(np.uint8),
    "bytes, channels first": lambda n: noise(0, n, (n, 3, 8, 8)).astype(np.uint8),
    "grey bytes as whole numbers": lambda n: noise(0, n, (n, 8, 8)),
    "shares of 255": lambda n: (noise(0, n, (n, 8, 8)) / 255).astype(np.float32),
    "floats to 255": lambda n: noise(0, n, (n, 8, 8)).astype(np.float64),
    "floats from -1": lambda n: np.random.default_rng(n).uniform(-1, 1, (n, 8, 8)),
    "counts to 4,000": lambda n: noise(0, n, (n, 8, 8), 0, 4000),
    "truth": lambda n: noise(0, n, (n, 8, 8), 0, 2).astype(bool),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(tmp_path, name):
    train, test = ARRAYS[name](40), ARRAYS[name](12)
    labels = {"y_train": np.arange(40) % 2, "y_test": np.arange(12) % 2}
    np.savez(tmp_path / "data.npz", x_train=train, x_test=test, **labels)
    np.savez(tmp_path / "new.npz", x=test)
    np.savez(tmp_path / "nameless.npz", test)
    task = Images(path=str(tmp_path / "data.npz"))
    same(task, tmp_path / "new.npz", tmp_path / "winner")
    same(task, tmp_path / "nameless.npz", tmp_path / "winner")


def png(label: int, i: int) -> bytes:
    stream = io.BytesIO()
    colour(label, i).save(stream, "PNG")
    return stream.getvalue()


def test_a_parquet_file_with_and_without_labels(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [png(i % 2, i) for i in range(40)]
    splits = ["test" if i >= 30 else "train" for i in range(40)]
    table = pa.table({"image": images, "label": [i % 2 for i in range(40)], "split": splits})
    pq.write_table(table, tmp_path / "data.parquet")
    pq.write_table(pa.table({"image": images[30:]}), tmp_path / "new.parquet")
    pq.write_table(table.slice(30), tmp_path / "labelled.parquet")
    task = Images(path=str(tmp_path / "data.parquet"))
    for name in ("new", "labelled"):
        same(task, tmp_path / f"{name}.parquet", tmp_path / "winner")


def test_a_hugging_face_dataset_on_disk(tmp_path):
    from datasets import ClassLabel, Dataset, DatasetDict, Features
    from datasets import Image as Picture

    def part(first: int, count: int) -> Dataset:
        cells = [{"bytes": png(i % 2, i), "path": None} for i in range(first, first + count)]
        kinds = Features({"image": Picture(), "label": ClassLabel(names=["cat", "dog"])})
        return Dataset.from_dict({"image": cells, "label": [i % 2 for i in range(count)]}, features=kinds)

    DatasetDict({"train": part(0, 30), "test": part(30, 10)}).save_to_disk(str(tmp_path / "data"))
    part(30, 10).remove_columns("label").save_to_disk(str(tmp_path / "new"))
    same(Images(path=str(tmp_path / "data")), tmp_path / "new", tmp_path / "winner")


def test_pictures_for_a_packaged_set_of_other_grey_levels(tmp_path):
    raw = DigitsTask().data("test").inputs[:5]
    for number, image in enumerate(raw.numpy()):
        Image.fromarray((image[0] * 15.9375).round().astype(np.uint8)).save(tmp_path / f"{number}.png")
    with reading_of(DigitsTask(), tmp_path / "winner") as reading:
        found = reading.read(sorted(tmp_path.glob("*.png")))
    assert found.shape == (5, 1, 8, 8) and np.abs(found - raw.numpy()).max() < 0.05


def test_pictures_of_any_size_for_a_published_set(tmp_path):
    colour(0, 1).save(tmp_path / "it.png")
    with reading_of(Cifar10(), tmp_path / "winner") as reading:
        assert reading.read(str(tmp_path / "it.png")).shape == (1, 3, 32, 32)


def refused(task: Task, given: Path, folder: Path, *words: str) -> None:
    with reading_of(task, folder) as reading, pytest.raises(ValueError) as told:
        reading.read(given)
    assert all(word in str(told.value) for word in words), told.value


def test_pictures_of_another_depth_are_refused(tmp_path):
    shallow = Images(path=str(written(tmp_path / "shallow", "colour.png")))
    ten = Images(path=str(written(tmp_path / "ten", "ten.png")))
    refused(shallow, tmp_path / "ten" / "test", tmp_path / "winner", "more than 8 bits", "Save it")
    refused(ten, tmp_path / "shallow" / "test", tmp_path / "winner", "has 8 bits", "Save it")


def test_arrays_scaled_otherwise_are_refused(tmp_path):
    labels = {"y": np.arange(40) % 2}
    shares = noise(0, 0, (40, 8, 8)) / 255
    np.savez(tmp_path / "shares.npz", x=shares, **labels)
    np.savez(tmp_path / "bytes.npz", x=noise(0, 0, (40, 8, 8)).astype(np.float32), **labels)
    by_shares, by_bytes = (Images(path=str(tmp_path / f"{name}.npz")) for name in ("shares", "bytes"))
    files = Images(path=str(written(tmp_path / "files", "plain.pgm")))
    refused(by_shares, tmp_path / "bytes.npz", tmp_path / "winner", "white was 1", "Scale")
    refused(by_bytes, tmp_path / "shares.npz", tmp_path / "winner", "white was 255", "Scale")
    refused(files, tmp_path / "shares.npz", tmp_path / "winner", "uint8")
    np.savez(tmp_path / "plain.npz", x=noise(0, 0, (40, 8, 8)).astype(np.uint8))
    for task in (by_shares, by_bytes):
        wanted = task.data("train").inputs.numpy()
        with reading_of(task, tmp_path / "winner") as reading:
            found = reading.read(tmp_path / "plain.npz")
        assert np.array_equal(found[task._rows["train"].numpy()], wanted)


def test_what_is_left_out_is_a_warning_and_a_damaged_file_an_error(tmp_path):
    root = written(tmp_path / "data", "colour.png")
    task = Images(path=str(root))
    (root / "test" / "cat" / "notes.txt").write_text("nothing")
    with reading_of(task, tmp_path / "winner") as reading, pytest.warns(UserWarning, match=r"1 file .*notes\.txt"):
        assert len(reading.read(root / "test")) == 16
    (root / "test" / "cat" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    refused(task, root / "test", tmp_path / "winner", "0.png", "cannot be read")
