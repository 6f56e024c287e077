"""Predicts latency or energy on a device of yours from about ten networks measured on it and known devices' tables."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from genas.core.errors import InvalidArchitecture, MissingArtifact, RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace
from genas.core.metrics import LATENCY, STANDARD, Metric
from genas.core.paths import written
from genas.core.records import Architecture, Measurement
from genas.predictors.device_transfer import DeviceTransfer, Floats
from genas.scorers._batch import BatchScorer
from genas.scorers._devices import DeviceFigures

_LEARNED_FROM = 2000  # architectures
_POOL = 400  # architectures from which those to measure are chosen
_FEW, _LEAST = 10, 3  # measurements: advised, needed


class DeviceTransferScorer(BatchScorer):
    """Milliseconds (or millijoules) on a device that no table lists, for spaces whose tables list others.

    Measure about ten networks on the device and name the file; asked without one, it says which ten tell most. Spaces:
    nasbench201 (25 known devices, of the CIFAR-10 network), fbnet (21), gpt (14), and those of which a task of another
    package lists `devices`. `std` is the model's uncertainty.

    Source: see `genas.predictors.device_transfer.DeviceTransfer`; `eval/device_transfer.py` says how well it ranks.

    Args:
        space: whose architectures are measured.
        measured: a file of architectures as text with their figures: .csv with two columns (a first line of words is
            skipped), or .json with one object from text to figure. Repeats are averaged.
        metric: "latency_ms", or "energy_mj" (nasbench201 only).

    Raises:
        RequestError: where the file cannot be read, or names what is not in the space.
    """

    name = "device_transfer"
    metric: ClassVar[Metric] = LATENCY
    cost: ClassVar[float] = 0.001

    def __init__(
        self,
        space: SearchSpace,
        *,
        measured: str | None = None,
        metric: Literal["latency_ms", "energy_mj"] = "latency_ms",
    ) -> None:
        self._space = space
        self._measured = None if measured is None else _read(written(measured), space)
        vars(self).update(metric=STANDARD[metric])  # over that of the class

    @cached_property
    def _known(self) -> DeviceFigures:
        return DeviceFigures(self._space, self.metric.name)

    @cached_property
    def _model(self) -> DeviceTransfer:
        archs = self._known.population(_LEARNED_FROM)
        return DeviceTransfer(self._known.figures(archs), self._known.features(archs), self._known.families)

    def _rows(self, archs: Sequence[Architecture]) -> Floats:
        return self._model.rows(self._known.features(archs), self._known.figures(archs))

    def advised(self, count: int = _FEW) -> list[Architecture]:
        """The architectures to measure on a new device; known devices alone decide.

        Raises:
            ScoreFailed: where no table lists known devices for the space.
        """
        pool = self._known.population(_POOL)
        return [pool[i] for i in self._model.choose(self._rows(pool), count)]

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The expected figure of each, in one batch."""
        start = time.perf_counter()
        try:
            measured, figures = self._measurements()
        except ScoreFailed as failure:
            return [failure] * len(archs)
        problems = [self._space.problems(arch) for arch in archs]
        legal = [arch for arch, wrong in zip(archs, problems, strict=True) if not wrong]
        predicted = self._model.predict(self._rows(measured), figures, self._rows(legal)) if legal else None
        seconds = (time.perf_counter() - start) / max(len(archs), 1)
        results: list[Measurement | ScoreFailed] = [ScoreFailed("; ".join(wrong)) for wrong in problems]
        places = [place for place, wrong in enumerate(problems) if not wrong]
        for row, place in enumerate(places):
            assert predicted is not None
            value, std = float(predicted.mean[row]), float(predicted.std[row])
            results[place] = Measurement(self.metric.name, value, seconds, fidelity, seed, std)
        return results

    def _measurements(self) -> tuple[list[Architecture], Floats]:
        if self._measured is None:
            lines = "\n".join(f"{self._space.to_text(arch)}," for arch in self.advised())
            raise MissingArtifact(
                f"What some networks cost on the device ({self.metric.name})",
                f"Measure these, write each figure behind its comma, and name the file: "
                f"device_transfer:measured=FILE.csv\n{lines}",
            )
        return list(self._measured), np.array(list(self._measured.values()))


def _read(path: Path, space: SearchSpace) -> dict[Architecture, float]:
    """The architectures of a file with the mean of their figures."""
    figures: dict[Architecture, list[float]] = {}
    for number, (text, figure) in enumerate(_pairs(path), start=1):
        place = f"{path}, entry {number}"  # what the file holds is not shown: it may be another than was meant
        try:
            arch = space.from_text(text)
        except InvalidArchitecture as error:
            raise RequestError(f"{place}: this is no architecture of the space {space.name}.") from error
        try:
            value = float(figure)
        except ValueError as error:
            raise RequestError(f"{place}: the figure is no number; write milliseconds such as 12.5") from error
        if not (math.isfinite(value) and value > 0):
            raise RequestError(f"{place}: the figure cannot be what a network costs; write a number above 0.")
        figures.setdefault(arch, []).append(value)
    if len(figures) < _LEAST:
        raise RequestError(f"{path} holds {len(figures)} architectures; measure {_FEW} (at least {_LEAST}).")
    return {arch: sum(values) / len(values) for arch, values in figures.items()}


def _pairs(path: Path) -> list[tuple[str, str]]:
    """Texts and figures of the file, neither checked."""
    example = 'a .csv of lines like "ARCHITECTURE,12.5", or a .json like {"ARCHITECTURE": 12.5}'
    try:
        if path.exists() and not path.is_file():
            raise RequestError(f"device_transfer: {path} is no file. Name {example}.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise RequestError(f"device_transfer: {path} cannot be read: {why}. Name {example}.") from error
    if path.suffix.lower() == ".json":
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"{path} is not JSON. Write {example}.") from error
        if not isinstance(data, dict):
            raise RequestError(f"{path} must hold one object. Write {example}.")
        return [(key, str(value)) for key, value in data.items()]
    try:
        lines = [[cell.strip() for cell in line] for line in csv.reader(text.splitlines()) if line]
    except csv.Error as error:
        raise RequestError(f"{path} is no table. Write {example}.") from error
    if lines and len(lines[0]) == 2 and not any(c.isdigit() for c in lines[0][1]):
        lines = lines[1:]  # names of the columns
    if wrong := next((number for number, line in enumerate(lines, start=1) if len(line) != 2), None):
        raise RequestError(f"{path}, entry {wrong}: this has not two columns. Write {example}.")
    return [(line[0], line[1]) for line in lines]
