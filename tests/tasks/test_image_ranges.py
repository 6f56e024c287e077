"""What black and white are belongs to the whole data set; more than eight bits are kept."""

import shutil
import struct
import zlib

import numpy as np
import pytest
import torch
from own_files import said
from PIL import Image

from genas.core.errors import RequestError
from genas.tasks.images import Images


def _deep(root, top: float, kind: str, suffix: str) -> Images:
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for i in range(12):
            draw = np.random.default_rng([label, i]).random((6, 6))
            Image.fromarray((draw * top).astype(kind)).save(root / name / f"{i}.{suffix}")
    return Images(path=str(root))


@pytest.mark.parametrize("top", [1000, 4000, 65000])
def test_more_than_eight_bits_are_kept(tmp_path, top):
    task = _deep(tmp_path, top, "uint16", "png")
    inputs = task.data("train").inputs
    assert inputs.dtype == torch.float32 and 0.8 < float(inputs.max()) <= 1 and len(inputs.unique()) > 256
    prepared = task.prepare(inputs)
    assert abs(float(prepared.mean())) < 1e-5 and float(prepared.std()) == pytest.approx(1, abs=1e-2)


def test_one_float_pixel_beyond_white_changes_no_other(tmp_path):
    first = _deep(tmp_path / "a", 1.0, "float32", "tif")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    pixels = np.array(Image.open(tmp_path / "b" / "cat" / "3.tif"))
    pixels[0, 0] = 1.0001
    Image.fromarray(pixels).save(tmp_path / "b" / "cat" / "3.tif")
    second = Images(path=str(tmp_path / "b"))
    changed = [(first.data(s).inputs != second.data(s).inputs).sum() for s in ("train", "val", "test")]
    assert int(sum(changed)) == 1 and len(first.data("train").inputs.unique()) > 500


def test_images_of_ranges_that_cannot_be_compared_are_refused(tmp_path):
    _deep(tmp_path, 4000, "uint16", "png")
    Image.fromarray(np.zeros((6, 6), dtype=np.uint8)).save(tmp_path / "cat" / "x.png")
    with pytest.raises(RequestError, match=r"8 bits \(.*x\.png\), whose ranges can't be compared"):
        Images(path=str(tmp_path))


