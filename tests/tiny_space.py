"""A space small enough to learn in seconds: chains of 3 to 5 nodes with open skip edges, best where 'a' is."""

from genas.core.examples import Example
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Frame
from genas.core.rng import rng


class Tiny(SearchSpace):
    name = "tiny"
    ops = ("in", "a", "b", "c", "out")
    max_nodes = 5

    def sizes(self):
        return (3, 4, 5)

    def frame(self, nodes):
        chain = tuple((i, i + 1) for i in range(nodes - 1))
        skips = tuple((i, j) for j in range(nodes) for i in range(j - 1))
        return Frame((("in",), *((("a", "b", "c"),) * (nodes - 2)), ("out",)), chain, skips)

    def problems(self, arch):
        return ["at most one c"] if arch.ops.count("c") > 1 else []

    def build(self, arch, task):
        raise AssertionError("no network may be built here")


def accuracy(arch: Architecture) -> float:
    return 0.2 + 0.2 * arch.ops.count("a") + 0.01 * len(arch.edges)


def params(arch: Architecture) -> float:
    return 100.0 * len(arch.ops) - 50 * arch.ops.count("b")


def examples(n: int = 120, seed: int = 0) -> list[Example]:
    draw = rng(seed, "tiny")
    archs = [Tiny().sample(draw) for _ in range(n)]
    return [Example(a, "tiny", accuracy(a), "made", {"params": params(a)}) for a in archs]
