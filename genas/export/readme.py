"""The README beside an exported network: what it needs, how it is called, and code from a file to a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from genas.core.interfaces import Task
from genas.export.reader_files import Reading
from genas.reporting.outcome import recipe_text
from genas.training.optimizers import named

if TYPE_CHECKING:
    from torch import Tensor, nn

_PIP = {"PIL": "pillow", "torch_geometric": "torch-geometric"}  # what pip calls them
_KINDS = {"pyarrow": ".parquet files", "datasets": "Hugging Face datasets on disk"}

_FROM_FILE = """From a file to a class:

```python
import torch

from model import CLASSES, load, prepare
from reading import read

with torch.inference_mode():
    scores = load()(prepare(read("{file}")))  # [n, classes]
print([CLASSES[i] for i in scores.argmax(1)])
```

`read` takes {files}, one path or a list, and reads them as the training data were read; it warns of what it reads
otherwise than it is written. `genas predict FOLDER {file}` does the same without code and adds probabilities.
"""

_ONNX = """The same with onnxruntime alone (`pip install {needs}`), preparation included:

```python
import json

import onnxruntime

from reading import read

session = onnxruntime.InferenceSession("model.onnx")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
scores, probabilities = session.run(None, {{"inputs": read("{file}").astype("{kind}")}})
print([classes[i] for i in scores.argmax(1)])
```
"""


def readme(
    onnx: str,
    extra: Iterable[str],
    reading: Reading | None,
    *,
    network: nn.Module,
    task: Task,
    raw: Tensor | None,
    recipe: Mapping[str, Any],
) -> str:
    """The text.

    Args:
        onnx: what is said of the ONNX file.
        extra: packages that the network needs beside torch and safetensors.
        reading: what the reader in `reading/` needs; None where there is none.
        raw: examples as the task holds them; None where the task's `prepare` does more than scale them.
        recipe: how the network was trained; empty where it is not known.
    """
    needs = ["torch", "safetensors", "numpy", *_by_pip(extra)]
    needs += [name for name in _by_pip(reading.always if reading else ()) if name not in needs]
    inputs = ", ".join(inspect.signature(network.forward).parameters) if raw is None else "prepare(raw)"
    images = len(task.input_shape) == 3
    if raw is None:
        how = f"`{inputs}` must be prepared as in training (PREPARATION in model.py, if it is there, says how)."
        taken = "input `inputs`, prepared"
    else:
        shape = ", ".join(map(str, task.input_shape))
        values = f"images, values 0 to {getattr(task, 'scale', 1):g}" if images else "rows"
        how = f"`raw` is a tensor, a numpy array or lists [B, {shape}]: {values} (see PREPARATION)."
        taken = f"input `inputs`, raw as {'float32' if images else 'float64'}"
    by = named(network)
    gives = "outputs `outputs` and `probabilities`" if task.classes else "output `outputs`"
    return "\n".join([
        f"Needs `pip install {' '.join(needs)}` and no genas{_also(reading)}. In this folder:",
        "",
        f"    from model import CLASSES, load{'' if raw is None else ', prepare'}",
        f"    scores = load()({inputs})  # [B, {'outputs' if raw is None else 'classes'}]",
        "",
        f"{how} Scores are logits; `scores.argmax(1)` indexes `CLASSES`.",
        "",
        *([_from_file(images)] if reading else []),
        *([_from_onnx(reading, images)] if reading and not onnx.startswith("missing") else []),
        f"model.onnx ({taken}; {gives}): {onnx}.",
        "",
        *([f"Trained with {by}: {recipe_text(recipe)} (architecture.json has it as data).", ""] if recipe else []),
    ])  # fmt: skip


def _by_pip(names: Iterable[str]) -> list[str]:
    return sorted(_PIP.get(name, name) for name in names)


def _also(reading: Reading | None) -> str:
    """Packages that only some files need."""
    some = sorted(reading.sometimes) if reading else []
    return f" ({', '.join(f'{name} for {_KINDS[name]}' for name in some)})" if some else ""


def _from_file(images: bool) -> str:
    files = "pictures, folders of them, .npz and .parquet files" if images else ".csv, .tsv, .parquet and .npz files"
    return _FROM_FILE.format(file="picture.png" if images else "rows.csv", files=files)


def _from_onnx(reading: Reading, images: bool) -> str:
    needs = " ".join(["onnxruntime", *_by_pip(reading.always)])
    return _ONNX.format(
        needs=needs, file="picture.png" if images else "rows.csv", kind="float32" if images else "float64"
    )
