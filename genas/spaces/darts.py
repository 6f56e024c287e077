"""The cells of DARTS and NAS-Bench-301: about 10^18 image networks of one normal and one reduction cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Channels, Depth
from genas.core.records import Architecture, Candidate, Constraint, Frame
from genas.spaces import _darts_cells as cells
from genas.spaces._darts_cells import ZERO, Slot

if TYPE_CHECKING:
    from torch import nn

_SOURCES = re.compile(r"^[0-9]\+[0-9]$")
_EXAMPLE = "normal sep3 skip 0+1 (four such nodes) reduction max3 max3 0+1 (four)"
_FOUND = (
    "normal sep3 sep3 0+1 sep3 sep3 0+1 skip sep3 0+1 "
    "skip dil3 0+2 reduction max3 max3 0+1 max3 skip 1+2 "
    "max3 skip 0+2 max3 skip 1+2"
)


class Darts(SearchSpace):
    """A normal and a reduction cell of four nodes each, every node the sum of two operations on two earlier outputs.

    Source: Liu et al., "DARTS" (ICLR 2019); with the seven operations of NAS-Bench-301 (Zela et al., ICLR 2022), which
    has no `none`. There are (180 x 7^8)^2 = 1.08 x 10^18 pairs of cells.

    A cell is stored as labels, so that every choice of labels is legal. Each node has three: the operation on the
    earlier of its two sources, the operation on the later one, and the sources, such as "0+2" (0 and 1 are the outputs
    of the two previous cells, 2 to 5 the nodes). The edges are the same in all architectures: they connect each
    operation to its node, each node to its cell, and the nodes in their order.

    Labels abbreviate the published names: max3 and avg3 are poolings (max_pool_3x3, avg_pool_3x3), sep3 and sep5
    separable convolutions (sep_conv_3x3), dil3 and dil5 dilated ones (dil_conv_3x3), skip is skip_connect.

    The two inputs of a node may be written in either order; both have the same spelling. Cells that differ only in the
    numbering of their nodes have different keys, although they are the same network; a table finds each of them.

    Args:
        channels: channels of a node in the first cells (36 for DARTS, 32 for NAS-Bench-301).
        cells: number of cells (20 for DARTS, 8 for NAS-Bench-301).
        wide: also allow the operation none, and the same source for both inputs of a node, as in the tables of OnceNAS
            and SWAP.

    Raises:
        RequestError: `channels` is below 2 or `cells` below 1.
    """

    name = "darts"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ()  # set by `wide`, as are zero_ops
    max_nodes: ClassVar[int] = cells.COUNT
    identity_ops: ClassVar[frozenset[str]] = frozenset({"skip"})

    def __init__(self, *, channels: Channels = 36, cells: Depth = 20, wide: bool = False) -> None:
        for option, value, least in (("channels", channels, 2), ("cells", cells, 1)):
            if value < least:
                raise RequestError(f"darts: {option} must be at least {least}, not {value}.")
        self.channels, self.cells, self.wide = channels, cells, wide
        self._frame = _frame(wide=wide)
        ops = tuple(dict.fromkeys(op for labels in self._frame.labels for op in labels))
        vars(self).update(ops=ops, zero_ops=frozenset({ZERO} & set(ops)))

    def sizes(self) -> Sequence[int]:
        """Always thirty nodes."""
        return (cells.COUNT,)

    def frame(self, nodes: int) -> Frame:
        """Free operations and sources on fixed edges."""
        return self._frame

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the cells."""
        problems = [] if arch.space == self.name else [f"the space must be {self.name}, not {arch.space!r}"]
        if len(arch.ops) != cells.COUNT:
            return [*problems, f"two cells are {cells.COUNT} nodes, not {len(arch.ops)}"]
        problems += [
            f"node {number} is {op!r}; it must be one of {', '.join(allowed)}"
            for number, (op, allowed) in enumerate(zip(arch.ops, self._frame.labels, strict=True))
            if op not in allowed
        ]
        if arch.edges != cells.EDGES:
            problems.append("the edges must be those of the frame, which all cells have")
        return problems

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network around these cells, for the task's channels and classes.

        Raises:
            InvalidArchitecture: a cell is illegal.
        """
        from genas.networks.darts import DartsNet

        normal, reduction = self.slots(self.check(arch))
        shape = {"channels": self.channels, "cells": self.cells}
        return DartsNet(normal, reduction, task.input_shape[0], task.outputs, **shape)

    def slots(self, arch: Architecture) -> tuple[cells.Cell, cells.Cell]:
        """The normal and the reduction cell of a legal architecture, as eight (source, published operation) each."""
        return cells.read(arch.ops)

    def cell(self, normal: Sequence[Slot], reduction: Sequence[Slot]) -> Architecture:
        """The architecture of two cells; it is not checked.

        Args:
            normal: eight (source, operation), two per node, with published names such as sep_conv_3x3.
            reduction: the same.
        """
        return Architecture(self.name, cells.ops(normal, reduction), cells.EDGES)

    def to_text(self, arch: Architecture) -> str:
        """The cells, node by node, each with its two operations and their sources: normal sep3 skip 0+1 ..."""
        return " ".join(word for start in cells.START for word in (arch.ops[start], *arch.ops[start + 2 : start + 14]))

    def from_text(self, text: str) -> Architecture:
        """The cells of such a line; the two inputs of a node may come in either order.

        Raises:
            InvalidArchitecture: the text is not such a line, or has a label that the space lacks.
        """
        words = text.split()
        if len(words) != 26 or (words[0], words[13]) != cells.NAMES:
            raise InvalidArchitecture([f"cells are written like {_EXAMPLE}, not {text.strip()[:120]!r}"])
        if wrong := [word for word in words[3:13:3] + words[16::3] if not _SOURCES.match(word)]:
            raise InvalidArchitecture(
                [f"{word[:60]!r} must be the two sources of a node, such as 0+2" for word in wrong]
            )
        return self.check(self.cell(cells.slots(words[1:13]), cells.slots(words[14:])))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The cells found by DARTS (second order), if they keep the limit on `params`.

        Source: Liu et al. (2019), table 1: 2.76 % test error on CIFAR-10 with 3.3 million parameters.
        """
        import torch

        arch = self.from_text(_FOUND)
        with torch.device("meta"):
            count = sum(p.numel() for p in self.build(arch, task).parameters())
        if not all(limit.holds(count) for limit in limits if limit.metric == "params"):
            return []
        return [Candidate(arch, "reference", note="the cells that DARTS itself found (second order)")]


def _frame(*, wide: bool) -> Frame:
    allowed = tuple(op for op in cells.OPS if wide or op != cells.ZERO)
    inside = [part for k in range(cells.NODES) for part in (allowed, allowed, cells.pairs(k, repeated=wide))]
    labels: list[tuple[str, ...]] = [("input",)]
    for name in cells.NAMES:
        labels += [(name,), ("later",), *inside]
    return Frame((*labels, ("output",)), cells.EDGES)
