"""A found network as files that need no genas: plain PyTorch code, weights and ONNX."""

from __future__ import annotations

import ast
import copy
import importlib.util
import inspect
import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from genas.core import wire
from genas.core.errors import GenasError
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.export_readme import readme

if TYPE_CHECKING:
    from torch import Tensor, nn

_PLAIN = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "typing", "torch"}
_EXTRA = {"torch_geometric"}  # allowed too; the README then names it
_OURS = ("CONFIG", "CLASSES", "PREPARATION", "FEATURES", "SCALE", "MEAN", "STD", "prepare", "load", "Path", "load_file")
_TOLERANCE = 1e-4
_EXAMPLES = 16

_LOAD = '''

def load(folder: str | Path = Path(__file__).parent) -> torch.nn.Module:
    """The trained network, ready to predict; `folder` holds weights.safetensors."""
    network = {name}(**CONFIG)
    network.load_state_dict(load_file(str(Path(folder) / "weights.safetensors")))
    return network.eval()
'''

_PREPARE = '''

def prepare(raw: torch.Tensor) -> torch.Tensor:
    """Raw images [B, C, H, W], or rows [B, F], as the network takes them: a tensor, a numpy array or lists."""
    raw = torch.as_tensor(raw, dtype=torch.float64)  # in less, large numbers that differ little would be equal
    over = (-1,) + (1,) * (raw.ndim - 2)
    mean, std = (torch.tensor(values, dtype=raw.dtype, device=raw.device).view(over) for values in (MEAN, STD))
    return ((raw / SCALE - mean) / std).float()
'''


def export(
    network: nn.Module,
    arch: Architecture,
    task: Task,
    folder: Path,
    *,
    weights: Mapping[str, Tensor] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Write a trained network as model.py, weights.safetensors, model.onnx, architecture.json and README.md.

    The written code is run on real examples and must answer as the network does; so must the ONNX file, where the
    network can be written as one. The network given is left as it is.

    Args:
        network: of a class whose file imports torch only, with its constructor's arguments in `config`.
        folder: made where it does not exist.
        weights: trained weights, as the network's `state_dict` names them; None for those that it holds.
        recipe: how the network was trained, all of it; written into architecture.json and README.md.

    Returns:
        What each file is, by name. Under "model.onnx" either how closely it agrees or why it is missing.

    Raises:
        GenasError: the class's file imports something else, its config is not plain data, the weights do not fit, or
            what was written answers differently.
    """
    from torch import Tensor

    weights = network.state_dict() if weights is None else weights
    trained = _trained(network, weights)
    folder.mkdir(parents=True, exist_ok=True)
    source, extra = _source(trained)
    preparation = _preparation(task)
    (folder / "model.py").write_text(_model(source, trained, task, preparation), encoding="utf-8")
    _write_data(folder, arch, weights, recipe)
    batch, _ = task.batch(_EXAMPLES)
    examples = (batch,) if isinstance(batch, Tensor) else tuple(batch)  # a graph unpacks as features and edges
    difference = _verify(trained, examples, task, preparation, folder)
    files = {
        "model.py": f"plain PyTorch; loaded and run, it differs by {difference:.1g} at most",
        "weights.safetensors": f"{sum(v.numel() for v in weights.values()):,} numbers",
        "model.onnx": _onnx(trained, examples, folder),
        "architecture.json": "the architecture as a graph" + (", and how it was trained" if recipe else ""),
        "README.md": "how to use these files",
    }
    text = readme(files["model.onnx"], extra, preparation, network=trained, task=task, recipe=recipe or {})
    (folder / "README.md").write_text(text, encoding="utf-8")
    return files


def _write_data(
    folder: Path, arch: Architecture, weights: Mapping[str, Tensor], recipe: Mapping[str, Any] | None
) -> None:
    """weights.safetensors and architecture.json."""
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


def _source(network: nn.Module) -> tuple[str, list[str]]:
    """The file of the network's class, and which packages beside torch it needs."""
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
    taken = {name for node in tree.body for name in _defined(node)} & set(_OURS)
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


def _preparation(task: Task) -> dict[str, Any] | None:
    """Scale, mean and standard deviation where they are all that `Task.prepare` does, else None."""
    import torch

    names = ("scale", "mean", "std")
    if any(not hasattr(task, name) for name in names):
        return None
    scale, mean, std = float(task.scale), *(tuple(float(v) for v in getattr(task, n)) for n in names[1:])  # type: ignore[attr-defined]
    raw = task.data("train").inputs[:_EXAMPLES]
    over = (-1,) + (1,) * (raw.ndim - 2)
    center, width = (torch.tensor(values, dtype=torch.float64).view(over) for values in (mean, std))
    if not torch.allclose(((raw.double() / scale - center) / width).float(), task.prepare(raw).float(), atol=1e-4):
        raise GenasError(f"{task.name} prepares its inputs otherwise than its scale, mean and std say.")
    return {"SCALE": scale, "MEAN": mean, "STD": std}


def _model(source: str, network: nn.Module, task: Task, preparation: Mapping[str, Any] | None) -> str:
    """The class's file between a new head and the constants and functions that make it usable alone."""
    config = dict(network.config)  # type: ignore[arg-type]
    constants: dict[str, Any] = {"CONFIG": config, "CLASSES": tuple(map(str, task.classes))}
    if text := getattr(task, "preparation", ""):
        constants["PREPARATION"] = str(text)
    if features := getattr(task, "features", ()):
        constants["FEATURES"] = tuple(features)  # of a table: a column, and a word of it or None
    constants |= preparation or {}
    for name, value in constants.items():
        _plain_data(name, value)
    imports = [node for node in ast.parse(source).body if isinstance(node, ast.Import)]
    named = any(alias.name == "torch" and alias.asname is None for node in imports for alias in node.names)
    head = [
        '"""A network that genas found. `load()` reads the weights beside this file; see README.md."""',
        "",
        "from __future__ import annotations",
        "",
        "from pathlib import Path",
        "",
        *([] if named else ["import torch"]),
        "from safetensors.torch import load_file",
        "",
    ]
    written = "\n".join(f"{name} = {value!r}" for name, value in constants.items())
    tail = (_PREPARE if preparation else "") + _LOAD.format(name=type(network).__name__)
    return "\n".join(head) + "\n" + _body(source) + "\n\n\n" + written + "\n" + tail


def _plain_data(name: str, value: object) -> None:
    try:
        same = ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError) as error:
        raise GenasError(f"{name} of the network is not plain data: {value!r}") from error
    if not same:
        raise GenasError(f"{name} of the network is not plain data: {value!r}")


