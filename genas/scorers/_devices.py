"""Devices whose published figures say how a new device may treat the architectures of a space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core import registry
from genas.core.devices import KnownDevices
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Use
from genas.core.rng import rng
from genas.encodings.paths import ArchFeatures
from genas.predictors.device_transfer import Floats


def listed(space: str, metric: str = "latency_ms") -> tuple[str, KnownDevices]:
    """The task whose table lists devices for a space, and these.

    Args:
        space: by name.
        metric: "latency_ms", or "energy_mj" where energies must be known too.

    Raises:
        ScoreFailed: there is none, or none with energies.
        RequestError: there are several.
    """
    tables = {name: registry.load("tasks", name).devices for name in registry.names("tasks")}
    known = {n: d for n, d in tables.items() if d is not None and (metric != "energy_mj" or d.energy)}
    found = {name: devices for name, devices in known.items() if devices.space == space}
    if not found:
        spaces = ", ".join(devices.space for devices in known.values())
        raise ScoreFailed(f"no table of {metric} lists known devices for {space}; there is one for {spaces}")
    if len(found) > 1:
        raise RequestError(f"The tasks {' and '.join(found)} both list devices of the space {space}; keep one of them.")
    return next(iter(found.items()))


def table_of(space: SearchSpace, device: str, metric: str = "latency_ms") -> Task:
    """The table with the figures of one device, for the space as published.

    Raises:
        ScoreFailed: no table lists devices for the space, or only for other values of its options.
        RequestError: there is no such device.
    """
    task, devices = listed(space.name, metric)
    options = {name: vars(space)[name] for name in devices.published}
    for name, published in devices.published.items():
        if options[name] not in published:
            raise ScoreFailed(
                f"the tables know {space.name} with {name}={' or '.join(map(str, published))}, not {options[name]}"
            )
    if device not in devices.versions:
        raise RequestError(f"The device must be one of {', '.join(devices.versions)} for {space.name}, not {device!r}.")
    shared = {name: value for name, value in options.items() if name in registry.options("tasks", task)}
    table: Task = registry.create("tasks", Use(task, {"latency_device": device, **shared}))
    return table


class DeviceFigures:
    """The figures of architectures on all devices that the tables of the space list.

    Args:
        space: of the architectures, as published (the tables know no other width or scale).
        metric: "latency_ms", or "energy_mj" for the energies beside the latencies.

    Raises:
        ScoreFailed: where no table lists devices for the space, or none their energies.
    """

    def __init__(self, space: SearchSpace, metric: str) -> None:
        _, devices = listed(space.name, metric)
        self.names = devices.versions
        self.families = [family for family, versions in devices.families.items() for _ in versions]
        self._columns = [(table_of(space, name, metric), "latency_ms") for name in self.names]
        for name in devices.energy if metric == "energy_mj" else ():
            self._columns.append((self._columns[self.names.index(name)][0], metric))
            self.families.append(self.families[self.names.index(name)])
        self._space, self._features = space, ArchFeatures(space)

    def population(self, count: int) -> list[Architecture]:
        """`count` architectures that the tables know, the same ones every time."""
        generator = rng(0, "known devices")
        if listed := self._columns[0][0].measured:
            return [listed[i] for i in generator.permutation(len(listed))[:count]]
        return list(dict.fromkeys(self._space.sample(generator) for _ in range(count)))

    def figures(self, archs: Sequence[Architecture]) -> Floats:
        """One column for each known device; nan where its table lacks the architecture.  # [B, D]"""
        columns = np.full((len(archs), len(self._columns)), np.nan)
        for column, (task, metric) in enumerate(self._columns):
            for row, arch in enumerate(archs):
                try:
                    columns[row, column] = task.lookup(arch, metric).value
                except ScoreFailed:
                    continue  # stays nan
        return columns

    def features(self, archs: Sequence[Architecture]) -> Floats:
        """What is read off an architecture: labels by place, how many of each, and paths where they are few."""
        table = self._features.features(archs).astype(np.float64)
        parts = [table[:, self._features.groups["places"]]]
        parts.append(np.array([[arch.ops.count(op) for op in self._space.ops] for arch in archs], dtype=np.float64))
        if self._features.exact:
            parts.append(table[:, self._features.groups["paths"]])
        return np.concatenate(parts, axis=1)
