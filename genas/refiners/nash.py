"""Grows the best network by moves that keep what it has learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Constraint, Objective
from genas.refiners._search import Search

if TYPE_CHECKING:
    from torch import nn

    from genas.training.morphism import Growth


class Nash(Search):
    """Hill climbing by network morphisms: some children of the best, each a few moves larger; the best goes on.

    Use it with the scorer `inherited_train`, which starts each child from its parent's weights.

    Source: Elsken et al., "Simple and Efficient Architecture Search for Convolutional Neural Networks" (2017),
    algorithm 1, whose values are the defaults. Here the first parent is the best that others measured, or a random
    network; the parent stays where no child is better (there it is trained on as one of the children, which a run that
    measures each architecture once can't do). No move is made that breaks a limit on params or size_mb; where all
    children break another limit, the next are half as many moves away, and at last the next best is the parent.

    Args:
        space: conv_net.
        task: whose images tell where the network halves them.
        seed: of the run.
        objectives: the first one is what the search looks at.
        limits: those on params and size_mb are looked at.
        children: networks that are tried before the best of them becomes the parent.
        moves: morphisms between parent and child, at most.
    """

    name = "nash"

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        *,
        children: Count = 8,
        moves: Count = 5,
    ) -> None:
        if space.name != "conv_net":
            raise RequestError(
                f"nash grows networks by morphisms, which {space.name} does not have. Write space conv_net, or take "
                "another refiner: regularized_evolution and local_search serve every space."
            )
        if children < 1 or moves < 1:
            raise RequestError("nash needs at least 1 child and 1 move.")
        super().__init__(space, seed, objectives[:1])
        self._task, self._limits, self._children, self._moves = task, tuple(limits), children, moves
        self._steps = moves  # moves that the next children are away
        self._parent: Architecture | None = None
        self._brood: set[str] = set()  # keys of the parent's children asked for
        self._barren: set[str] = set()  # keys of parents that have no new children, or none that could be measured

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A child of the parent, or of the next best where none of its children is new; None where nothing can grow."""
        while self._parent is not None:
            child, notes = self._grown(self._parent, generator)
            if notes:
                self._brood.add(child.key)
                note = f"child of {self._parent.key} ({self._figure(self._parent)}): {'; '.join(notes)}"
                return Candidate(child, self.name, (self._parent.key,), note)
            self._leave(self._parent)
        return None

    def _settle(self) -> None:
        """Choose the parent, once all children were told."""
        told = self._brood & (self._known.keys() | self._failed.keys())
        if self._parent is None or (len(told) >= self._children and told & self._known.keys()):
            self._choose()
        elif len(told) >= self._children:
            if self._steps == 1:
                self._leave(self._parent)
            else:
                self._brood, self._steps = set(), self._steps // 2

    def _leave(self, parent: Architecture) -> None:
        self._barren.add(parent.key)
        self._choose()

    def _choose(self) -> None:
        """The best that can still have children is the parent; its first children are all the moves away."""
        able = [arch for arch in self._best(len(self._known)) if arch.key not in self._barren]
        self._parent, self._brood, self._steps = (able[0] if able else None), set(), self._moves

    def _grown(self, parent: Architecture, generator: np.random.Generator) -> tuple[Architecture, list[str]]:
        """A new architecture some moves away, and the moves in words; none where nothing new is in reach."""
        from genas.training.morphism import growths, obstacle, skeleton

        start, child, notes = skeleton(self._space, parent, self._task), parent, list[str]()
        while len(notes) < self._steps or child.key in self._seen:
            verbs: dict[str, list[Growth]] = {}
            for growth in growths(self._space, child):
                verbs.setdefault(growth.verb, []).append(growth)
            order = [g for i in generator.permutation(len(verbs)) for g in _shuffled([*verbs.values()][i], generator)]
            for growth in order:
                network = skeleton(self._space, growth.arch, self._task)
                if obstacle(start, network) is None and self._small(network):
                    child, notes = growth.arch, [*notes, growth.note]
                    break
            else:
                return child, [] if child.key in self._seen else notes
        return child, notes

    def _small(self, network: nn.Module) -> bool:
        params = sum(p.numel() for p in network.parameters())
        known = {"params": params, "size_mb": params * 4e-6}
        return all(limit.holds(known[limit.metric]) for limit in self._limits if limit.metric in known)


def _shuffled(items: list[Growth], generator: np.random.Generator) -> list[Growth]:
    return [items[int(i)] for i in generator.permutation(len(items))]
