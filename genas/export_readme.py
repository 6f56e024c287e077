"""The README beside an exported network: what it needs, how it is called, and code from a file to a class."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genas.core.interfaces import Task
from genas.summary import recipe_text
from genas.training.optimizers import named

if TYPE_CHECKING:
    from torch import nn

_MODES = {1: "L", 3: "RGB"}  # of a picture, by channels

_FROM_PICTURE = """
import numpy as np
import torch
from PIL import Image, ImageOps

from model import CLASSES, load, prepare

picture = ImageOps.exif_transpose(Image.open("picture.png"))
if picture.has_transparency_data:  # as in training, over white
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
picture = picture.convert("{mode}")
picture = picture.resize(({width}, {height}), Image.Resampling.BILINEAR)
pixels = np.asarray(picture, dtype="float32").reshape(1, {height}, {width}, {channels}){scaled}
with torch.inference_mode():
    scores = load()(prepare(pixels.transpose(0, 3, 1, 2)))  # [1, {channels}, {height}, {width}] -> [1, classes]
print(CLASSES[int(scores.argmax(1))])
"""

_FROM_TABLE = """
import csv

import torch

from model import CLASSES, FEATURES, MEAN, load, prepare


def value(text: str, word: str | None, mean: float) -> float:
    if word is not None:
        return float(text == word)
    return float({{"": mean, "true": 1, "false": 0}}.get(text.lower(), text))


with open("rows.csv", newline="") as file:  # a line of names, then the rows
    rows = [[value(row[c], word, mean) for (c, word), mean in zip(FEATURES, MEAN)] for row in csv.DictReader(file)]
with torch.inference_mode():
    scores = load()(prepare(rows))  # [rows, {features}] -> [rows, classes]
print([CLASSES[i] for i in scores.argmax(1)])
"""


def readme(
    onnx: str,
    extra: Sequence[str],
    preparation: Mapping[str, Any] | None,
    *,
    network: nn.Module,
    task: Task,
    recipe: Mapping[str, Any],
) -> str:
    """The text.

    Args:
        onnx: what is said of the ONNX file.
        extra: packages that are needed beside torch and safetensors.
        preparation: scale, mean and standard deviation, where they are all that the task's `prepare` does.
        recipe: how the network was trained; empty where it is not known.
    """
    needs = " ".join(["torch", "safetensors", *(name.replace("_", "-") for name in extra)])
    inputs = "prepare(raw)" if preparation else ", ".join(inspect.signature(network.forward).parameters)
    if preparation:
        shape = ", ".join(map(str, task.input_shape))
        kind = f"images, values 0 to {preparation['SCALE']:g}" if len(task.input_shape) == 3 else "rows"
        how = (
            f"`raw` is a tensor, a numpy array or lists [B, {shape}]: {kind} (see PREPARATION). `prepare` scales them."
        )
    else:
        how = f"`{inputs}` must be prepared as in training (PREPARATION in model.py, if it is there, says how)."
    example, by = _example(preparation, task), named(network)
    return "\n".join([
        f"Needs `pip install {needs}` and no genas. In this folder:",
        "",
        f"    from model import CLASSES, load{', prepare' if preparation else ''}",
        f"    scores = load()({inputs})  # [B, {'classes' if preparation else 'outputs'}]",
        "",
        f"{how} Scores are logits; `scores.argmax(1)` indexes `CLASSES`.",
        "",
        *(["From a file to a class:", "", f"```python{example}```", ""] if example else []),
        f"model.onnx (input `inputs`, prepared; output `outputs`): {onnx}.",
        "",
        *([f"Trained with {by}: {recipe_text(recipe)} (architecture.json has it as data).", ""] if recipe else []),
    ])  # fmt: skip


def _example(preparation: Mapping[str, Any] | None, task: Task) -> str:
    """Code from a file to a class; nothing where the inputs are neither pictures nor rows of a table."""
    if preparation and hasattr(task, "features"):
        return _FROM_TABLE.format(features=task.input_shape[0])
    deep = bool(getattr(getattr(task, "form", None), "deep", False))  # more than the eight bits that this code reads
    if not preparation or deep or len(task.input_shape) != 3 or task.input_shape[0] not in _MODES:
        return ""
    channels, height, width = task.input_shape
    scaled = "" if preparation["SCALE"] == 255 else f" * ({preparation['SCALE']:g} / 255)"
    return _FROM_PICTURE.format(mode=_MODES[channels], channels=channels, height=height, width=width, scaled=scaled)
