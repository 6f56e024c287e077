"""Makes model.py: the file of a network's class with constants and two functions, so that it can be used alone."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

from genas.core.errors import GenasError
from genas.core.interfaces import Task
from genas.core.task_records import Scaling

if TYPE_CHECKING:
    from torch import Tensor, nn

_PLAIN = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing", "torch"}
_EXTRA = {"torch_geometric"}  # allowed too; the README then names it
_RESERVED = (
    "CONFIG", "CLASSES", "TARGETS", "PREPARATION", "SCALE", "MEAN", "STD", "TARGET_SCALE", "TARGET_MEAN", "TARGET_STD",
    "standardised", "prepare", "numbers", "load", "Path", "load_file",
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

_NUMBERS = '''

def numbers(outputs: torch.Tensor) -> torch.Tensor:
    """The numbers that the network's outputs [B, n] stand for, in the units of the training data (see TARGETS)."""
    mean, std = (torch.tensor(values, device=outputs.device) for values in (TARGET_MEAN, TARGET_STD))
    return (outputs * std + mean) * TARGET_SCALE
'''


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


def scaling_of(task: Task, count: int) -> Scaling | None:
    """The scaling of the task's inputs, if that is all that `Task.prepare` applies; else None.

    Args:
        task: whose inputs are prepared.
        count: number of training examples on which this is checked.

    Raises:
        GenasError: `Task.prepare` does something else than the task's preparation says.
    """
    import torch

    from genas.networks.preparation import standardised

    scaling = None if task.preparation is None else task.preparation.inputs
    if scaling is None:
        return None
    raw = task.data("train").inputs[:count]
    expected = standardised(raw, scaling.scale, scaling.mean, scaling.std)
    if not torch.allclose(expected, task.prepare(raw).float(), atol=1e-4):
        raise GenasError(f"{task.name} prepares its inputs otherwise than its preparation says.")
    return scaling


def target_scaling(task: Task) -> Scaling:
    """The scaling of the outputs of a task of numbers; without one, a scaling that changes nothing."""
    named = None if task.preparation is None else task.preparation.targets
    return named or Scaling((0.0,) * task.outputs, (1.0,) * task.outputs)


def numbers(outputs: Tensor, task: Task) -> Tensor:
    """The numbers that outputs [B, n] stand for, in the units of the training data."""
    import torch

    scaling = target_scaling(task)
    mean, std = (torch.tensor(values, device=outputs.device) for values in (scaling.mean, scaling.std))
    return (outputs * std + mean) * scaling.scale


def target_names(task: Task) -> tuple[str, ...]:
    """The name of each number."""
    if task.targets:
        return tuple(map(str, task.targets))
    return ("prediction",) if task.outputs == 1 else tuple(f"prediction {i + 1}" for i in range(task.outputs))


def text(source: str, network: nn.Module, task: Task, scaling: Scaling | None) -> str:
    """The text of model.py: a new head, the class's file, and the constants and functions to use it alone."""
    constants, functions = _constants(network, task), ""
    if scaling:
        from genas.networks.preparation import standardised

        constants |= {"SCALE": scaling.scale, "MEAN": scaling.mean, "STD": scaling.std}
        functions = f"\n\n{inspect.getsource(standardised)}{_PREPARE}"
    if task.answer == "number":
        functions += _NUMBERS
    for name, value in constants.items():
        _plain_data(name, value)
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import)]
    named = any(alias.name == "torch" and alias.asname is None for node in imports for alias in node.names)
    head = [
        '"""A network that genas found. `load()` reads the weights beside this file; see README.md."""',
        "",
        "from __future__ import annotations",
        "",
        *(["from collections.abc import Sequence"] if scaling else []),
        "from pathlib import Path",
        *(["from typing import Any"] if scaling else []),
        "",
        *([] if named else ["import torch"]),
        "from safetensors.torch import load_file",
        "",
    ]
    written = "\n".join(f"{name} = {value!r}" for name, value in constants.items())
    tail = functions + _LOAD.format(name=type(network).__name__)
    return "\n".join(head) + "\n" + _body(source) + "\n\n\n" + written + "\n" + tail


def _constants(network: nn.Module, task: Task) -> dict[str, Any]:
    """What the file tells of the network, its answers and their preparation, by name."""
    found: dict[str, Any] = {"CONFIG": dict(network.config)}  # type: ignore[arg-type]
    if task.answer == "number":
        scaling = target_scaling(task)
        found |= {"TARGETS": target_names(task), "TARGET_SCALE": scaling.scale}
        found |= {"TARGET_MEAN": scaling.mean, "TARGET_STD": scaling.std}
    else:
        found["CLASSES"] = tuple(map(str, task.classes))
    if task.preparation is not None:
        found["PREPARATION"] = task.preparation.words
    return found


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
