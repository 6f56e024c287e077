"""Makes model.py: the file of a network's class with constants and two functions, so that it can be used alone."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genas.core.errors import GenasError
from genas.core.interfaces import Task

if TYPE_CHECKING:
    from torch import nn

_PLAIN = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing", "torch"}
_EXTRA = {"torch_geometric"}  # allowed too; the README then names it
_RESERVED = (
    "CONFIG", "CLASSES", "PREPARATION", "SCALE", "MEAN", "STD", "standardised", "prepare", "load", "Path", "load_file",
)  # fmt: skip

_LOAD = '''

def load(folder: str | Path = Path(__file__).parent) -> torch.nn.Module:
    """The trained network, ready to predict; `folder` holds weights.safetensors."""
    network = {name}(**CONFIG)
    network.load_state_dict(load_file(str(Path(folder) / "weights.safetensors")))
    return network.eval()
'''

_PREPARE = '''

def prepare(raw: Any) -> torch.Tensor:
    """Raw images [B, C, H, W], or rows [B, F], as the network takes them: a tensor, a numpy array or lists."""
    return standardised(raw, SCALE, MEAN, STD)
'''


@dataclass(frozen=True)
class Preparation:
    """What raw inputs need: (raw / scale - mean) / std, per channel or feature."""

    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]


def source_of(network: nn.Module) -> tuple[str, list[str]]:
    """The source file of the network's class, and the packages that it needs beside torch."""
    kind = type(network)
    module = inspect.getmodule(kind)
    try:
        source = inspect.getsource(module) if module else ""
    except (OSError, TypeError) as error:
        raise GenasError(f"The source of {kind.__name__} cannot be read: {error}") from error
    tree, extra = ast.parse(source), set()
    for node in ast.walk(tree):
        for name in _imported(node):
            root = name.partition(".")[0]
            if root in _EXTRA:
                extra.add(root)
            elif root not in _PLAIN:
                raise GenasError(
                    f"{kind.__name__} cannot be exported: its file {module.__name__ if module else ''} imports "
                    f"{name!r} (line {getattr(node, 'lineno', '?')}); it may import torch only."
                )
    taken = {name for node in tree.body for name in _defined(node)} & set(_RESERVED)
    if taken:
        raise GenasError(f"{kind.__name__} cannot be exported: its file defines {', '.join(sorted(taken))}; rename it.")
    if kind.__name__ not in {name for node in tree.body for name in _defined(node)}:
        raise GenasError(f"{kind.__name__} cannot be exported: its class must stand at the top level of its file.")
    return source, sorted(extra)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [t.id for t in targets if isinstance(t, ast.Name)]


def preparation_of(task: Task, count: int) -> Preparation | None:
    """Scale, mean and standard deviation, if they are all that `Task.prepare` applies; else None.

    Args:
        task: whose inputs are prepared.
        count: number of training examples on which this is checked.

    Raises:
        GenasError: `Task.prepare` does something else than they say.
    """
    import torch

    from genas.networks.preparation import standardised

    names = ("scale", "mean", "std")
    if any(not hasattr(task, name) for name in names):
        return None
    scale, mean, std = (getattr(task, name) for name in names)
    found = Preparation(float(scale), tuple(map(float, mean)), tuple(map(float, std)))
    raw = task.data("train").inputs[:count]
    if not torch.allclose(standardised(raw, found.scale, found.mean, found.std), task.prepare(raw).float(), atol=1e-4):
        raise GenasError(f"{task.name} prepares its inputs otherwise than its scale, mean and std say.")
    return found


def text(source: str, network: nn.Module, task: Task, preparation: Preparation | None) -> str:
    """The text of model.py: a new head, the class's file, and the constants and functions to use it alone."""
    config = dict(network.config)  # type: ignore[arg-type]
    constants: dict[str, Any] = {"CONFIG": config, "CLASSES": tuple(map(str, task.classes))}
    if words := getattr(task, "preparation", ""):
        constants["PREPARATION"] = str(words)
    prepare = ""
    if preparation:
        from genas.networks.preparation import standardised

        constants |= {"SCALE": preparation.scale, "MEAN": preparation.mean, "STD": preparation.std}
        prepare = f"\n\n{inspect.getsource(standardised)}{_PREPARE}"
    for name, value in constants.items():
        _plain_data(name, value)
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import)]
    named = any(alias.name == "torch" and alias.asname is None for node in imports for alias in node.names)
    head = [
        '"""A network that genas found. `load()` reads the weights beside this file; see README.md."""',
        "",
        "from __future__ import annotations",
        "",
        *(["from collections.abc import Sequence"] if preparation else []),
        "from pathlib import Path",
        *(["from typing import Any"] if preparation else []),
        "",
        *([] if named else ["import torch"]),
        "from safetensors.torch import load_file",
        "",
    ]
    written = "\n".join(f"{name} = {value!r}" for name, value in constants.items())
    tail = prepare + _LOAD.format(name=type(network).__name__)
    return "\n".join(head) + "\n" + _body(source) + "\n\n\n" + written + "\n" + tail


def _plain_data(name: str, value: object) -> None:
    try:
        same = ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError) as error:
        raise GenasError(f"{name} of the network is not plain data: {value!r}") from error
    if not same:
        raise GenasError(f"{name} of the network is not plain data: {value!r}")


def _body(source: str) -> str:
    """The file without its docstring and __future__ imports, which the head replaces."""
    lines, dropped = source.splitlines(), set()
    for number, node in enumerate(ast.parse(source).body):
        docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            dropped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in dropped).strip()
