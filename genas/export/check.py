"""Runs the exported model.py and compares it with the trained network."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from genas.core.errors import GenasError
from genas.core.interfaces import Task
from genas.export.model_file import numbers

if TYPE_CHECKING:
    from torch import Tensor, nn

TOLERANCE = 1e-4  # largest difference, as a share of the largest output or of 1, whichever is more


def model_file(
    network: nn.Module,
    examples: tuple[Tensor, ...],
    task: Task,
    folder: Path,
    *,
    raw: Tensor | None,
) -> float:
    """The largest difference between the network and the one that model.py loads, on real examples.

    Args:
        network: the trained network.
        examples: prepared examples, as the network takes them.
        task: its task; `prepare` and `numbers` of model.py must agree with it.
        folder: holds model.py and the weights.
        raw: raw examples, as the task holds them; None if model.py has no `prepare`.

    Raises:
        GenasError: the difference exceeds the tolerance.
    """
    import torch

    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        module = _run(folder / "model.py")
        outputs = network(*examples)
        worst = difference(module.load(folder)(*examples), outputs)
        if raw is not None:
            worst = max(worst, difference(module.prepare(raw), task.prepare(raw)))
        if task.answer == "number":
            worst = max(worst, difference(module.numbers(outputs), numbers(outputs, task)))
    if not worst <= TOLERANCE:
        raise GenasError(f"{folder / 'model.py'} answers differently from the trained network (by {worst:g}).")
    return worst


class _Uncached(SourceFileLoader):
    """Reads the source each time and leaves no bytecode beside it."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no bytecode wanted")


def _run(path: Path) -> ModuleType:
    """The written file as a module, which stays out of `sys.modules`."""
    name = "_genas_exported_model"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Uncached(name, str(path)))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def difference(outputs: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a share of the largest wanted output if that is above 1."""
    return float((outputs - wanted).abs().max()) / max(1.0, float(wanted.abs().max()))
