"""Asks for mutations of the best that an ensemble of predictors, one draw of its doubt each, finds best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Objective
from genas.core.rng import seed_of
from genas.encodings.paths import ArchFeatures
from genas.refiners._forest import forest_votes
from genas.refiners._search import Search
from genas.refiners._variation import Variation

_FIRST = 10  # measured before anything is predicted


class Bananas(Search):
    """Bayesian optimisation with an ensemble on the path encoding and independent Thompson sampling.

    Source: White et al., "BANANAS" (AAAI 2021), sections 3 and 4. Here the ensemble is of extra-trees instead of five
    networks (fitted in a tenth of the time), path counts with labels and edges by place (`genas.encodings.paths`) stand
    for path bits, and failed trials are predicted as bad as the worst measured.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        pool: mutations among which the next ones are chosen.
        elite: best measured architectures that are mutated.
        trees: members of the ensemble.
        every: trials told between fits.
    """

    name = "bananas"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        pool: Count = 100,
        elite: Count = 10,
        trees: Count = 60,
        every: Count = 5,
    ) -> None:
        if min(pool, elite, trees, every) < 1:
            raise RequestError("bananas needs pool, elite, trees and every of at least 1.")
        super().__init__(space, seed, objectives[:1])
        self._pool, self._elite, self._trees, self._every = pool, elite, trees, every
        self._variation, self._features = Variation(space), ArchFeatures(space)
        self._queue: list[Candidate] = []  # chosen already, the best first
        self._fitted = 0  # trials known at the last choice

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if len(self._known) < _FIRST:
            return self._random(generator, f"random, among the first {_FIRST}")
        known = len(self._known) + len(self._failed)
        if not self._queue or known >= self._fitted + self._every:
            self._queue, self._fitted = self._choose(generator), known
        self._queue = [c for c in self._queue if c.arch.key not in self._seen]
        return self._queue.pop(0) if self._queue else None

    def _choose(self, generator: np.random.Generator) -> list[Candidate]:
        """The pool in the order of one draw from each one's predicted distribution."""
        made = self._mutations(generator)
        if not made:
            return []
        random_state = seed_of(self._seed, self.name, self._asked) % 2**32
        told, pool = self._outcomes(), [arch for arch, _ in made]
        votes = forest_votes(self._features, *told, pool, trees=self._trees, random_state=random_state)
        drawn = generator.normal(votes.mean(0), votes.std(0))
        return [
            Candidate(made[i][0], self.name, (made[i][1].key,), f"mutation of {made[i][1].key}, drawn best of the pool")
            for i in np.argsort(drawn)
        ]

    def _mutations(self, generator: np.random.Generator) -> list[tuple[Architecture, Architecture]]:
        """New children with their parents, none twice."""
        best = self._best(self._elite)
        made: dict[str, tuple[Architecture, Architecture]] = {}
        for i in range(4 * self._pool):
            if len(made) == self._pool:
                break
            parent = best[i % len(best)]
            child = self._variation.mutate(parent, generator)
            if child.key not in self._seen:
                made.setdefault(child.key, (child, parent))
        return list(made.values())
