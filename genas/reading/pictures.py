"""Reads one picture as an array: upright, over white, with the channels, size and range of its whole data set."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Source = bytes | Path | NDArray[Any]  # an encoded picture, the file that holds it, or its pixels [H, W] or [H, W, C]

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF", "ICO", "TGA", "PCX")
_DEEP = {"I": "whole", "F": "float"}  # by the first letter of Pillow's mode: more than eight bits of grey
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap height and width
WHITE = 65535.0  # white in 16 bits, the only deep range that may be mixed with pictures of 8 bits
_STEPS = (255, 1023, 4095, 16383, 65535)  # white in 8, 10, 12, 14 and 16 bits
OVER = 1.01  # floats up to this (and down to its negative) still count as shares
_NARROW = 0.001  # values that fill less than this share of a usual range keep a range of their own
_BROKEN = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError,
    OverflowError, MemoryError, struct.error, zlib.error, RuntimeError, ZeroDivisionError,
    Image.DecompressionBombError,
)  # fmt: skip  # what Pillow's decoders raise on files that are cut or forged


@cache
def suffixes() -> tuple[str, ...]:
    """The suffixes of files that are read as pictures, such as .jpg and .jfif."""
    Image.init()
    return tuple(sorted(ending for ending, kind in Image.EXTENSION.items() if kind in FORMATS))


@dataclass(frozen=True)
class Form:
    """The form that every picture of a data set is brought to; plain values, so that an exported network can hold it.

    Args:
        channels: 1 for grey, 3 for colour.
        height: in pixels.
        width: in pixels.
        low: the value of black.
        high: the value of white.
        deep: whether pixels become shares of that range; else they stay bytes.
    """

    channels: int
    height: int
    width: int
    low: float = 0.0
    high: float = 255.0
    deep: bool = False


@dataclass(frozen=True)
class Look:
    """What the header of a picture says.

    Args:
        channels: 1 if it is grey, else 3.
        height: in pixels, upright.
        width: in pixels, upright.
        depth: "byte"; "whole" for integers of more than eight bits; "float"; "cut" if only eight of its colour bits are
            read.
        frames: pages or animation frames in the file; the first is read.
    """

    channels: int
    height: int
    width: int
    depth: str = "byte"
    frames: int = 1


def look(source: Source, where: str) -> Look:
    """The channels, size, depth and frames of a picture, in most cases without decoding it.

    Raises:
        ValueError: it is not a picture; the text names it.
    """
    if isinstance(source, np.ndarray):
        channels = 1 if source.ndim == 2 or source.shape[2] < 3 else 3
        depth = "byte" if source.dtype == np.uint8 else "float" if source.dtype.kind == "f" else "whole"
        return Look(channels, source.shape[0], source.shape[1], depth)
    with _refused(where), _opened(source) as picture:
        tall, wide = picture.height, picture.width
        # Pillow turns the size of a TIFF itself, and would decode a whole PNG to find that it has no EXIF data.
        has_exif = picture.format != "TIFF" and (picture.format != "PNG" or "exif" in picture.info)
        if has_exif and picture.getexif().get(0x0112) in _TURNED:
            tall, wide = wide, tall
        depth = _DEEP.get(picture.mode[0], "byte")
        if depth == "byte" and any(";16" in str(tile[3]) for tile in getattr(picture, "tile", ())):
            depth = "cut"
        return Look(1 if _is_grey(picture) else 3, tall, wide, depth, int(getattr(picture, "n_frames", 1)))


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode == "P":
        palette = np.asarray(picture.getpalette() or [0, 0, 0]).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return picture.mode in ("1", "L", "LA", "La") or picture.mode[0] in _DEEP


def pixels(source: Source, where: str) -> NDArray[Any]:
    """The pixels [H, W, C] in the values of the file (bytes, integers or floats), upright and over white.

    C is 1 for grey and 3 for colour.

    Raises:
        ValueError: the picture can't be decoded, or holds nan or infinite values; the text names it.
    """
    if isinstance(source, np.ndarray):
        values = _composed(source if source.ndim == 3 else source[:, :, None])
    else:
        with _refused(where), _opened(source) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            if upright.mode[0] in _DEEP:
                values = np.asarray(upright)[:, :, None]
            elif upright.has_transparency_data:
                chosen = [0, 3] if _is_grey(upright) else [0, 1, 2, 3]
                values = _composed(np.asarray(upright.convert("RGBA"))[:, :, chosen])
            else:
                values = np.asarray(upright.convert("L" if _is_grey(upright) else "RGB"))
                values = values if values.ndim == 3 else values[:, :, None]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(f"The image {where} cannot be read (it holds nan or infinite values). Repair or remove it.")
    return values


def _composed(values: NDArray[Any]) -> NDArray[Any]:
    """The pixels over white, if they have an opacity channel; some icons and signatures have their ink in it alone."""
    if values.shape[2] not in (2, 4):
        return values
    if values.dtype.kind == "b":
        values = values.astype(np.uint8) * 255
    white = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    share = values[:, :, -1:].astype(np.float64) / white
    shown = values[:, :, :-1] * share + white * (1 - share)
    return shown.astype(values.dtype) if values.dtype.kind == "f" else np.rint(shown).astype(values.dtype)


def decode(source: Source, form: Form, where: str) -> NDArray[Any]:
    """A picture brought to a form, [C, H, W]: bytes, or shares of the range as float32, not clipped.

    Raises:
        ValueError: the picture can't be decoded, or has another depth than the form; the text names it.
    """
    values = pixels(source, where)
    byte = values.dtype == np.uint8
    if byte == form.deep and (not byte or (form.low, form.high) != (0.0, WHITE)):
        depth, wanted = ("8 bits", "more") if byte else ("more than 8 bits", "8 bits")
        raise ValueError(f"The image {where} has {depth}, but the training images have {wanted}. Save it like them.")
    return formed(values, form)


def formed(values: NDArray[Any], form: Form) -> NDArray[Any]:
    """Pixels [H, W, C] brought to a form, [C, H, W]."""
    if not form.deep:
        image = Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
        image = image.convert("L" if form.channels == 1 else "RGB")
        if image.size != (form.width, form.height):
            image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
        shown = np.array(image).reshape(form.height, form.width, form.channels)
        return np.ascontiguousarray(shown.transpose(2, 0, 1))
    if values.dtype == np.uint8:
        shares = values.astype(np.float64) / 255  # a picture of eight bits among deeper ones keeps its own white
    else:
        shares = (values.astype(np.float64) - form.low) / (form.high - form.low)
    if form.channels == 1 and shares.shape[2] == 3:
        shares = shares @ np.array([[0.299], [0.587], [0.114]])
    planes = [_resized(shares[:, :, c].astype(np.float32), form) for c in range(shares.shape[2])]
    planes *= form.channels if len(planes) == 1 else 1
    return np.stack(planes)


def _resized(plane: NDArray[np.float32], form: Form) -> NDArray[np.float32]:
    if plane.shape == (form.height, form.width):
        return plane
    image = Image.fromarray(plane).resize((form.width, form.height), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32)


def range_of(lowest: float, highest: float, kind: str) -> tuple[float, float]:
    """The values of black and white in a data set, from the lowest and highest values of its training pictures.

    Args:
        lowest: over all training pictures.
        highest: over all training pictures.
        kind: "byte", "whole" or "float", see `Look.depth`.
    """
    if kind == "byte":
        return 0.0, 255.0
    low, high = float(lowest), float(highest) if highest > lowest else float(lowest) + 1.0
    usual = [(0.0, float(step)) for step in _STEPS if lowest >= 0 and highest <= step]
    if kind == "float":
        usual = [(0.0, 1.0)] if lowest >= 0 and 0.5 < highest <= OVER else []
        usual += [(-1.0, 1.0)] if -OVER <= lowest < 0 and highest <= OVER else []
        usual += [(0.0, 255.0)] if lowest >= 0 and 128 < highest <= 255 * OVER else []
    if usual and high - low > _NARROW * (usual[0][1] - usual[0][0]):
        return usual[0]
    return low, high


@contextmanager
def _refused(where: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ValueError(f"The image {where} cannot be read ({reason}). Repair or remove it.") from error


def _opened(source: bytes | Path) -> Image.Image:
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
