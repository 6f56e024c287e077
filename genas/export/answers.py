"""Asks an exported network about new files: classes with their probabilities, or numbers, by model.onnx."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genas.core.errors import GenasError, RequestError
from genas.core.interfaces import Reader
from genas.core.paths import own_files
from genas.export import sums

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray

_BATCH = 1024  # examples per pass through the network


@dataclass(frozen=True)
class Answers:
    """The probability of each class for each example.

    Args:
        classes: the network's classes.
        examples: the name of each example: its file, or its position in one.
        probabilities: [examples, classes].
        notes: sentences on what was left out or not read as written.
    """

    classes: tuple[str, ...]
    examples: tuple[str, ...]
    probabilities: NDArray[np.float32]
    notes: tuple[str, ...] = field(default=())

    @property
    def chosen(self) -> list[str]:
        """The most probable class of each example."""
        return [self.classes[place] for place in self.probabilities.argmax(1)]

    def to_data(self) -> dict[str, Any]:
        """The answers and the notes as plain data."""
        rows = zip(self.examples, self.chosen, self.probabilities.tolist(), strict=True)
        answers = [
            {"example": name, "class": chosen, "probabilities": dict(zip(self.classes, shares, strict=True))}
            for name, chosen, shares in rows
        ]
        return {"classes": list(self.classes), "answers": answers, "notes": list(self.notes)}

    def to_csv(self) -> str:
        """The answers as a table: the example, its class and probability, then the probability of each class."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["example", "class", "probability", *(f"p({name})" for name in self.classes)])
        for name, chosen, shares in zip(self.examples, self.chosen, self.probabilities, strict=True):
            writer.writerow([name, chosen, f"{shares.max():.6g}", *(f"{share:.6g}" for share in shares)])
        return stream.getvalue()


@dataclass(frozen=True)
class Numbers:
    """The predicted numbers for each example.

    Args:
        targets: the names of the numbers.
        examples: the name of each example: its file, or its position in one.
        values: [examples, targets], in the units of the training data.
        notes: sentences on what was left out or not read as written.
    """

    targets: tuple[str, ...]
    examples: tuple[str, ...]
    values: NDArray[np.float32]
    notes: tuple[str, ...] = field(default=())

    def to_data(self) -> dict[str, Any]:
        """The answers and the notes as plain data."""
        rows = zip(self.examples, self.values.tolist(), strict=True)
        answers = [{"example": name, "numbers": dict(zip(self.targets, row, strict=True))} for name, row in rows]
        return {"targets": list(self.targets), "answers": answers, "notes": list(self.notes)}

    def to_csv(self) -> str:
        """The answers as a table: the example, then each number."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["example", *self.targets])
        for name, row in zip(self.examples, self.values, strict=True):
            writer.writerow([name, *(f"{value:.6g}" for value in row)])
        return stream.getvalue()


@dataclass(frozen=True)
class _Metadata:
    """The metadata of model.onnx.

    Args:
        answer: the output to read, "probabilities" or "numbers".
        names: the names of the classes or of the numbers.
        reader: reads the files.
    """

    answer: str
    names: tuple[str, ...]
    reader: Reader


def answers(run: Path, paths: str | Path | Sequence[str | Path]) -> Answers | Numbers:
    """The answers of a run's winner, or of an exported network, for the examples in files.

    Args:
        run: the folder of a run, or one that holds model.onnx.
        paths: pictures or tables in any form that the training data may have; they need no classes and no numbers to
            predict.

    Raises:
        RequestError: there is no such network, or a file can't be read as its input; the text names it.
        Damaged: model.onnx is not as it was written.
    """
    import numpy as np

    from genas.reading.inputs import listed_paths

    path = _file(run)
    own_files(path.parent)
    sums.check(path)
    session = _session(path)
    metadata = _metadata(session, path)
    names: list[str] = []
    values, notes = [], list[str]()
    try:
        for batch, raw in metadata.reader.batches(listed_paths(paths), notes):
            names += batch
            values += [_run(session, metadata.answer, part) for part in _parts(raw)]
    except ValueError as error:
        raise RequestError(str(error)) from error
    except OSError as error:
        raise RequestError(f"{error.filename or 'A file'} can't be read ({error.strerror or error}).") from error
    if not names:
        raise RequestError("These files hold no examples. Name pictures, or tables with rows.")
    kind = Numbers if metadata.answer == "numbers" else Answers
    return kind(metadata.names, tuple(names), np.concatenate(values), tuple(notes))


def _file(run: Path) -> Path:
    for folder in (run / "winner", run):
        if (folder / "model.onnx").is_file():
            return folder / "model.onnx"
    for folder in (run / "winner", run):
        if (folder / "model.py").is_file():
            raise RequestError(
                f"The network in {folder} could not be written as ONNX (its README.md says why); use its model.py."
            )
    if (run / "ledger.jsonl").is_file():
        raise RequestError(
            f"{run} has no winner yet. Let its design end, or export one of its networks (genas export {run} KEY) and "
            "name the folder that this makes."
        )
    raise RequestError(f"{run} holds no network; name the folder of a run, or one that genas export wrote.")


def _session(path: Path) -> onnxruntime.InferenceSession:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    try:
        return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except (state.Fail, state.InvalidProtobuf, state.InvalidGraph, state.NotImplemented) as error:
        reason = str(error).splitlines()[0][:160]
        raise RequestError(
            f"onnxruntime can't read {path} ({reason}). Export it again: genas export RUN KEY."
        ) from error


def _metadata(session: onnxruntime.InferenceSession, path: Path) -> _Metadata:
    """The metadata of the file: which output to read, its names, and the reader of files."""
    from pydantic import TypeAdapter, ValidationError

    from genas.reading.image_reader import ImageReader
    from genas.reading.row_reader import RowReader

    kinds: dict[str, type] = {kind.__name__: kind for kind in (ImageReader, RowReader)}
    metadata = session.get_modelmeta().custom_metadata_map
    answer = "numbers" if "targets" in metadata else "probabilities"
    names = json.loads(metadata.get("targets", metadata.get("classes", "[]")))
    if "reader" not in metadata or not names:
        raise RequestError(f"The network in {path.parent} reads no files; its README.md says what it takes.")
    values = json.loads(metadata["reader"])
    kind = values.pop("kind", "")
    if kind not in kinds:
        raise RequestError(f"The network in {path.parent} reads files with its own code ({kind}); see its README.md.")
    try:
        reader: Reader = TypeAdapter(kinds[kind]).validate_python(values)
    except ValidationError as error:
        raise GenasError(
            f"The metadata of {path} are from another version of genas. Export it again: genas export RUN KEY."
        ) from error
    return _Metadata(answer, tuple(names), reader)


def _parts(raw: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for first in range(0, len(raw), _BATCH):
        yield raw[first : first + _BATCH]


def _run(session: onnxruntime.InferenceSession, answer: str, raw: NDArray[Any]) -> NDArray[np.float32]:
    kind = {"tensor(float)": "float32", "tensor(double)": "float64"}[session.get_inputs()[0].type]
    values: NDArray[np.float32] = session.run([answer], {"inputs": raw.astype(kind)})[0]
    return values
