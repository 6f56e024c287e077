"""Hill climbing by network morphisms: children inherit the trained weights of the best network."""

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
    """Hill climbing by network morphisms: grows children of the best network; the best child is the next parent.

    Use it with the scorer `inherited_train`, which starts each child from its parent's weights.

    Source: Elsken et al., "Simple and Efficient Architecture Search for Convolutional Neural Networks" (2017),
    algorithm 1, whose values are the defaults. Different here: the first parent is the best network that other
    proposers measured, or a random one; if no child is better, the parent stays (in the paper it is also trained
    further as one of the children, but a run measures each architecture only once). Moves that break a limit on params
    or size_mb are skipped. If all children break another limit, the next children are half as many moves away, and
    finally the next best network becomes the parent.

    Args:
        space: must be conv_net.
        task: its image size determines where the network downsamples.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        limits: those on params and size_mb restrict the moves.
        children: number of children per parent before the best network becomes the parent.
        moves: maximum number of morphisms between parent and child.

    Raises:
        RequestError: the space is not conv_net.
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
        self._steps = moves  # number of moves between the parent and the next children
        self._parent: Architecture | None = None
        self._brood: set[str] = set()  # keys of the proposed children of the parent
        self._barren: set[str] = set()  # keys of parents without new children, or without any that could be measured

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A new child of the parent, or of the next best if there is none; None if no network can grow."""
        while self._parent is not None:
            child, notes = self._grown(self._parent, generator)
            if notes:
                self._brood.add(child.key)
                note = f"child of {self._parent.key} ({self._figure(self._parent)}): {'; '.join(notes)}"
                return Candidate(child, self.name, (self._parent.key,), note)
            self._abandon(self._parent)
        return None

    def _after_tell(self) -> None:
        """Choose the next parent once all children have a result."""
        finished = self._brood & (self._measured.keys() | self._failed.keys())
        if self._parent is None or (len(finished) >= self._children and finished & self._measured.keys()):
            self._choose()
        elif len(finished) >= self._children:
            if self._steps == 1:
                self._abandon(self._parent)
            else:
                self._brood, self._steps = set(), self._steps // 2

    def _abandon(self, parent: Architecture) -> None:
        self._barren.add(parent.key)
        self._choose()

    def _choose(self) -> None:
        """Make the best network that can still have children the parent; restore the full number of moves."""
        able = [arch for arch in self._best(len(self._measured)) if arch.key not in self._barren]
        self._parent, self._brood, self._steps = (able[0] if able else None), set(), self._moves

    def _grown(self, parent: Architecture, generator: np.random.Generator) -> tuple[Architecture, list[str]]:
        """A new architecture some moves away, and the moves in words ([] if nothing new is in reach)."""
        from genas.training.morphism import growths, obstacle, skeleton

        start, child, notes = skeleton(self._space, parent, self._task), parent, list[str]()
        while len(notes) < self._steps or child.key in self._seen:
            verbs: dict[str, list[Growth]] = {}
            for growth in growths(self._space, child):
                verbs.setdefault(growth.verb, []).append(growth)
            order = [g for i in generator.permutation(len(verbs)) for g in _shuffled([*verbs.values()][i], generator)]
            for growth in order:
                network = skeleton(self._space, growth.arch, self._task)
                if obstacle(start, network) is None and self._within_limits(network):
                    child, notes = growth.arch, [*notes, growth.note]
                    break
            else:
                return child, [] if child.key in self._seen else notes
        return child, notes

    def _within_limits(self, network: nn.Module) -> bool:
        params = sum(p.numel() for p in network.parameters())
        costs = {"params": params, "size_mb": params * 4e-6}
        return all(limit.holds(costs[limit.metric]) for limit in self._limits if limit.metric in costs)


def _shuffled(items: list[Growth], generator: np.random.Generator) -> list[Growth]:
    return [items[int(i)] for i in generator.permutation(len(items))]
