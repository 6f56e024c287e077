"""The cells of NAS-Bench-101: 423,624 freely wired image networks, all trained and tabulated by its authors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Channels, Depth
from genas.core.records import Architecture, Candidate, Constraint, Frame
from genas.spaces import _nb101_wirings as wirings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

_OPS = ("conv3x3", "conv1x1", "maxpool3x3")
_Edge = tuple[int, int]


class NasBench101(SearchSpace):
    """Cells of at most seven vertices and nine edges, freely wired, in the fixed macro network of the benchmark.

    Source: Ying et al., "NAS-Bench-101" (ICML 2019). Only pruned cells are legal: every vertex lies on a path from
    input to output. So a cell has two to seven vertices, and each of the 423,624 cells has exactly one `key`. `sample`
    is uniform over these cells (the authors sample 7x7 matrices, which prefers cells with many spellings).

    Vertices that feed the output share its channels, and the first ones take the remainder, as published. So two
    spellings of a cell may differ by a few channels (below 1 % of the parameters).

    Args:
        channels: channels of the first stack (128 in the benchmark).
        stacks: number of stacks, with half the resolution after each (3 in the benchmark).
        cells: cells per stack (3 in the benchmark).

    Raises:
        RequestError: an option is below 1, or `channels` below 8.
    """

    name = "nasbench101"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *_OPS)
    max_nodes: ClassVar[int] = wirings.MAX_VERTICES

    def __init__(self, *, channels: Channels = 128, stacks: Depth = 3, cells: Depth = 3) -> None:
        for option, value, least in (("channels", channels, 8), ("stacks", stacks, 1), ("cells", cells, 1)):
            if value < least:
                raise RequestError(f"nasbench101: {option} must be at least {least}, not {value}.")
        self.channels, self.stacks, self.cells = channels, stacks, cells

    def frame(self, nodes: int) -> Frame:
        """Free operations between input and output; every forward edge is open."""
        pairs = tuple((i, j) for i in range(nodes) for j in range(i + 1, nodes))
        return Frame((("input",), *(_OPS,) * (nodes - 2), ("output",)), (), pairs)

    def wirings(self, nodes: int) -> NDArray[np.bool_]:
        """The wirings with at most nine edges and every vertex on a path from input to output."""
        return wirings.legal(nodes)[1]

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the cell."""
        found = []
        count = len(arch.ops)
        if arch.space != self.name:
            found.append(f"the space must be {self.name}, not {arch.space!r}")
        if not 2 <= count <= self.max_nodes:
            return [*found, f"a cell has 2 to {self.max_nodes} vertices, input and output included, not {count}"]
        if (arch.ops[0], arch.ops[-1]) != ("input", "output"):
            found.append(
                f"the first vertex must be input and the last output, not {arch.ops[0]!r} and {arch.ops[-1]!r}"
            )
        found += [
            f"vertex {number} is {op!r}; it must be one of {', '.join(_OPS)}"
            for number, op in enumerate(arch.ops[1:-1], start=1)
            if op not in _OPS
        ]
        if len(arch.edges) > wirings.MAX_EDGES:
            found.append(f"there are {len(arch.edges)} edges; at most {wirings.MAX_EDGES} are allowed")
        if list(arch.edges) != sorted(set(arch.edges)) or not all(0 <= i < j < count for i, j in arch.edges):
            return [*found, f"edges must be sorted, each once, from a vertex to a later one of 0 to {count - 1}"]
        return found + _loose_ends(count, arch.edges)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network of the benchmark around this cell, for the task's channels and classes.

        Raises:
            InvalidArchitecture: the cell is illegal.
        """
        from genas.networks.nasbench101 import Nb101Net

        self.check(arch)
        shape = {"channels": self.channels, "stacks": self.stacks, "cells": self.cells}
        return Nb101Net(arch.ops, arch.edges, task.input_shape[0], task.outputs, **shape)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random cell, uniform over all 423,624, without rejection."""
        edges, choices = wirings.draw(rng)
        return Architecture(self.name, ("input", *(_OPS[c] for c in choices), "output"), edges)

    def prune(self, ops: Sequence[str], edges: Sequence[_Edge]) -> Architecture:
        """The cell without vertices that lie on no path from input to output, as published; it is not checked."""
        last = len(ops) - 1
        kept = sorted((_reached(0, edges) & _reached(last, [(j, i) for i, j in edges])) | {0, last})
        place = {vertex: number for number, vertex in enumerate(kept)}
        left = tuple(sorted((place[i], place[j]) for i, j in edges if i in place and j in place))
        return Architecture(self.name, tuple(ops[v] for v in kept), left)

    def from_text(self, text: str) -> Architecture:
        """The cell of one line; vertices on no path from input to output are pruned, as in the benchmark.

        Raises:
            InvalidArchitecture: the line is not a cell.
        """
        ops, _, edges = text.partition("|")
        labels = ops.split()
        try:
            pairs = {(int(a), int(b)) for a, b in (edge.split(">") for edge in edges.split())}
        except ValueError as error:
            raise InvalidArchitecture([f"edges must look like 0>1 1>2, not {edges.strip()[:80]!r}"]) from error
        if not labels or not all(0 <= i < j < len(labels) for i, j in pairs):
            raise InvalidArchitecture(
                ["write labels, a bar and edges to later vertices: input conv3x3 output | 0>1 1>2"]
            )
        return self.check(self.prune(labels, sorted(pairs)))

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All legal cells one edit away: another label, an edge added or removed, or a vertex inserted.

        Vertices left without a path are pruned. Cells of other sizes are neighbours too, so that a walk can reach every
        cell.
        """
        yield from super().neighbors(arch)
        for edge in arch.edges:
            left = self.prune(arch.ops, [e for e in arch.edges if e != edge])
            if len(left.ops) < len(arch.ops) and not self.problems(left):
                yield left
        if len(arch.ops) < self.max_nodes:
            yield from self._grown(arch)

    def _grown(self, arch: Architecture) -> Iterator[Architecture]:
        """All cells with a new vertex between two vertices: beside a direct edge, in place of it, or without one."""
        for source, target in self.frame(len(arch.ops)).open_edges:
            new = source + 1
            place = [v + (v >= new) for v in range(len(arch.ops))]
            moved = {(place[i], place[j]) for i, j in arch.edges} | {(source, new), (new, place[target])}
            for op in _OPS:
                ops = (*arch.ops[:new], op, *arch.ops[new:])
                yield from self._legal(ops, tuple(sorted(moved)))
                if (source, target) in arch.edges:
                    yield from self._legal(ops, tuple(sorted(moved - {(source, place[target])})))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """A residual cell of two 3x3 convolutions, where it keeps the limit on `params`."""
        import torch

        arch = Architecture(self.name, ("input", "conv3x3", "conv3x3", "output"), ((0, 1), (0, 3), (1, 2), (2, 3)))
        with torch.device("meta"):
            count = sum(p.numel() for p in self.build(arch, task).parameters())
        if not all(limit.holds(count) for limit in limits if limit.metric == "params"):
            return []
        return [Candidate(arch, "reference", note="a residual cell: two 3x3 convolutions and a shortcut")]


def _loose_ends(count: int, edges: Sequence[_Edge]) -> list[str]:
    """Vertices on no path from input to output; in topological order, these lack an incoming or an outgoing edge."""
    entered, left = {j for _, j in edges}, {i for i, _ in edges}
    found = [f"nothing enters vertex {v}" for v in range(1, count) if v not in entered]
    return found + [f"nothing leaves vertex {v}" for v in range(count - 1) if v not in left]


def _reached(start: int, edges: Sequence[_Edge]) -> set[int]:
    found, open_ = {start}, [start]
    while open_:
        at = open_.pop()
        for source, target in edges:
            if source == at and target not in found:
                found.add(target)
                open_.append(target)
    return found
