"""Walks from neighbour to better neighbour, and starts afresh where none is better."""

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
    """Hill climbing with restarts: moves to a better neighbour until there is none, then starts at a random place.

    Source: White et al., "Exploring the Loss Landscape in Neural Architecture Search" (UAI 2021), algorithm 1; with
    `epsilon` the threshold accepting of Dueck & Scheuer (1990), at a threshold that stays. Here the first start is the
    best that others measured, where they did, a start asked for in a batch is the best of that batch, and no walk
    stands on a place twice.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        steepest: measure all neighbours and take the best; otherwise take the first that is better.
        epsilon: by how much a neighbour that is moved to may be worse, in units of the objective.
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
        self._starts: list[Architecture] = []  # measured, to begin a walk from
        self._place: Architecture | None = None
        self._near: list[Architecture] = []  # the neighbours of the place, one per key, in random order
        self._stood: set[str] = set()  # places of this walk

    def _join(self, arch: Architecture, trial: Trial) -> None:
        if self._place is None:
            self._starts.append(arch)

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` neighbours of the place reached; random starts only where none of them is left to ask for."""
        self._walk()
        left = sum(arch.key not in self._seen for arch in self._near)
        return super().ask(min(n, left) if left else n)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        arch = next((arch for arch in self._near if arch.key not in self._seen), None)
        if arch is None or self._place is None:
            return self._random(generator, "random start")
        return Candidate(arch, self.name, (self._place.key,), f"neighbour of {self._place.key}")

    def _walk(self) -> None:
        """Move as far as what is known allows; no place is stood on twice in a walk, so it ends."""
        generator = rng(self._seed, f"{self.name} order", self._asked)
        if self._place is None and self._starts:
            self._stood.clear()
            self._stand(min(self._starts, key=self._loss), generator)
        while self._place is not None:
            waiting = set(self._waiting)
            settled = all(a.key in self._seen and a.key not in waiting for a in self._near)
            open_ = [a for a in self._near if a.key in self._known and a.key not in self._stood]
            best = min(open_, key=self._loss, default=None)
            better = best is not None and self._accepts(self._loss(best) - self._loss(self._place))
            if best is not None and better and (settled or not self._steepest):
                self._stand(best, generator)
            elif settled:
                self._place, self._near = None, []
            else:
                return

    def _accepts(self, worse: float) -> bool:
        return worse < 0 or (self._epsilon > 0 and worse <= self._epsilon)

    def _stand(self, arch: Architecture, generator: np.random.Generator) -> None:
        near = list({a.key: a for a in self._space.neighbors(arch) if a.key != arch.key}.values())
        self._stood.add(arch.key)
        self._place, self._starts = arch, []
        self._near = [near[int(i)] for i in generator.permutation(len(near))]
