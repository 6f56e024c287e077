"""A package of plug-ins that take no time: a published table over the tiny space, and a scorer of open edges."""

from __future__ import annotations

import tiny_space

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, Task
from genas.core.metrics import Metric
from genas.core.records import Architecture, Candidate, Measurement

ENTRIES = """
[genas.spaces]
tiny = tiny_table:TinySpace
[genas.tasks]
tiny_table = tiny_table:TinyTable
[genas.scorers]
edges = tiny_table:Edges
"""
HAND_MADE = Architecture("tiny", ("in", "a", "out"), ((0, 1), (1, 2)))


class TinySpace(tiny_space.Tiny):
    """The tiny space with one network that is known by hand."""

    name = "tiny"

    def references(self, task, limits):
        return [Candidate(HAND_MADE, "reference", note="by hand")]


class TinyTable(Task):
    """The figures of the tiny space, each of which stands for a training of 100 seconds."""

    name = "tiny_table"
    description = "a made-up table"
    input_shape = (1, 8, 8)
    outputs = 2

    def data(self, split):
        raise ScoreFailed("a table has no data")

    def identity(self):
        return {"table": "made up"}

    def lookup(self, arch, metric, *, fidelity=1.0):
        if metric not in {"accuracy", "test_accuracy"}:
            raise ScoreFailed(f"there is no {metric}")
        value = tiny_space.accuracy(arch) - (0.1 if metric == "test_accuracy" else 0.0)
        return Measurement(metric, value, seconds=100.0 * fidelity, fidelity=fidelity)


class Edges(Scorer):
    """The number of edges, which costs nothing to count."""

    name = "edges"
    metric = Metric("edges", goal="min", role="cost")
    cost = 0.0

    def score(self, arch, *, fidelity=1.0, seed=0):
        return Measurement("edges", float(len(arch.edges)))


def tiny_worth(candidate):
    """An objective of a study that worker processes can import."""
    return tiny_space.accuracy(candidate.arch)
