"""Pictures with known pixels, classes and splits, in folders and archives, and damaged ones."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from genas.core.errors import GenasError
from genas.tasks.images import Images
from tries import RIGHT, advice, damaged
from tries.files import NAMES, SPLITS, expect, numbers, taken


def folders(draw: random.Random, place: Path) -> str:
    """Folders of splits and classes, in any spelling; each picture's colour says where it belongs."""
    splits = [split for split in SPLITS if split == "train" or draw.random() < 0.7]
    outer = {split: draw.choice(NAMES[split]) for split in splits}
    classes = draw.choice(
        [("cat", "dog"), ("Zürich", "Łódź"), ("0", "1", "2"), ("train", "bus"), ("a b", "c.d"), ("10", "9")]
    )
    kind = draw.choice(["png", "bmp", "tif", "webp", "gif"])
    truth: dict[int, tuple[str, str]] = {}
    for split in splits:
        for name in classes:
            folder = place / "d" / (outer[split] if len(splits) > 1 else "") / name
            folder.mkdir(parents=True)
            for i in range(8):
                shade = len(truth) + 1
                truth[shade] = (split, name)
                picture = Image.fromarray(np.full((6, 6), shade, dtype=np.uint8))
                picture.putpixel((draw.randrange(6), 0), shade)
                options: dict[str, Any] = {"lossless": True} if kind == "webp" else {}
                picture.save(folder / f"{i}.{kind}", **options)
    task = Images(path=str(place / "d"))
    seen = []
    for split in SPLITS:
        for image, label in zip(*task.data(split), strict=True):
            shade = int(image.max())
            seen.append(shade)
            expect(shade in truth, "another shade", shade)
            known, name = truth[shade]
            expect(task.classes[int(label)] == name, "another class", (name, task.classes[int(label)]))
            expect(
                len(splits) == 1 or known == split or (split not in splits and known == "train"),
                "another split",
                (known, split),
            )
    expect(sorted(seen) == sorted(truth), "pictures are lost or twice", len(seen))
    return RIGHT


def depths(draw: random.Random, place: Path) -> str:
    """Pictures of one kind of pixels: bits, palettes, opacity, 16 bits, floats; what is seen is what is read."""
    kind, count, random_ = draw.choice(list(PIXELS)), 20, numbers(draw)
    top, truth = draw.choice([1023, 4095, 65535]), []
    for i in range(count):
        picture, seen = PIXELS[kind](random_, top)
        folder = place / "d" / ("even", "odd")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{i}.{'tif' if kind in ('F', 'CMYK') else 'png'}")
        truth.append((("even", "odd")[i % 2], seen))
    task = Images(path=str(place / "d"))
    task.examine()
    shown = [
        (task.classes[int(label)], image.double().numpy())
        for split in SPLITS
        for image, label in zip(*task.data(split), strict=True)
    ]
    expect(len(shown) == count, "pictures are lost or twice", len(shown))
    form, found = task.form, np.stack([image for _, image in shown])
    found = found * (form.high - form.low) + form.low if form.deep else found / 255  # deep ones are shares of one range
    tolerance = {"I;16": 1.5, "F": 1e-4}.get(kind, 1.51 / 255)
    for word, seen in truth:
        wanted = np.clip(seen, form.low, form.high) if kind == "F" else seen  # of values that no training picture has
        near = np.minimum(distances(found, seen), distances(found, wanted))
        expect(near.min() <= tolerance, f"other pixels ({kind})", near.min())
        expect(shown[int(near.argmin())][0] == word, f"another class ({kind})", word)
    return RIGHT


