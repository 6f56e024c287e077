"""Mutation and crossover of architectures as sequences of decisions, legal in every space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from genas.core import registry
from genas.core.errors import MissingArtifact
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Constraint
from genas.encodings.decisions import Decisions

Mutation = Literal["uniform", "diffusion"]
_TRIES = 50  # attempts at a legal child before a neighbour of the parent is taken instead
_EDITS = 8  # edits of one parent that the diffusion model makes at once; later mutations use the rest


class Variation:
    """Mutation of one parent and crossover of two.

    Source: mutation with rate 1/L: Muehlenbein, "How genetic algorithms really work: mutation and hillclimbing" (PPSN
    1992); one-point crossover: Holland (1975). A gene is a decision: a label, an open edge, or the whole wiring if a
    space has only a few. Genes are in the order of the nodes.

    Args:
        space: the search space.
        editor: the model that mutates, as `editor` returns it; None mutates uniformly at random.
    """

    def __init__(self, space: SearchSpace, editor: Any = None) -> None:
        self._space, self.decisions, self._editor = space, Decisions(space), editor
        self._edits: dict[str, list[Architecture]] = {}  # not used yet, by key of the parent

    def mutate(self, arch: Architecture, generator: np.random.Generator, rate: float | None = None) -> Architecture:
        """A child that differs from the parent: each decision changes with probability `rate` (None: 1/L).

        If the number of nodes changes, the child is a random architecture of another size with all shared decisions of
        the parent. If 50 children in a row are illegal or equal to the parent, the child is a random neighbour, or the
        parent itself if it has none. An editor instead masks a part of the parent and samples it again, ignoring
        `rate`; if it finds no child, the child is a random neighbour.
        """
        child = self._uniform(arch, generator, rate) if self._editor is None else self._edited(arch)
        if child is not None:
            return child
        near = list(self._space.neighbors(arch))
        return near[int(generator.integers(len(near)))] if near else arch

    def _edited(self, arch: Architecture) -> Architecture | None:
        if not self._edits.get(arch.key):
            self._edits[arch.key] = list(reversed(self._editor.edit(arch, _EDITS)))
        return self._edits[arch.key].pop() if self._edits[arch.key] else None

    def _uniform(self, arch: Architecture, generator: np.random.Generator, rate: float | None) -> Architecture | None:
        parent = self.decisions.read(arch)
        if parent is None:
            return None
        for _ in range(_TRIES):
            decisions = self.decisions.of(len(arch.ops))
            counts = np.array([len(decision.choices) for decision in decisions])
            share = 1 / max(1, int((counts > 1).sum())) if rate is None else rate
            changed = (generator.random(len(counts)) < share) & (counts > 1)
            child = self._resized(arch, generator) if changed[0] else arch
            if not changed[0] and changed.any():
                steps = generator.integers(1, np.maximum(counts, 2))  # to another choice, each equally likely
                child = self.decisions.write(np.where(changed, (np.array(parent) + steps) % counts, parent).tolist())
            if child is not None and child.key != arch.key:
                return child
        return None

    def one_point(self, a: Architecture, b: Architecture, generator: np.random.Generator) -> Architecture | None:
        """One-point crossover: the decisions of `a` up to a random point, then those of `b`; None if illegal."""
        first, second = self.decisions.read(a), self.decisions.read(b)
        if first is None or second is None or len(a.ops) != len(b.ops) or len(first) < 3:
            return None
        point = int(generator.integers(2, len(first)))  # the number of nodes is the same
        return self.decisions.write((*first[:point], *second[point:]))

    def subgraph(self, a: Architecture, b: Architecture, generator: np.random.Generator) -> Architecture | None:
        """Subgraph crossover: `a` with the labels and open edges of `b` around a random node; None if illegal.

        The part taken from `b` has at most half of the nodes.
        """
        first, second = self.decisions.read(a), self.decisions.read(b)
        if first is None or second is None or len(a.ops) != len(b.ops):
            return None
        part = _around(b, int(generator.integers(len(b.ops))), int(generator.integers(1, max(2, len(b.ops) // 2 + 1))))
        taken = [bool(d.nodes) and part.issuperset(d.nodes) for d in self.decisions.of(len(a.ops))]
        return self.decisions.write([y if take else x for x, y, take in zip(first, second, taken, strict=True)])

    def _resized(self, arch: Architecture, generator: np.random.Generator) -> Architecture | None:
        """A random architecture of another size that keeps the parent's values of shared decisions; None if illegal."""
        values = self.decisions.read(arch)
        assert values is not None
        kept = {d.name: value for d, value in zip(self.decisions.of(len(arch.ops)), values, strict=True)}
        other = self._space.sample(generator)
        drawn = self.decisions.read(other)
        if drawn is None or len(other.ops) == len(arch.ops):
            return None
        names = [decision.name for decision in self.decisions.of(len(other.ops))]
        merged = [kept.get(name, value) for name, value in zip(names[1:], drawn[1:], strict=True)]
        return self.decisions.write((drawn[0], *merged))


def _around(arch: Architecture, start: int, size: int) -> set[int]:
    """Up to `size` connected nodes, those nearest to `start` (breadth-first search)."""
    nodes, border = {start}, [start]
    while border and len(nodes) < size:
        node = border.pop(0)
        for edge in arch.edges:
            if node in edge:
                other = edge[0] if edge[1] == node else edge[1]
                if other not in nodes and len(nodes) < size:
                    nodes.add(other)
                    border.append(other)
    return nodes


def editor(
    mutation: Mutation,
    space: SearchSpace,
    seed: int,
    limits: Sequence[Constraint] = (),
    task: Task | None = None,
) -> Any:
    """The editor for a `Variation`: None for uniform mutation, else the diffusion model of the space, on the CPU.

    Raises:
        MissingArtifact: there is no diffusion model of the space.
    """
    if mutation == "uniform":
        return None
    model = registry.create("proposers", "diffusion", space=space, seed=seed, limits=limits, task=task)
    try:
        model.path()
    except MissingArtifact as error:
        raise MissingArtifact(error.what, f"{error.hint} Or write mutation=uniform.") from error
    return model
