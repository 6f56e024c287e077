"""The README beside an exported network: what it needs, how it is called, and code from a file to its answer."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from genas.core.interfaces import Task
from genas.export.onnx_file import answers_of
from genas.export.reader_files import Reading
from genas.reporting.outcome import recipe_text
from genas.training.optimizers import named

if TYPE_CHECKING:
    from torch import Tensor, nn

_PIP = {"PIL": "pillow", "torch_geometric": "torch-geometric"}  # the names that pip has for packages
_KINDS = {"pyarrow": ".parquet files", "datasets": "Hugging Face datasets on disk"}

_FROM_FILE = {
    "class": """From a file to a class:

```python
import torch

from model import CLASSES, load, prepare
from reading import read

with torch.inference_mode():
    scores = load()(prepare(read("{file}")))  # [n, classes]
print([CLASSES[i] for i in scores.argmax(1)])
```
""",
    "number": """From a file to numbers:

```python
import torch

from model import TARGETS, load, numbers, prepare
from reading import read

with torch.inference_mode():
    answers = numbers(load()(prepare(read("{file}"))))  # [n, targets]
print([dict(zip(TARGETS, row)) for row in answers.tolist()])
```
""",
}
_READ = """
`read` takes {files}, one path or a list, and reads them as the training data were read; it warns of what it reads
otherwise than it is written. `genas predict FOLDER {file}` does the same without code{more}.
"""

_ONNX = {
    "class": """The same with onnxruntime alone (`pip install {needs}`), preparation included:

```python
import json

import onnxruntime

from reading import read

session = onnxruntime.InferenceSession("model.onnx")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
scores, probabilities = session.run(None, {{"inputs": read("{file}").astype("{kind}")}})
print([classes[i] for i in scores.argmax(1)])
```
""",
    "number": """The same with onnxruntime alone (`pip install {needs}`), preparation included:

```python
import json

import onnxruntime

from reading import read

session = onnxruntime.InferenceSession("model.onnx")
targets = json.loads(session.get_modelmeta().custom_metadata_map["targets"])
_, answers = session.run(None, {{"inputs": read("{file}").astype("{kind}")}})
print([dict(zip(targets, row)) for row in answers.tolist()])
```
""",
}


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
    """The text of the README.

    Args:
        onnx: the sentence on the ONNX file.
        extra: packages that the network needs beside torch and safetensors.
        reading: what the reader in `reading/` needs; None if there is no reader.
        network: the trained network.
        task: its task.
        raw: examples as the task holds them; None if the task's `prepare` does more than scale them.
        recipe: how the network was trained; empty if unknown.
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
        values = f"images, values 0 to {_white(task):g}" if images else "rows"
        how = f"`raw` is a tensor, a numpy array or lists [B, {shape}]: {values} (see PREPARATION)."
        taken = f"input `inputs`, raw as {'float32' if images else 'float64'}"
    by, names = named(network), " and ".join(f"`{name}`" for name in ("outputs", *answers_of(task)))
    gives = f"outputs {names}" if " and " in names else f"output {names}"
    return "\n".join([
        f"Needs `pip install {' '.join(needs)}` and no genas{_also(reading)}. In this folder:",
        "",
        *_call(task, inputs, prepared=raw is None),
        "",
        f"{how} {_meaning(task)}",
        "",
        *([_from_file(task, images)] if reading else []),
        *([_from_onnx(task, reading, images)] if reading and not onnx.startswith("missing") else []),
        f"model.onnx ({taken}; {gives}): {onnx}.",
        "",
        *([f"Trained with {by}: {recipe_text(recipe)} (architecture.json has it as data).", ""] if recipe else []),
    ])  # fmt: skip


def _white(task: Task) -> float:
    """The largest raw value of its images."""
    scaling = None if task.preparation is None else task.preparation.inputs
    return 1.0 if scaling is None else scaling.scale


def _call(task: Task, inputs: str, *, prepared: bool) -> list[str]:
    """The lines of code that ask the network."""
    more = "" if prepared else ", prepare"
    if task.answer == "number":
        return [
            f"    from model import TARGETS, load, numbers{more}",
            f"    answers = numbers(load()({inputs}))  # [B, targets]",
        ]
    return [
        f"    from model import CLASSES, load{more}",
        f"    scores = load()({inputs})  # [B, {'outputs' if prepared else 'classes'}]",
    ]


def _meaning(task: Task) -> str:
    """What the outputs are."""
    if task.answer == "number":
        return "`numbers` turns outputs into the units of the training data; `TARGETS` names the columns."
    return "Scores are logits; `scores.argmax(1)` indexes `CLASSES`."


def _by_pip(names: Iterable[str]) -> list[str]:
    return sorted(_PIP.get(name, name) for name in names)


def _also(reading: Reading | None) -> str:
    """Packages that only some kinds of files need."""
    some = sorted(reading.sometimes) if reading else []
    return f" ({', '.join(f'{name} for {_KINDS[name]}' for name in some)})" if some else ""


def _from_file(task: Task, images: bool) -> str:
    files = "pictures, folders of them, .npz and .parquet files" if images else ".csv, .tsv, .parquet and .npz files"
    more = " and adds probabilities" if task.answer == "class" else ""
    whole = _FROM_FILE[task.answer] + _READ
    return whole.format(file="picture.png" if images else "rows.csv", files=files, more=more)


def _from_onnx(task: Task, reading: Reading, images: bool) -> str:
    needs = " ".join(["onnxruntime", *_by_pip(reading.always)])
    return _ONNX[task.answer].format(
        needs=needs, file="picture.png" if images else "rows.csv", kind="float32" if images else "float64"
    )