def distances(found: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The largest difference of any pixel, of each picture."""
    return np.asarray(np.abs(found - seen).reshape(len(found), -1).max(axis=1))


Made = tuple[Image.Image, np.ndarray]  # a picture, and what is seen of it: shares of white, or its own values


def bytes_of(random_: np.random.Generator, *shape: int) -> np.ndarray:
    return random_.integers(0, 256, (6, 6, *shape)).astype(np.uint8)


def over_white(ink: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return (ink * (alpha / 255.0) + 255.0 * (1 - alpha / 255.0)) / 255


def as_rgb(picture: Image.Image) -> Made:
    return picture, np.array(picture.convert("RGB")).transpose(2, 0, 1) / 255


def grey(random_: np.random.Generator, _: int) -> Made:
    values = bytes_of(random_)
    return Image.fromarray(values), values / 255


def bits(random_: np.random.Generator, _: int) -> Made:
    values = bytes_of(random_) > 127
    return Image.fromarray(values), values * 1.0


def grey_alpha(random_: np.random.Generator, _: int) -> Made:
    values, alpha = bytes_of(random_), bytes_of(random_)
    return Image.merge("LA", (Image.fromarray(values), Image.fromarray(alpha))), over_white(values, alpha)


def colour_alpha(random_: np.random.Generator, _: int) -> Made:
    values = bytes_of(random_, 4)
    return Image.fromarray(values), np.stack([over_white(values[:, :, c], values[:, :, 3]) for c in range(3)])


def deep(random_: np.random.Generator, top: int) -> Made:
    values = random_.integers(0, top + 1, (6, 6)).astype(np.uint16)
    values[0, 0] = top
    return Image.fromarray(values), values.astype(float)


def floats(random_: np.random.Generator, _: int) -> Made:
    values = random_.normal(size=(6, 6)).astype(np.float32)
    return Image.fromarray(values), values.astype(float)


PIXELS: dict[str, Callable[[np.random.Generator, int], Made]] = {
    "L": grey, "1": bits, "LA": grey_alpha, "RGBA": colour_alpha, "I;16": deep, "F": floats,
    "RGB": lambda random_, _: as_rgb(Image.fromarray(bytes_of(random_, 3))),
    "P": lambda random_, _: as_rgb(Image.fromarray(bytes_of(random_, 3)).quantize(16)),
    "CMYK": lambda random_, _: as_rgb(Image.fromarray(bytes_of(random_, 3)).convert("CMYK")),
}  # fmt: skip


def picture_file(draw: random.Random, label: int, kind: str) -> tuple[bytes, str]:
    shape = (8, 8) if draw.random() < 0.3 else (8, 8, draw.choice([3, 4]) if kind in ("png", "webp") else 3)
    pixels = numbers(draw).integers(100 * label, 100 * label + 100, shape).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, {"tif": "tiff", "jfif": "jpeg"}.get(kind, kind))
    return out.getvalue(), f"{draw.randrange(10**9)}.{kind}"


def broken_picture(draw: random.Random, place: Path) -> str:
    """A folder of pictures, one of them damaged: all are read, or that one is named."""
    tops = [("train", 6), ("test", 4)] if draw.random() < 0.5 else [("", 8)]
    files = []
    for top, count in tops:
        for label, word in enumerate(("cat", "dog")):
            (place / top / word).mkdir(parents=True)
            for _ in range(count):
                raw, name = picture_file(draw, label, draw.choice(["png", "jpeg", "webp", "tif", "gif", "bmp", "jfif"]))
                (place / top / word / name).write_bytes(raw)
                files.append(place / top / word / name)
    chosen = draw.choice(files)
    chosen.write_bytes(damaged(draw, chosen.read_bytes()))
    try:
        task = Images(path=str(place))
        task.examine()
    except GenasError as error:
        expect(chosen.name in str(error), "a refusal that does not name the picture", error)
        return advice(error)
    expect(sum(len(task.data(split).labels) for split in SPLITS) == len(files), "pictures are lost")
    return RIGHT


def broken_archive(draw: random.Random, place: Path) -> str:
    """A damaged .npz of pictures."""
    out, random_ = io.BytesIO(), numbers(draw)
    pixels = (
        random_.random((20, 6, 6)) if draw.random() < 0.5 else random_.integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
    )
    (np.savez if draw.random() < 0.5 else np.savez_compressed)(out, x=pixels, y=np.arange(20) % 2)
    (place / "p.npz").write_bytes(damaged(draw, out.getvalue()))
    return taken(lambda: Images(path=str(place / "p.npz")), "p.npz")
