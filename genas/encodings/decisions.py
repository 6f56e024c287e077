"""Architectures as sequences of decisions: the number of nodes, the label of each node, the open edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.core.rng import rng

_DRAWS = 512  # samples that show whether a space has only a few wirings


@dataclass(frozen=True)
class Decision:
    """One decision of an architecture.

    Args:
        name: decisions of different sizes with the same name are the same decision, with the same choices.
        choices: the options; the value of a decision is an index into them.
        nodes: one node for a label, two for an edge, none for a decision about the whole graph.
    """

    name: str
    choices: tuple[Hashable, ...]
    nodes: tuple[int, ...] = ()


class Decisions:
    """Converts architectures of a space to values of decisions and back, under the frame of each size.

    The first decision is the number of nodes; then come, node by node, the label and the open edges into the node.
    If the architectures of one size have only a few sets of edges, the whole set is a single decision, because most
    combinations of edges would be illegal. (There are few if, in 512 samples, no set occurs just once: the Good-Turing
    estimate of the unseen probability is then 0.)

    Args:
        space: the search space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self.sizes = tuple(space.sizes())
        self.of = lru_cache(maxsize=None)(self._of)

    def read(self, arch: Architecture) -> tuple[int, ...] | None:
        """The value of each decision, or None if the architecture lies outside the frame of its size."""
        if len(arch.ops) not in self.sizes:
            return None
        edges, values = set(arch.edges), []
        for decision in self.of(len(arch.ops)):
            chosen: Hashable = len(arch.ops)
            if len(decision.nodes) == 1:
                chosen = arch.ops[decision.nodes[0]]
            elif decision.nodes:
                chosen = decision.nodes in edges
            elif decision.name != "nodes":
                chosen = arch.edges
            if chosen not in decision.choices:
                return None
            values.append(decision.choices.index(chosen))
        return tuple(values)

    def write(self, values: Sequence[int]) -> Architecture | None:
        """The architecture of these values, or None if it is illegal."""
        size = self.sizes[values[0]]
        frame = self._space.frame(size)
        ops, edges = [labels[0] for labels in frame.labels], list(frame.edges)
        for decision, value in zip(self.of(size), values, strict=True):
            chosen = decision.choices[value]
            if len(decision.nodes) == 1:
                ops[decision.nodes[0]] = str(chosen)
            elif decision.nodes and chosen:
                edges.append((decision.nodes[0], decision.nodes[1]))
            elif isinstance(chosen, tuple):
                edges = list(chosen)
        arch = Architecture(self._space.name, tuple(ops), tuple(sorted(edges)))
        return None if self._space.problems(arch) else arch

    def _of(self, size: int) -> tuple[Decision, ...]:
        frame, wirings = self._space.frame(size), self._wirings.get(size)
        found = [Decision("nodes", self.sizes)]
        if wirings:
            found.append(Decision(f"wiring of {size}", wirings))
        for node, labels in enumerate(frame.labels):
            if len(labels) > 1:
                shared = self._labels[node] == {labels}
                found.append(Decision(f"node {node}" + ("" if shared else f" of {size}"), labels, (node,)))
            for edge in frame.open_edges if wirings is None else ():
                if edge[1] == node:
                    found.append(Decision(f"edge {edge[0]}>{edge[1]}", (False, True), edge))
        return tuple(found)

    @cached_property
    def _labels(self) -> dict[int, set[tuple[str, ...]]]:
        found: dict[int, set[tuple[str, ...]]] = {}
        for size in self.sizes:
            for node, labels in enumerate(self._space.frame(size).labels):
                if len(labels) > 1:
                    found.setdefault(node, set()).add(labels)
        return found

    @cached_property
    def _wirings(self) -> dict[int, tuple[tuple[tuple[int, int], ...], ...]]:
        """The sets of edges of each size that has open edges and only a few sets of them."""
        if not any(self._space.frame(size).open_edges for size in self.sizes):
            return {}
        counts: dict[int, Counter[tuple[tuple[int, int], ...]]] = {}
        for draw in range(_DRAWS):
            arch = self._space.sample(rng(0, "wirings", draw))
            counts.setdefault(len(arch.ops), Counter())[arch.edges] += 1
        return {
            size: tuple(sorted(count))
            for size, count in counts.items()
            if self._space.frame(size).open_edges and min(count.values()) > 1
        }
