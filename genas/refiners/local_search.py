"""Walks from neighbour to better neighbour, and starts afresh where none is better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng
from genas.refiners._search import TRIES


class LocalSearch(Proposer):
    """Hill climbing with restarts: moves to a better neighbour until there is none, then starts at a random place.

    Source: White et al., "Exploring the Loss Landscape in Neural Architecture Search" (UAI 2021), algorithm 1. Here
    the first start is the best that others measured, where they did, and a start asked for in a batch is the best of
    that batch.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        steepest: measure all neighbours and take the best; otherwise take the first that is better.
    """

    name = "local_search"

    def __init__(
        self, space: SearchSpace, seed: int, objectives: Sequence[Objective], *, steepest: bool = True
    ) -> None:
        self._space, self._seed, self._objectives = space, seed, tuple(objectives[:1])
        self._steepest = steepest
        self._losses: dict[str, float | None] = {}  # by key of every told trial; None: failed or not measured
        self._starts: list[Architecture] = []  # measured, to begin a walk from
        self._seen: set[str] = set()
        self._waiting: list[str] = []  # keys asked for and not told yet, in that order
        self._place: Architecture | None = None
        self._near: list[Architecture] = []  # the neighbours of the place, one per key, in random order
        self._asked = 0

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` neighbours of the place reached; random starts where none of them is left to ask for."""
        if n < 1:
            return []
        self._walk()
        found: list[Candidate] = []
        if self._place is not None:
            for arch in self._near:
                if len(found) < n and arch.key not in self._seen:
                    self._seen.add(arch.key)
                    note = f"neighbour of {self._place.key}"
                    found.append(Candidate(arch, self.name, (self._place.key,), note))
            self._asked += len(found)
        found = found or self._random(n)
        self._waiting += [candidate.arch.key for candidate in found]
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Remember what was measured; what no walk has started from yet may be the next start."""
        for trial in trials:
            arch = trial.candidate.arch
            self._seen.add(arch.key)
            loss = None if trial.failure is not None else losses(trial, self._objectives)
            if loss is None:
                self._losses.setdefault(arch.key, None)
                continue
            self._losses[arch.key] = loss[0]
            if self._place is None:
                self._starts.append(arch)
        told = {trial.candidate.arch.key for trial in trials}
        last = max((i for i, key in enumerate(self._waiting) if key in told), default=-1)
        last = last if trials else len(self._waiting) - 1
        for key in self._waiting[: last + 1]:  # told in order: one passed over was never measured
            self._losses.setdefault(key, None)
        self._waiting = self._waiting[last + 1 :]

    def _random(self, n: int) -> list[Candidate]:
        found: list[Candidate] = []
        for _ in range(n):
            generator = rng(self._seed, self.name, self._asked)
            self._asked += 1
            for _ in range(TRIES):
                arch = self._space.sample(generator)
                if arch.key not in self._seen:
                    self._seen.add(arch.key)
                    found.append(Candidate(arch, self.name, note="random start"))
                    break
        return found

    def _walk(self) -> None:
        """Move as far as what is known allows; losses fall at every move, so it ends."""
        generator = rng(self._seed, f"{self.name} order", self._asked)
        if self._place is None and self._starts:
            self._stand(min(self._starts, key=self._loss), generator)
        while self._place is not None:
            known = [a for a in self._near if self._losses.get(a.key) is not None]
            best = min(known, key=self._loss, default=None)
            better = best is not None and self._loss(best) < self._loss(self._place)
            settled = all(a.key in self._losses for a in self._near)
            if best is not None and better and (settled or not self._steepest):
                self._stand(best, generator)
            elif settled:
                self._place, self._near = None, []
            else:
                return

    def _loss(self, arch: Architecture) -> float:
        loss = self._losses[arch.key]
        assert loss is not None
        return loss

    def _stand(self, arch: Architecture, generator: np.random.Generator) -> None:
        near = list({a.key: a for a in self._space.neighbors(arch) if a.key != arch.key}.values())
        self._place, self._starts = arch, []
        self._near = [near[int(i)] for i in generator.permutation(len(near))]
