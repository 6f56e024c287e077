"""The cells of NAS-Bench-201: 15,625 image networks, all trained and tabulated by its authors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Channels, Depth
from genas.core.records import Architecture, Candidate, Constraint, Frame

if TYPE_CHECKING:
    from torch import nn

_OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
# Nodes 1..6 are the cell's edges 0->1, 0->2, 1->2, 0->3, 1->3, 2->3. Line graph: an edge joins edges that share a node.
_EDGES = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7))
_SLOTS = (0, 0, 1, 0, 1, 2)  # the cell node at which each operation starts, in the order of the string
_SLOT = re.compile(r"^([a-z0-9_]+)~([0-9]+)$")
_RESNET = ("nor_conv_3x3", "none", "nor_conv_3x3", "skip_connect", "none", "skip_connect")
_EXAMPLE = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


class NasBench201(SearchSpace):
    """Cells of six operations, five choices each, in the fixed macro network of the benchmark.

    Source: Dong & Yang, "NAS-Bench-201" (ICLR 2020). The benchmark's cells have operations on edges. A cell is stored
    as its line graph, eight labelled nodes with fixed edges: input, the six operations in the order of the official
    string, output.

    Args:
        channels: channels of the first stage (16 in the benchmark).
        cells: cells in each of the three stages (5 in the benchmark).

    Raises:
        RequestError: `channels` or `cells` is below 1.
    """

    name = "nasbench201"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *_OPS)
    max_nodes: ClassVar[int] = 8
    zero_ops: ClassVar[frozenset[str]] = frozenset({"none"})
    identity_ops: ClassVar[frozenset[str]] = frozenset({"skip_connect"})

    def __init__(self, *, channels: Channels = 16, cells: Depth = 5) -> None:
        for option, value in (("channels", channels), ("cells", cells)):
            if value < 1:
                raise RequestError(f"nasbench201: {option} must be at least 1, not {value}.")
        self.channels, self.cells = channels, cells

    def sizes(self) -> Sequence[int]:
        """Always eight nodes."""
        return (8,)

    def frame(self, nodes: int) -> Frame:
        """Free operations between a fixed input and output, on fixed edges."""
        return Frame((("input",), *(_OPS,) * 6, ("output",)), _EDGES)

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the cell. All 15,625 cells are legal, even the 341 without a path to the output."""
        found = []
        if arch.space != self.name:
            found.append(f"the space must be {self.name}, not {arch.space!r}")
        if len(arch.ops) != 8:
            return [*found, f"a cell has 8 nodes (input, six operations, output), not {len(arch.ops)}"]
        if (arch.ops[0], arch.ops[7]) != ("input", "output"):
            found.append(f"the first node must be input and the last output, not {arch.ops[0]!r} and {arch.ops[7]!r}")
        found += [
            f"operation {number} is {op!r}; it must be one of {', '.join(_OPS)}"
            for number, op in enumerate(arch.ops[1:7], start=1)
            if op not in _OPS
        ]
        if arch.edges != _EDGES:
            found.append("the edges must be " + " ".join(f"{i}>{j}" for i, j in _EDGES))
        return found

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network of the benchmark around this cell, for the task's channels and classes.

        Raises:
            InvalidArchitecture: the cell is illegal.
        """
        from genas.networks.nasbench201 import CellNet

        self.check(arch)
        return CellNet(arch.ops[1:7], task.input_shape[0], task.outputs, self.channels, self.cells)

    def to_text(self, arch: Architecture) -> str:
        """The official string: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|."""
        words = [f"{op}~{start}" for op, start in zip(arch.ops[1:7], _SLOTS, strict=True)]
        return f"|{words[0]}|+|{words[1]}|{words[2]}|+|{words[3]}|{words[4]}|{words[5]}|"

    def from_text(self, text: str) -> Architecture:
        """The cell of an official string.

        Raises:
            InvalidArchitecture: the text is not such a string, or names an unknown operation.
        """
        groups = ["".join(group.split()).strip("|").split("|") for group in text.split("+")]
        if [len(group) for group in groups] != [1, 2, 3]:
            raise InvalidArchitecture([f"a cell is written like {_EXAMPLE}, not {text.strip()[:120]!r}"])
        ops = []
        for word, start in zip([word for group in groups for word in group], _SLOTS, strict=True):
            match = _SLOT.match(word)
            if match is None or int(match[2]) != start:
                raise InvalidArchitecture(
                    [f"{word[:60]!r} must be an operation followed by ~{start}, as in {_EXAMPLE}"]
                )
            ops.append(match[1])
        return self.check(self.cell(ops))

    def cell(self, ops: Sequence[str]) -> Architecture:
        """The architecture of six operations, in the order of the official string; it is not checked."""
        return Architecture(self.name, ("input", *ops, "output"), _EDGES)

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The residual cell of the paper, if it keeps the limit on `params`; the caller checks other limits.

        Source: Dong & Yang (2020), the row ResNet of the results: 90.83 % validation and 93.97 % test accuracy on
        CIFAR-10; the table's means for this string are 90.86 % and 93.91 %.
        """
        import torch

        arch = self.cell(_RESNET)
        with torch.device("meta"):
            count = sum(p.numel() for p in self.build(arch, task).parameters())
        if not all(limit.holds(count) for limit in limits if limit.metric == "params"):
            return []
        note = "the residual cell of the NAS-Bench-201 paper: two 3x3 convolutions and a shortcut"
        return [Candidate(arch, "reference", note=note)]