def _colour_of_sixteen_bits(pixels: np.ndarray) -> bytes:
    """A PNG file [H, W, 3] as cameras write them and Pillow doesn't."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    packed = (struct.pack(">I", len(v)) + k + v + struct.pack(">I", zlib.crc32(k + v)) for k, v in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_colours_of_sixteen_bits_are_said_and_refused_where_the_upper_eight_hold_nothing(tmp_path):
    for top in (65535, 4095):
        for label, name in enumerate(("cat", "dog")):
            (tmp_path / name).mkdir(exist_ok=True)
            for i in range(6):
                pixels = np.random.default_rng([label, i]).integers(0, top, (8, 8, 3))
                (tmp_path / name / f"{i}.png").write_bytes(_colour_of_sixteen_bits(pixels))
        task = Images(path=str(tmp_path))
        if top == 65535:
            assert said(task, "12 images have 16 bits for each colour; the upper 8 are read")
    with pytest.raises(RequestError, match=r"16 bits for each colour.*Save them with eight bits"):
        task.examine()


def test_images_that_lose_their_ink_are_said(tmp_path):
    for label, name in enumerate(("black", "white")):
        (tmp_path / name).mkdir()
        for i in range(8):
            ink = np.full((6, 6, 4), 255 * label, dtype=np.uint8)
            ink[:, :, 3] = np.random.default_rng([label, i]).integers(0, 256, (6, 6))
            Image.fromarray(ink).save(tmp_path / name / f"{i}.png")
    task = Images(path=str(tmp_path))
    black = task.data("train").inputs[task.data("train").labels == 0]
    assert len(black.unique()) > 100 and said(task, "8 of 16 images are one flat colour", "opacity")


def test_arrays_of_floats_keep_their_values(tmp_path):
    x = np.linspace(0, 1, 40 * 36).reshape(40, 6, 6)
    parts = {"train_images": x, "train_labels": np.arange(40)[:, None] % 2}
    parts |= {
        f"{s}_{k}": v[:8] for s in ("val", "test") for k, v in (("images", x + 0.5), ("labels", np.arange(8) % 2))
    }
    np.savez(tmp_path / "a.npz", **parts)
    task = Images(path=str(tmp_path / "a.npz"))
    assert [len(task.data(s).labels) for s in ("train", "val", "test")] == [40, 8, 8]
    np.testing.assert_allclose(task.data("train").inputs[:, 0].numpy(), x, rtol=1e-6)
    np.testing.assert_allclose(task.data("test").inputs[:, 0].numpy(), x[:8] + 0.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (1.0, 255.0, "beyond the 0 to 1 of the training images"),
        (255.3, 1.0, "in little of the 0 to 255 of the training images"),
    ],
)
def test_a_split_that_was_scaled_otherwise_is_said(tmp_path, train, test, words):
    x, y = np.random.default_rng(0).random((40, 6, 6)), np.arange(40) % 2
    np.savez(tmp_path / "a.npz", x_train=x[:30] * train, y_train=y[:30], x_test=x[30:] * test, y_test=y[30:])
    assert said(Images(path=str(tmp_path / "a.npz")), "test split", words)


def test_bytes_beside_shares_in_another_split_are_said(tmp_path):
    x, y = np.random.default_rng(0).integers(0, 256, (40, 6, 6)).astype(np.uint8), np.arange(40) % 2
    np.savez(tmp_path / "a.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:] / 255, y_test=y[30:])
    assert said(Images(path=str(tmp_path / "a.npz")), "test split go from 0 to 1, in little of the 0 to 255")
    np.savez(tmp_path / "a.npz", x_train=x[:30], y_train=y[:30], x_test=x[30:] // 128, y_test=y[30:])
    assert said(Images(path=str(tmp_path / "a.npz")), "test split go from 0 to 1, in little of the 0 to 255")


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_small_differences_of_large_values_are_kept(tmp_path, kind):
    x = (1e7 + 50 * np.random.default_rng(0).normal(size=(40, 6, 6))).astype(kind)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    task = Images(path=str(tmp_path / "a.npz"))
    prepared = task.prepare(task.data("train").inputs)[:, 0].double().numpy()
    chosen = x[task._rows["train"].numpy()]
    np.testing.assert_allclose(prepared, (chosen - chosen.mean()) / chosen.std(), atol=1e-5)


def test_opacity_of_sixteen_bits_and_of_shares_is_composed_over_white(tmp_path):
    x, y = np.random.default_rng(0).integers(0, 65536, (40, 6, 6, 4)), np.arange(40) % 2
    for values, white in ((x.astype(np.uint16), 65535), (x / 65535, 1)):
        np.savez(tmp_path / "a.npz", x=values, y=y)
        task = Images(path=str(tmp_path / "a.npz"))
        shown = (x[..., :3] / 65535 - 1) * x[..., 3:] / 65535 + 1
        rows = task._rows["train"].numpy()
        found = task.data("train").inputs.permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(found, shown[rows], atol=1e-5)
        assert task.form.high == white
    for values in (x / 257.3, x.astype(np.int32)):
        np.savez(tmp_path / "a.npz", x=values, y=y)
        with pytest.raises(RequestError, match=r"unclear which value is opaque\. Save bytes, uint16 or shares"):
            Images(path=str(tmp_path / "a.npz"))


def test_thirty_two_bits_beside_eight_are_refused(tmp_path):
    for name, kind in (("cat", np.int32), ("dog", np.uint8)):
        (tmp_path / name).mkdir()
        for i in range(8):
            pixels = np.random.default_rng(i).integers(0, 256, (6, 6)).astype(kind)
            Image.fromarray(pixels * (70_000 if kind == np.int32 else 1)).save(tmp_path / name / f"{i}.tif")
    with pytest.raises(RequestError, match=r"8 bits .*dog.*whose ranges can't be compared"):
        Images(path=str(tmp_path))
