"""One picture as an array: shapes, depths, opacity, orientation, and what is no picture."""

import io

import numpy as np
import pytest
from PIL import Image

from genas.reading.pictures import Form, decode, formed, look, pixels, range_of, suffixes


def encoded(array, mode=None, kind="png", **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(array), mode).save(out, kind, **options)
    return out.getvalue()


def test_colour_and_grey_have_the_asked_channels():
    colour = np.zeros((2, 3, 3), dtype=np.uint8)
    colour[0, 1] = (255, 0, 10)
    found = decode(encoded(colour), Form(3, 2, 3), "x")
    assert found.shape == (3, 2, 3) and found.dtype == np.uint8
    assert found[:, 0, 1].tolist() == [255, 0, 10]
    assert decode(encoded(colour), Form(1, 2, 3), "x").shape == (1, 2, 3)
    assert look(encoded(colour), "x").channels == 3
    assert look(encoded(colour[..., 0]), "x").channels == 1


@pytest.mark.parametrize(("top", "white"), [(1000, 1023), (4000, 4095), (65535, 65535), (100000, 100000)])
def test_whole_numbers_of_more_bits_are_shares_of_the_range_that_the_training_pictures_use(top, white):
    assert range_of(0, top, "whole") == (0, white)


def test_sixteen_bits_of_grey_are_all_kept():
    deep = np.array([[0, 65535], [257, 258]], dtype=np.uint16)
    assert look(encoded(deep), "x").depth == "whole"
    found = decode(encoded(deep), Form(1, 2, 2, 0, 65535, deep=True), "x")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], deep / 65535, rtol=1e-6)
    assert found[0, 1, 0] != found[0, 1, 1]


def test_one_pixel_above_white_changes_no_other():
    share = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4, 1)
    beyond = share.copy()
    beyond[0, 0] = 1.0001
    form = Form(1, 4, 4, *range_of(0, 1.0001, "float"), deep=True)
    assert (form.low, form.high) == (0, 1)
    np.testing.assert_array_equal(formed(beyond, form)[0].flatten()[1:], formed(share, form)[0].flatten()[1:])
    assert formed(beyond, form).max() == np.float32(1.0001)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, (0, 1)),
        (-1, 1, (-1, 1)),
        (0, 254.5, (0, 255)),
        (-1000, 3000, (-1000, 3000)),
        (3, 3, (3, 4)),
        (9.99e6, 1.001e7, (9.99e6, 1.001e7)),
        (0.9999, 1, (0.9999, 1)),
        (0, 0.3, (0, 0.3)),
    ],
)
def test_floats_keep_their_range(low, high, expected):
    assert range_of(low, high, "float") == expected


def test_whole_numbers_far_from_black_have_a_range_of_their_own():
    assert range_of(9_999_800, 10_000_200, "whole") == (9_999_800, 10_000_200)
    assert range_of(60_000, 60_010, "whole") == (60_000, 60_010)
    assert range_of(60_000, 61_000, "whole") == (0, 65535)


def test_black_ink_in_the_channel_of_opacity_is_seen():
    ink = np.zeros((4, 4, 4), dtype=np.uint8)
    ink[1, 1, 3] = 255
    ink[2, 2, 3] = 128
    found = pixels(encoded(ink), "x")
    assert found[1, 1].tolist() == [0, 0, 0] and found[0, 0].tolist() == [255, 255, 255]
    assert found[2, 2].tolist() == [127, 127, 127]
    grey = pixels(encoded(ink[:, :, [0, 3]], "LA"), "x")
    assert grey.shape == (4, 4, 1) and grey[:, :, 0].tolist() == found[:, :, 0].tolist()


def test_a_palette_with_a_transparent_colour_is_composed_over_white():
    image = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    out = io.BytesIO()
    image.save(out, "png", transparency=1)
    assert pixels(out.getvalue(), "x").reshape(-1, 3).tolist() == [
        [255, 0, 0], [255, 255, 255], [0, 0, 255], [255, 255, 255],
    ]  # fmt: skip


def test_a_grey_palette_is_grey():
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), "P")
    image.putpalette([9, 9, 9, 200, 200, 200])
    out = io.BytesIO()
    image.save(out, "gif")
    assert look(out.getvalue(), "x").channels == 1
    assert pixels(out.getvalue(), "x")[:, :, 0].tolist() == [[9, 200]]


def test_ink_of_four_colours_is_read_as_it_looks():
    paper = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    out = io.BytesIO()
    paper.save(out, "jpeg", quality=95)
    red, green, blue = pixels(out.getvalue(), "x")[0, 0].tolist()
    assert red > 200 and green < 60 and blue < 60


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff"])
def test_a_picture_is_turned_as_its_camera_says(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    wide = encoded(np.zeros((2, 4, 3), dtype=np.uint8), kind=kind, exif=exif)
    assert (look(wide, "x").height, look(wide, "x").width) == (4, 2)
    assert pixels(wide, "x").shape == (4, 2, 3)


def test_scaled_to_the_size_asked_for():
    assert decode(encoded(np.zeros((9, 5, 3), dtype=np.uint8)), Form(3, 4, 6), "x").shape == (3, 4, 6)
    deep = encoded(np.full((9, 5), 5000, dtype=np.uint16))
    found = decode(deep, Form(3, 4, 6, 0, 10000, deep=True), "x")
    assert found.shape == (3, 4, 6)
    np.testing.assert_allclose(found, 0.5)


def test_pages_are_counted():
    first, second = (Image.new("L", (4, 4), value) for value in (10, 90))
    out = io.BytesIO()
    first.save(out, "tiff", save_all=True, append_images=[second])
    assert look(out.getvalue(), "x").frames == 2
    assert pixels(out.getvalue(), "x").max() == 10


def test_usual_endings_are_known_and_programs_are_not():
    assert {".jpg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp"} <= set(suffixes())
    assert not {".eps", ".ps", ".pdf", ".wmf", ".h5", ".mpg"} & set(suffixes())


@pytest.mark.parametrize(
    "broken",
    [b"", b"not an image", encoded(np.zeros((40, 40, 3), dtype=np.uint8))[:60], b"%!PS-Adobe-3.0 EPSF-3.0\n"],
)
def test_what_is_no_picture_is_named(broken):
    with pytest.raises(ValueError, match="holiday"):
        pixels(broken, "holiday.png")


def test_floats_that_are_no_numbers_are_refused():
    hole = np.ones((3, 3), dtype=np.float32)
    hole[1, 1] = np.nan
    with pytest.raises(ValueError, match=r"x-ray\.tif.*nan"):
        pixels(encoded(hole, kind="tiff"), "x-ray.tif")
