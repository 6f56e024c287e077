"""A space that says nothing of its frame: drawing at random fails and says what to write, and frame() mends it."""

import numpy as np
import pytest
from torch import nn

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Frame


class TinyChain(SearchSpace):
    name, ops, max_nodes = "tinychain", ("input", *(f"layer{i}" for i in range(12)), "output"), 7

    def problems(self, arch: Architecture) -> list[str]:
        chain = tuple((i, i + 1) for i in range(6))
        inner = {op.startswith("layer") for op in arch.ops[1:-1]}
        legal = (arch.ops[0], arch.ops[-1], inner, arch.edges) == ("input", "output", {True}, chain)
        return [] if legal else ["it is no chain of 7 nodes from input to output"]

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        return nn.Identity()


class FramedChain(TinyChain):
    def sizes(self) -> range:
        return range(7, 8)

    def frame(self, nodes: int) -> Frame:
        inner = tuple(op for op in self.ops if op.startswith("layer"))
        return Frame((("input",), *(inner,) * 5, ("output",)), tuple((i, i + 1) for i in range(6)), ())


def test_what_to_write_is_said() -> None:
    with pytest.raises(
        InvalidArchitecture, match=r"10,000 draws from tinychain: write its frame\(\), .* or a sample\(\)"
    ):
        TinyChain().sample(np.random.default_rng(0))
    space = FramedChain()
    assert space.problems(space.sample(np.random.default_rng(0))) == []
