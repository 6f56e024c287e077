"""The FBNet space: image networks of 22 inverted residual blocks, each of one of nine kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Positive
from genas.core.records import Architecture, Candidate, Constraint, Frame

if TYPE_CHECKING:
    from torch import nn

# The nine kinds of blocks (kernel, expansion, groups), in the order of the tables' numbers.
KINDS = ("k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip")
_DEPTHS = (1, 4, 4, 4, 4, 4, 1)  # blocks of each stage
_FBNETS = {  # kinds by their number in KINDS
    "A": "8 2 0 8 8 7 2 4 2 7 6 5 7 3 5 4 1 7 7 6 7 7",
    "B": "0 3 4 0 0 7 6 3 7 7 4 8 6 7 0 4 6 7 4 7 7 3",
    "C": "0 3 8 0 0 7 6 7 3 7 6 7 7 7 7 7 6 7 7 7 7 3",
}


class Fbnet(SearchSpace):
    """Image networks of 22 blocks: kernel 3 or 5, expansion 1, 3 or 6, grouped or not, or left out.

    Source: Wu et al., "FBNet" (CVPR 2019), in the variant for 32x32 images of HW-NAS-Bench (Li et al., ICLR 2021): 9^22
    chains, seven stages of 1, 4, 4, 4, 4, 4, 1 blocks. A skip that keeps the shape is an identity, so chains that
    differ only in the positions of skips within a stage may be the same network. Here they are different architectures,
    as in the tables.

    Args:
        width: factor of the channels of every layer (1 in the published network).
        stages: number of stages, counted from the image (7 in the published network). Small images need fewer, because
            later stages would halve them to nothing.

    Raises:
        RequestError: `width` is not above 0 and at most 8, or `stages` is not 1 to 7.
    """

    name = "fbnet"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ("input", "output", *KINDS)
    max_nodes: ClassVar[int] = sum(_DEPTHS) + 2  # of all stages
    identity_ops: ClassVar[frozenset[str]] = frozenset({"skip"})

    def __init__(self, *, width: Positive = 1.0, stages: int = len(_DEPTHS)) -> None:
        if not 0 < width <= 8:
            raise RequestError(f"fbnet: width must be above 0 and at most 8, not {width:g}.")
        if not 1 <= stages <= len(_DEPTHS):
            raise RequestError(f"fbnet: stages must be 1 to {len(_DEPTHS)}, not {stages}.")
        self.width, self.stages, self.blocks = width, stages, sum(_DEPTHS[:stages])
        self._edges = tuple((i, i + 1) for i in range(self.blocks + 1))
        vars(self).update(max_nodes=self.blocks + 2)  # over that of the class

    def sizes(self) -> Sequence[int]:
        """Always the input, all blocks and the output."""
        return (self.max_nodes,)

    def frame(self, nodes: int) -> Frame:
        """A chain of free blocks."""
        return Frame((("input",), *(KINDS,) * self.blocks, ("output",)), self._edges)

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the chain."""
        problems = [] if arch.space == self.name else [f"the space must be {self.name}, not {arch.space!r}"]
        if len(arch.ops) != self.max_nodes:
            return [*problems, f"there must be {self.blocks} blocks between input and output, not {len(arch.ops) - 2}"]
        if (arch.ops[0], arch.ops[-1]) != ("input", "output"):
            problems.append(
                f"the first node must be input and the last output, not {arch.ops[0]!r} and {arch.ops[-1]!r}"
            )
        problems += [
            f"block {number} is {op!r}; it must be one of {', '.join(KINDS)}"
            for number, op in enumerate(arch.ops[1:-1], start=1)
            if op not in KINDS
        ]
        if arch.edges != self._edges:
            problems.append("the edges must be the chain 0>1 1>2 and so on to the output")
        return problems

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network of these blocks, for the task's channels and classes.

        Raises:
            InvalidArchitecture: the chain is illegal.
        """
        from genas.networks.fbnet import FbnetNet

        blocks = self.check(arch).ops[1:-1]
        return FbnetNet(blocks, task.input_shape[0], task.outputs, width=self.width, stages=self.stages)

    def to_text(self, arch: Architecture) -> str:
        """The blocks, separated by spaces."""
        return " ".join(arch.ops[1:-1])

    def from_text(self, text: str) -> Architecture:
        """The chain of blocks, given by names, or by numbers as in the files of HELP (7_8_1_...).

        Raises:
            InvalidArchitecture: a block is unknown, or their number is wrong.
        """
        words = text.split()
        if len(words) == 1 and all(word.isdigit() for word in words[0].split("_")):
            numbers = [int(word) for word in words[0].split("_")]
            if wrong := [n for n in numbers if n >= len(KINDS)]:
                raise InvalidArchitecture([f"block {wrong[0]} does not exist; the kinds are numbered 0 to 8"])
            words = [KINDS[n] for n in numbers]
        return self.check(self.chain(words))

    def chain(self, blocks: Sequence[str]) -> Architecture:
        """The architecture of these blocks; it is not checked."""
        return Architecture(self.name, ("input", *blocks, "output"), self._edges)

    def references(self, task: Task, limits: Sequence[Constraint]) -> list[Candidate]:
        """FBNet-A, B and C, if they keep the limit on `params`; the caller checks other limits.

        Source: Wu et al. (2019), figure 4, and the authors' model zoo (mobile-vision), where they were searched for
        ImageNet and phones. Here they have the channels and stages of this space.
        """
        import torch

        found = []
        for letter, numbers in _FBNETS.items():
            arch = self.chain([KINDS[int(n)] for n in numbers.split()[: self.blocks]])
            with torch.device("meta"):
                count = sum(p.numel() for p in self.build(arch, task).parameters())
            if all(limit.holds(count) for limit in limits if limit.metric == "params"):
                found.append(Candidate(arch, "reference", note=f"FBNet-{letter}, found by its authors for phones"))
        return found