def _body(source: str) -> str:
    """The file without its docstring and its __future__ imports, which the head has."""
    lines, dropped = source.splitlines(), set()
    for number, node in enumerate(ast.parse(source).body):
        docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            dropped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return "\n".join(line for number, line in enumerate(lines, start=1) if number not in dropped).strip()


def _verify(
    network: nn.Module,
    examples: tuple[Tensor, ...],
    task: Task,
    preparation: Mapping[str, Any] | None,
    folder: Path,
) -> float:
    """The largest difference between the network and what model.py loads, on real examples."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        module = _run(folder / "model.py")
        loaded = module.load(folder)
        difference = _difference(loaded(*examples), network(*examples))
        if preparation:
            raw = task.data("train").inputs[:_EXAMPLES]
            difference = max(difference, _difference(module.prepare(raw), task.prepare(raw)))
    if not difference <= _TOLERANCE:
        raise GenasError(f"{folder / 'model.py'} answers differently from the trained network (by {difference:g}).")
    return difference


class _Uncached(SourceFileLoader):
    """Reads the source each time and leaves no bytecode beside it."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no bytecode wanted")


def _run(path: Path) -> ModuleType:
    """The written file as a module, known to nobody else afterwards."""
    name = "_genas_exported_model"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Uncached(name, str(path)))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def _onnx(network: nn.Module, inputs: tuple[Tensor, ...], folder: Path) -> str:
    """Write model.onnx for any batch size and run it; how closely it agrees, or why there is none."""
    import onnxruntime
    import torch

    path = folder / "model.onnx"
    path.unlink(missing_ok=True)
    if len(inputs) != 1:
        return "missing: this network reads a whole graph, not batches of examples"
    (examples,) = inputs
    try:
        with _quiet():
            program = torch.onnx.export(
                network,
                (examples[:2],),
                dynamo=True,
                external_data=False,
                verbose=False,
                input_names=["inputs"],
                output_names=["outputs"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
            )
    except torch.onnx.OnnxExporterError as error:
        reason = next(
            (line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()), "no reason given"
        )
        return f"missing: this network cannot be written as ONNX ({reason[:200]})"
    assert program is not None
    program.save(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in (examples, examples[:1]):
        with torch.inference_mode():
            wanted = network(batch)
        found = torch.from_numpy(session.run(None, {"inputs": batch.numpy()})[0])
        worst = max(worst, _difference(found, wanted))
    if not worst <= _TOLERANCE:
        path.unlink()
        raise GenasError(f"onnxruntime answers differently from the trained network (by {worst:g} of its range).")
    return f"for any batch size; onnxruntime differs by {worst:.1g} at most on {len(examples)} real examples"


def _difference(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a share of the largest answer where that is above 1."""
    return float((found - wanted).abs().max()) / max(1.0, float(wanted.abs().max()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's notes on packages that no network here needs."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
