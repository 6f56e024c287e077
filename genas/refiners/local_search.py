"""Hill climbing: moves to a better neighbour, and restarts at a random architecture when there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Amount
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng
from genas.refiners._search import Search


class LocalSearch(Search):
    """Hill climbing with restarts: moves to a better neighbour until there is none, then restarts at random.

    Source: White et al., "Exploring the Loss Landscape in Neural Architecture Search" (UAI 2021), algorithm 1; with
    `epsilon`, the threshold accepting of Dueck & Scheuer (1990) at a constant threshold. Different here: the first
    climb starts at the best architecture that other proposers measured, if any; of a batch of random starts, the best
    one is used; a climb never visits an architecture twice.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        steepest: whether to measure all neighbours and move to the best; otherwise move to the first better one.
        epsilon: how much worse a neighbour may be to move to it, in units of the objective.
    """

    name = "local_search"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        steepest: bool = True,
        epsilon: Amount = 0.0,
    ) -> None:
        if epsilon < 0:
            raise RequestError("local_search needs an epsilon of at least 0.")
        super().__init__(space, seed, objectives[:1])
        self._steepest, self._epsilon = steepest, epsilon
        self._starts: list[Architecture] = []  # measured architectures from which the next climb may start
        self._current: Architecture | None = None  # the current architecture; None between two climbs
        self._near: list[Architecture] = []  # its neighbours, one per key, in random order
        self._visited: set[str] = set()  # keys visited in this climb

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        if self._current is None:
            self._starts.append(arch)

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` neighbours of the current architecture; random starts once all of them were proposed."""
        self._climb()
        left = sum(arch.key not in self._seen for arch in self._near)
        return super().ask(min(n, left) if left else n)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        arch = next((arch for arch in self._near if arch.key not in self._seen), None)
        if arch is None or self._current is None:
            return self._random(generator, "random start")
        return Candidate(arch, self.name, (self._current.key,), f"neighbour of {self._current.key}")

    def _climb(self) -> None:
        """Move as far as the results so far allow. Ends because a climb visits no architecture twice."""
        generator = rng(self._seed, f"{self.name} order", self._asked)
        if self._current is None and self._starts:
            self._visited.clear()
            self._move_to(min(self._starts, key=self._loss), generator)
        while self._current is not None:
            pending = set(self._pending)
            settled = all(a.key in self._seen and a.key not in pending for a in self._near)
            open_ = [a for a in self._near if a.key in self._measured and a.key not in self._visited]
            best = min(open_, key=self._loss, default=None)
            better = best is not None and self._accepts(self._loss(best) - self._loss(self._current))
            if best is not None and better and (settled or not self._steepest):
                self._move_to(best, generator)
            elif settled:
                self._current, self._near = None, []
            else:
                return

    def _accepts(self, worse: float) -> bool:
        return worse < 0 or (self._epsilon > 0 and worse <= self._epsilon)

    def _move_to(self, arch: Architecture, generator: np.random.Generator) -> None:
        near = list({a.key: a for a in self._space.neighbors(arch) if a.key != arch.key}.values())
        self._visited.add(arch.key)
        self._current, self._starts = arch, []
        self._near = [near[int(i)] for i in generator.permutation(len(near))]
