"""Writes a trained network as a folder: plain PyTorch code, the reader of its inputs, weights, ONNX and a README."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genas.core import wire
from genas.core.errors import GenasError
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.export import check, model_file, onnx_file, reader_files, sums
from genas.export.readme import readme

if TYPE_CHECKING:
    from torch import Tensor, nn

_EXAMPLES = 16  # examples on which the written files are compared with the network


def export(
    network: nn.Module,
    arch: Architecture,
    task: Task,
    folder: Path,
    *,
    weights: Mapping[str, Tensor] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Write a trained network as model.py, reading/, weights.safetensors, model.onnx, architecture.json and README.md.

    The written code is run on real examples and must give the network's outputs; so must the ONNX file, if the network
    can be written as one. SHA256SUMS holds the digests of all files. The given network is not changed.

    Args:
        network: its class's file imports torch only, and `config` holds its constructor's arguments.
        arch: its architecture.
        task: its task.
        folder: created if it does not exist.
        weights: trained weights by their names in `state_dict`; None for those in the network.
        recipe: everything that its training depended on; written into architecture.json and README.md.

    Returns:
        A description of each file, by name; that of "model.onnx" says how closely it agrees or why it is missing.

    Raises:
        GenasError: the class's file imports something else, its config is not plain data, the weights don't fit, or the
            written files give other outputs.
    """
    weights = network.state_dict() if weights is None else weights
    trained = _trained(network, weights)
    source, extra = model_file.source_of(trained)
    scaling = model_file.scaling_of(task, _EXAMPLES)
    reader = task.reader() if scaling else None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(model_file.text(source, trained, task, scaling), encoding="utf-8")
    reading, examples = reader_files.write(reader, folder), _examples(task)
    _write_data(folder, arch, weights, recipe)
    raw = task.data("train").inputs[:_EXAMPLES] if scaling else None
    difference = check.model_file(trained, examples, task, folder, raw=raw)
    onnx = onnx_file.write(trained, examples, task, folder, scaling=scaling, raw=raw, reader=reader)
    shown = readme(onnx, extra, reading, network=trained, task=task, raw=raw, recipe=recipe or {})
    (folder / "README.md").write_text(shown, encoding="utf-8")
    files = _described(difference, onnx, weights, reads=reader is not None, trained=bool(recipe))
    return files | sums.write(folder, files)


def _described(
    difference: float, onnx: str, weights: Mapping[str, Tensor], *, reads: bool, trained: bool
) -> dict[str, str]:
    """What each file is, by name."""
    return {
        "model.py": f"plain PyTorch; loaded and run, it differs by {difference:.1g} at most",
        **({"reading": "the code that read the training data, for new files"} if reads else {}),
        "weights.safetensors": f"{sum(v.numel() for v in weights.values()):,} numbers",
        "model.onnx": onnx,
        "architecture.json": "the architecture as a graph" + (", and how it was trained" if trained else ""),
        "README.md": "how to use these files",
    }


def _examples(task: Task) -> tuple[Tensor, ...]:
    """Prepared examples, as the network's `forward` takes them; a graph unpacks into features and edges."""
    from torch import Tensor

    batch, _ = task.batch(_EXAMPLES)
    return (batch,) if isinstance(batch, Tensor) else tuple(batch)


def _write_data(
    folder: Path, arch: Architecture, weights: Mapping[str, Tensor], recipe: Mapping[str, Any] | None
) -> None:
    """Write weights.safetensors and architecture.json."""
    from genas.training.weights import sealed

    (folder / "weights.safetensors").write_bytes(sealed(weights))
    graph = wire.to_data(arch) | ({"recipe": dict(recipe)} if recipe else {})
    (folder / "architecture.json").write_text(json.dumps(graph, indent=1) + "\n", encoding="utf-8")


def _trained(network: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    trained = copy.deepcopy(network).cpu()
    try:
        trained.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise GenasError(f"The weights do not fit the network: {error}") from error
    return trained.eval().requires_grad_(False)
