"""Grows the best network by moves that keep what it has learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Candidate, Objective
from genas.refiners._search import Search

if TYPE_CHECKING:
    from genas.nn.morphism import Growth


class Nash(Search):
    """Hill climbing by network morphisms: some children of the best, each a few moves larger; the best goes on.

    Use it with the scorer `inherited_train`, which starts each child from its parent's weights.

    Source: Elsken et al., "Simple and Efficient Architecture Search for Convolutional Neural Networks" (2017),
    algorithm 1, whose values are the defaults. Here the first parent is the best that others measured, or a random
    network; the parent stays where no child is better (there it is trained on as one of the children, which a run that
    measures each architecture once can't do); one none of whose children could be measured gives way to the next best.

    Args:
        space: conv_net.
        task: whose images tell where the network halves them.
        seed: of the run.
        objectives: the first one is what the search looks at.
        children: networks that are tried before the best of them becomes the parent.
        moves: morphisms between parent and child.
    """

    name = "nash"

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        seed: int,
        objectives: Sequence[Objective],
        *,
        children: int = 8,
        moves: int = 5,
    ) -> None:
        if space.name != "conv_net":
            raise RequestError(
                f"nash grows networks by morphisms, which {space.name} does not have. Write space conv_net, or take "
                "another refiner: regularized_evolution and local_search serve every space."
            )
        if children < 1 or moves < 1:
            raise RequestError("nash needs at least 1 child and 1 move.")
        super().__init__(space, seed, objectives[:1])
        self._task, self._children, self._moves = task, children, moves
        self._parent: Architecture | None = None
        self._brood: set[str] = set()  # keys of the parent's children asked for
        self._barren: set[str] = set()  # keys of parents none of whose children could be measured

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A child of the parent; None where there is no parent, or none of its children is new."""
        if self._parent is None:
            return None
        child, notes = self._grown(self._parent, generator)
        if not notes:
            self._barren.add(self._parent.key)
            return None
        self._brood.add(child.key)
        note = f"child of {self._parent.key} ({self._figure(self._parent)}): {'; '.join(notes)}"
        return Candidate(child, self.name, (self._parent.key,), note)

    def _settle(self) -> None:
        """Choose the parent, once all children were told."""
        told = self._brood & (self._known.keys() | self._failed.keys())
        full = len(told) >= self._children
        if full and not told & self._known.keys():
            self._barren.update(() if self._parent is None else (self._parent.key,))
        if full or self._parent is None or self._parent.key in self._barren:
            able = [arch for arch in self._best(len(self._known)) if arch.key not in self._barren]
            self._parent, self._brood = (able[0] if able else None), set()

    def _grown(self, parent: Architecture, generator: np.random.Generator) -> tuple[Architecture, list[str]]:
        """A new architecture some moves away, and the moves in words; none where nothing new is in reach."""
        from genas.nn.morphism import growths, obstacle, skeleton

        start, child, notes = skeleton(self._space, parent, self._task), parent, list[str]()
        while len(notes) < self._moves or child.key in self._seen:
            verbs: dict[str, list[Growth]] = {}
            for growth in growths(self._space, child):
                verbs.setdefault(growth.verb, []).append(growth)
            order = [g for i in generator.permutation(len(verbs)) for g in _shuffled([*verbs.values()][i], generator)]
            fits = (g for g in order if obstacle(start, skeleton(self._space, g.arch, self._task)) is None)
            if (chosen := next(fits, None)) is None:
                return child, [] if child.key in self._seen else notes
            child, notes = chosen.arch, [*notes, chosen.note]
        return child, notes


def _shuffled(items: list[Growth], generator: np.random.Generator) -> list[Growth]:
    return [items[int(i)] for i in generator.permutation(len(items))]
