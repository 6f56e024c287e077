"""Writes model.onnx: the network with its preparation; its metadata say how files become inputs."""

from __future__ import annotations

import dataclasses
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core.errors import GenasError
from genas.core.interfaces import Reader, Task
from genas.core.task_records import Scaling
from genas.export.check import TOLERANCE, difference
from genas.export.model_file import numbers, target_names

if TYPE_CHECKING:
    import onnx_ir as ir
    from torch import Tensor, nn
    from torch.onnx import ONNXProgram


def write(
    network: nn.Module,
    examples: tuple[Tensor, ...],
    task: Task,
    folder: Path,
    *,
    scaling: Scaling | None,
    raw: Tensor | None,
    reader: Reader | None,
) -> str:
    """Write model.onnx for any batch size, run it, and say how closely it agrees or why it is missing.

    The input `inputs` takes raw inputs if `scaling` is known: images as float32, rows of numbers as float64. The
    outputs are `outputs`, as the network gives them, and `probabilities`, if the task has classes, or `numbers` in the
    units of the training data. The metadata are `classes` or `targets` (a JSON list), `preparation` (words) and
    `reader` (JSON: the kind and the values of the task's reader).

    Args:
        network: the trained network.
        examples: prepared examples, as the network takes them.
        task: its task.
        folder: where model.onnx is written.
        scaling: of raw inputs; None if the network takes prepared inputs only.
        raw: examples as the task holds them; None without a scaling.
        reader: the task's reader of files; None without one.

    Returns:
        A sentence on the file; it begins with "missing" if there is none.

    Raises:
        GenasError: onnxruntime gives other outputs than the network.
    """
    import torch

    path = folder / "model.onnx"
    path.unlink(missing_ok=True)
    if len(examples) != 1:
        return "missing: this network reads a whole graph, not batches of examples"
    whole, inputs = _whole(network, scaling, task), examples[0]
    if raw is not None:
        inputs = raw if raw.dtype == torch.float64 else raw.float()
    try:
        program = _program(whole, inputs, ["outputs", *answers_of(task)])
    except torch.onnx.OnnxExporterError as error:
        return f"missing: this network cannot be written as ONNX ({_reason(error)})"
    _cleaned(program.model)
    program.model.metadata_props.update(_metadata(task, reader))
    program.save(str(path))
    worst = _agreeing(path, whole, inputs)
    return f"for any batch size; onnxruntime differs by {worst:.1g} at most on {len(inputs)} real examples"


def _agreeing(path: Path, whole: nn.Module, inputs: Tensor) -> float:
    """By how much the file differs from the network at most; one that differs more than it may is removed."""
    worst = _difference(path, whole, inputs)
    if not worst <= TOLERANCE:
        path.unlink()
        raise GenasError(f"onnxruntime answers differently from the trained network (by {worst:g} of its range).")
    return worst


def _reason(error: Exception) -> str:
    """The first line that says something, at most 200 characters of it."""
    lines = (line.strip() for line in str(error.__cause__ or error).splitlines())
    return next((line for line in lines if line), "no reason given")[:200]


def answers_of(task: Task) -> list[str]:
    """The names of the file's outputs beside `outputs`."""
    return ["numbers"] if task.answer == "number" else ["probabilities"] if task.classes else []


def _whole(network: nn.Module, scaling: Scaling | None, task: Task) -> nn.Module:
    """The network from raw inputs to its outputs and, if the task has them, probabilities or numbers."""
    from torch import nn

    from genas.networks.preparation import standardised

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
            if scaling:
                inputs = standardised(inputs, scaling.scale, scaling.mean, scaling.std)
            outputs = self.network(inputs)
            if task.answer == "number":
                return outputs, numbers(outputs, task)
            return (outputs, outputs.softmax(1)) if task.classes else (outputs,)

    return Whole().eval()


def _program(whole: nn.Module, inputs: Tensor, outputs: list[str]) -> ONNXProgram:
    """The network as ONNX, for any number of examples."""
    import torch

    with _quiet():
        program = torch.onnx.export(
            whole,
            (inputs[:2],),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=["inputs"],
            output_names=outputs,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    assert program is not None
    return program


def _difference(path: Path, whole: nn.Module, inputs: Tensor) -> float:
    """The largest difference between the outputs of the file and of the network, for all examples and for one alone."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch in (inputs, inputs[:1]):
        with torch.inference_mode():
            wanted = whole(batch)
        for values, output in zip(session.run(None, {"inputs": batch.numpy()}), wanted, strict=True):
            worst = max(worst, difference(torch.from_numpy(values), output))
    return worst


def _cleaned(model: ir.Model) -> None:
    """Remove the exporter's stack traces, which hold paths of this machine and differ between machines."""
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
    model.graph.metadata_props.clear()


def _metadata(task: Task, reader: Reader | None) -> dict[str, str]:
    named = ("targets", target_names(task)) if task.answer == "number" else ("classes", task.classes)
    words = "" if task.preparation is None else task.preparation.words
    found = {named[0]: json.dumps(list(map(str, named[1]))), "preparation": words}
    if reader is not None:
        values = dataclasses.asdict(reader)  # type: ignore[call-overload]  # reader_files has made sure of it
        found["reader"] = json.dumps({"kind": type(reader).__name__, **values})
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's notes on packages that no network here needs."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
