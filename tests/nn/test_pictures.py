"""Pictures as tensors: reading, splitting and standardising."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from genas.core.errors import RequestError
from genas.nn import pictures


def _png(array, mode=None, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(array), mode).save(out, "png", **options)
    return out.getvalue()


def test_colour_and_grey_have_the_asked_channels():
    colour = np.zeros((2, 3, 3), dtype=np.uint8)
    colour[0, 1] = (255, 0, 10)
    found = pictures.decode(_png(colour), "x", channels=3)
    assert found.shape == (3, 2, 3) and found.dtype == torch.uint8
    assert found[:, 0, 1].tolist() == [255, 0, 10]
    assert pictures.decode(_png(colour), "x", channels=1).shape == (1, 2, 3)
    assert pictures.measure(_png(colour), "x") == (3, 2, 3)
    assert pictures.measure(_png(colour[..., 0]), "x") == (1, 2, 3)


def test_sixteen_bits_of_grey_become_eight():
    deep = np.array([[0, 65535], [257, 25700]], dtype=np.uint16)
    assert pictures.decode(_png(deep), "x", channels=1)[0].tolist() == [[0, 255], [1, 100]]


def test_a_picture_is_turned_as_its_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    wide = _png(np.zeros((2, 4, 3), dtype=np.uint8), exif=exif)
    assert pictures.decode(wide, "x").shape == (3, 4, 2)


def test_scaled_to_the_size_asked_for():
    assert pictures.decode(_png(np.zeros((9, 5, 3), dtype=np.uint8)), "x", size=(4, 6)).shape == (3, 4, 6)


@pytest.mark.parametrize("broken", [b"", b"not an image", _png(np.zeros((40, 40, 3), dtype=np.uint8))[:60]])
def test_what_is_no_picture_is_named(broken):
    with pytest.raises(RequestError, match="holiday"):
        pictures.decode(broken, "holiday.png")


def test_split_keeps_shares_in_every_class_and_uses_each_row_once():
    labels = torch.tensor([0] * 100 + [1] * 20 + [2] * 3)
    train, val, test = pictures.split(labels)
    assert sorted(torch.cat((train, val, test)).tolist()) == list(range(123))
    assert labels[train].bincount().tolist() == [70, 14, 1]
    assert labels[val].bincount().tolist() == [15, 3, 1]
    assert labels[test].bincount().tolist() == [15, 3, 1]
    assert all(torch.equal(a, b) for a, b in zip(pictures.split(labels), (train, val, test), strict=True))
    assert not torch.equal(pictures.split(labels, seed=1)[1], val)


def test_held_out_share_of_every_class():
    labels = torch.tensor([0] * 50 + [1] * 10)
    rest, held = pictures.hold_out(labels, 0.1)
    assert labels[held].bincount().tolist() == [5, 1]
    assert sorted(torch.cat((rest, held)).tolist()) == list(range(60))


def test_subset_in_proportion_and_exact():
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    rows = pictures.subset(labels, 11)
    assert len(rows) == len(set(rows.tolist())) == 11
    assert labels[rows].bincount().tolist() == [6, 3, 2]  # 5.5, 3.3, 2.2
    assert torch.equal(pictures.subset(labels, 1000), torch.arange(100))


def test_statistics_of_all_pixels():
    inputs = torch.randint(0, 256, (5000, 2, 2, 3), generator=torch.Generator().manual_seed(0)).byte()
    mean, std = pictures.statistics(inputs, 255.0)
    scaled = inputs.double() / 255
    assert mean == pytest.approx(scaled.mean((0, 2, 3)).tolist())
    assert std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist())
    assert pictures.statistics(torch.full((3, 1, 2, 2), 7, dtype=torch.uint8), 255.0)[1] == (1.0,)
