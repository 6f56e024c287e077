"""Devices whose published figures say how a new device may treat the architectures of a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Use
from genas.core.rng import rng
from genas.encodings.paths import ArchFeatures
from genas.predictors.device_transfer import Floats

_CPUS = {name: (name,) for name in ("gold_6240", "silver_4114", "silver_4210r")}
_PHONES = {name: (name,) for name in ("essential_ph_1", "pixel3", "samsung_a50", "samsung_s7")}
_CARDS = ("1080ti", "2080ti", "titanx", "titanxp")
FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {  # space -> device -> its versions as the tables name them
    "nasbench201": {
        **{card: tuple(f"{card}_{batch}" for batch in (1, 32, 256)) for card in _CARDS},
        "titan_rtx": ("titan_rtx_1", "titan_rtx_32"), **_CPUS, **_PHONES, "edgegpu": ("edgegpu",),
        "pi5": ("pi5_litert", "pi5_onnx", "pi5_torchmobile"),
    },  # edgetpu is left out: its table has gaps
    "fbnet": {
        **{card: tuple(f"{card}_{batch}" for batch in (1, 32, 64)) for card in _CARDS},
        "titan_rtx": ("titan_rtx_1", "titan_rtx_32"), **_CPUS, **_PHONES,
    },
    "gpt": {
        name: (name,) for name in ("p100", "a100", "a40", "a6000", "h100", "rtx2080", "rtx3080", "v100", "cpu_a6000",
        "cpu_alldlc", "cpu_meta", "cpu_mlgpu", "cpu_p100", "cpu_helix")
    },
}  # fmt: skip
_WITH_ENERGY = {"nasbench201": ("edgegpu", "pi5_litert", "pi5_onnx", "pi5_torchmobile")}
_PUBLISHED: dict[str, dict[str, tuple[object, ...]]] = {  # options of the spaces that the tables were made with
    "nasbench201": {"channels": (16,), "cells": (5,)},
    "fbnet": {"width": (1.0,), "stages": (7,)},
    "gpt": {"scale": ("s", "m", "l")},
}
_TASKS = {"nasbench201": "nasbench201", "fbnet": "fbnet", "gpt": "hwgpt"}


class KnownDevices:
    """The figures of architectures on all devices that the tables of the space list.

    Args:
        space: of the architectures, as published (the tables know no other width or scale).
        metric: "latency_ms", or "energy_mj" for the energies beside the latencies.

    Raises:
        ScoreFailed: where no table lists devices for the space, or none their energies.
    """

    def __init__(self, space: SearchSpace, metric: str) -> None:
        families = FAMILIES.get(space.name)
        if families is None or (metric == "energy_mj" and space.name not in _WITH_ENERGY):
            spaces = ", ".join(_WITH_ENERGY if metric == "energy_mj" else FAMILIES)
            raise ScoreFailed(f"no table of {metric} lists known devices for {space.name}; there is one for {spaces}")
        options = {name: vars(space)[name] for name in _PUBLISHED[space.name]}
        for name, published in _PUBLISHED[space.name].items():
            if options[name] not in published:
                raise ScoreFailed(
                    f"the tables know {space.name} with {name}={' or '.join(map(str, published))}, not {options[name]}"
                )
        options = {"scale": options["scale"]} if "scale" in options else {}
        self.names = [name for versions in families.values() for name in versions]
        self.families = [family for family, versions in families.items() for _ in versions]
        self._columns = [(self._task(space.name, name, options), "latency_ms") for name in self.names]
        for name in _WITH_ENERGY[space.name] if metric == "energy_mj" else ():
            self._columns.append((self._columns[self.names.index(name)][0], metric))
            self.families.append(self.families[self.names.index(name)])
        self._space, self._features = space, ArchFeatures(space)

    @staticmethod
    def _task(space: str, device: str, options: dict[str, Any]) -> Task:
        task: Task = registry.create("tasks", Use(_TASKS[space], {"latency_device": device, **options}))
        return task

    def population(self, count: int) -> list[Architecture]:
        """`count` architectures that the tables know, the same ones every time."""
        generator = rng(0, "known devices")
        if listed := getattr(self._columns[0][0], "measured", ()):
            return [listed[i] for i in generator.permutation(len(listed))[:count]]
        unique = dict.fromkeys(self._space.sample(generator) for _ in range(count))
        return list(unique)

    def figures(self, archs: Sequence[Architecture]) -> Floats:
        """One column for each known device; nan where its table lacks the architecture.  # [B, D]"""
        found = np.full((len(archs), len(self._columns)), np.nan)
        for column, (task, metric) in enumerate(self._columns):
            for row, arch in enumerate(archs):
                try:
                    found[row, column] = task.lookup(arch, metric).value
                except ScoreFailed:
                    continue  # stays nan
        return found

    def features(self, archs: Sequence[Architecture]) -> Floats:
        """What is read off an architecture: labels by place, how many of each, and paths where they are few."""
        table = self._features.features(archs).astype(np.float64)
        parts = [table[:, self._features.groups["places"]]]
        parts.append(np.array([[arch.ops.count(op) for op in self._space.ops] for arch in archs], dtype=np.float64))
        if self._features.exact:
            parts.append(table[:, self._features.groups["paths"]])
        return np.concatenate(parts, axis=1)
