"""The macro networks of TransNAS-Bench-101: 3,256 chains of modules that widen and downsample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Channels, Depth
from genas.core.records import Architecture, Candidate, Constraint, Frame

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

_MODULES = ("plain", "widen", "halve", "both")  # 1 to 4 in the benchmark's code
_LENGTHS = (4, 5, 6)
_HALVINGS, _WIDENINGS = range(1, 5), range(1, 4)
_EXAMPLE = "widen plain both halve, or 64-2143-basic"


class TransNasMacro(SearchSpace):
    """Chains of four to six modules of residual blocks, each of which may widen, halve the resolution, or do both.

    Source: Duan et al., "TransNAS-Bench-101" (CVPR 2021), the macro-level search space: one to four modules halve the
    resolution and one to three double the channels, 3,256 networks in all. `sample` is uniform over them.

    Args:
        channels: channels of the first module, an even number (64 in the benchmark).
        blocks: residual blocks per module (2 in the benchmark).

    Raises:
        RequestError: `channels` is odd or below 2, or `blocks` is below 1.
    """

    name = "transnas_macro"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *_MODULES)
    max_nodes: ClassVar[int] = _LENGTHS[-1] + 2

    def __init__(self, *, channels: Channels = 64, blocks: Depth = 2) -> None:
        if channels < 2 or channels % 2:
            raise RequestError(f"transnas_macro: channels must be an even number of at least 2, not {channels}.")
        if blocks < 1:
            raise RequestError(f"transnas_macro: blocks must be at least 1, not {blocks}.")
        self.channels, self.blocks = channels, blocks

    def sizes(self) -> Sequence[int]:
        """Four to six modules between input and output."""
        return tuple(length + 2 for length in _LENGTHS)

    def frame(self, nodes: int) -> Frame:
        """A chain with free modules."""
        return Frame((("input",), *(_MODULES,) * (nodes - 2), ("output",)), _chain(nodes))

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the network."""
        problems = [] if arch.space == self.name else [f"the space must be {self.name}, not {arch.space!r}"]
        count = len(arch.ops)
        if count not in self.sizes():
            return [*problems, f"there must be 4, 5 or 6 modules between input and output, not {count - 2}"]
        for node, (op, allowed) in enumerate(zip(arch.ops, self.frame(count).labels, strict=True)):
            if op not in allowed:
                problems.append(f"node {node} is {op!r}; it must be one of {', '.join(allowed)}")
        if arch.edges != _chain(count):
            problems.append("the edges must be the chain 0>1 1>2 and so on to the output")
        halvings, widenings = (sum(op in (one, "both") for op in arch.ops) for one in ("halve", "widen"))
        if halvings not in _HALVINGS:
            problems.append(f"one to four modules must be halve or both, not {halvings}")
        if widenings not in _WIDENINGS:
            problems.append(f"one to three modules must be widen or both, not {widenings}")
        return problems

    def sample(self, rng: np.random.Generator) -> Architecture:
        """A random legal network, uniform over all 3,256."""
        counts = [_ways(length, _HALVINGS) * _ways(length, _WIDENINGS) for length in _LENGTHS]
        length = int(rng.choice(_LENGTHS, p=[count / sum(counts) for count in counts]))
        while True:
            arch = self.chain([_MODULES[int(i)] for i in rng.integers(len(_MODULES), size=length)])
            if not self.problems(arch):
                return arch

    def neighbors(self, arch: Architecture) -> Iterator[Architecture]:
        """All networks with one module changed, inserted or removed."""
        yield from super().neighbors(arch)
        inner = arch.ops[1:-1]
        longer = [(*inner[:i], op, *inner[i:]) for i in range(len(inner) + 1) for op in _MODULES]
        shorter = [(*inner[:i], *inner[i + 1 :]) for i in range(len(inner))]
        for modules in dict.fromkeys((*longer, *shorter)):
            yield from self._legal(("input", *modules, "output"), _chain(len(modules) + 2))

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for the task's channels and classes, with the benchmark's classifier.

        Raises:
            InvalidArchitecture: the network is illegal.
        """
        from genas.networks.transnas_macro import MacroNet

        self.check(arch)
        shape = {"channels": self.channels, "blocks": self.blocks}
        return MacroNet(arch.ops[1:-1], task.input_shape[0], task.outputs, **shape)

    def chain(self, modules: Sequence[str]) -> Architecture:
        """The architecture of these modules; it is not checked."""
        return Architecture(self.name, ("input", *modules, "output"), _chain(len(modules) + 2))

    def to_text(self, arch: Architecture) -> str:
        """The modules in order, such as widen plain both halve."""
        return " ".join(arch.ops[1:-1])

    def from_text(self, text: str) -> Architecture:
        """The network of such a line, or of a string of the benchmark, such as 64-2143-basic.

        Raises:
            InvalidArchitecture: the text is neither, or the network is not in the space.
        """
        words = text.split()
        if len(words) == 1 and (code := words[0].removeprefix("64-").removesuffix("-basic")).isdecimal():
            if wrong := sorted(set(code) - set("1234")):
                raise InvalidArchitecture([f"a code has the digits 1 to 4, as in 64-2143-basic, not {wrong[0]!r}"])
            words = [_MODULES[int(digit) - 1] for digit in code]
        if not words:
            raise InvalidArchitecture([f"a network is written like {_EXAMPLE}"])
        return self.check(self.chain(words))

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """The layout of ResNet-18 (He et al. 2016), if it keeps the limit on `params`."""
        import torch

        arch = self.chain(["plain", "both", "both", "both"])
        with torch.device("meta"):
            count = sum(p.numel() for p in self.build(arch, task).parameters())
        if not all(limit.holds(count) for limit in limits if limit.metric == "params"):
            return []
        return [Candidate(arch, "reference", note="the layout of ResNet-18: three modules that widen and halve")]


def _chain(nodes: int) -> tuple[tuple[int, int], ...]:
    return tuple((i, i + 1) for i in range(nodes - 1))


def _ways(length: int, counts: range) -> int:
    return sum(comb(length, count) for count in counts)
