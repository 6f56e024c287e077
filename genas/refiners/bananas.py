"""Bayesian optimisation with an ensemble of trees: mutations of the best, chosen by Thompson sampling."""

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

_FIRST = 10  # random architectures to measure before the ensemble is used


class Bananas(Search):
    """Bayesian optimisation with an ensemble on the path encoding and independent Thompson sampling.

    Source: White et al., "BANANAS" (AAAI 2021), sections 3 and 4. Different here: the ensemble consists of extra-trees
    instead of five networks (a tenth of the time to fit); path counts, with labels and edges by position
    (`genas.encodings.paths`), replace path bits; failed trials count as bad as the worst measured.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        pool: number of mutations from which the next ones are chosen.
        elite: number of best measured architectures to mutate.
        trees: size of the ensemble.
        every: number of new trials between fits.
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
        self._queue: list[Candidate] = []  # candidates to propose next, the best first
        self._fitted = 0  # number of finished trials at the last fit

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if len(self._measured) < _FIRST:
            return self._random(generator, f"random, among the first {_FIRST}")
        finished = len(self._measured) + len(self._failed)
        if not self._queue or finished >= self._fitted + self._every:
            self._queue, self._fitted = self._choose(generator), finished
        self._queue = [c for c in self._queue if c.arch.key not in self._seen]
        return self._queue.pop(0) if self._queue else None

    def _choose(self, generator: np.random.Generator) -> list[Candidate]:
        """The pool by increasing loss, each loss drawn from its predictive distribution (Thompson sampling)."""
        mutations = self._mutations(generator)
        if not mutations:
            return []
        random_state = seed_of(self._seed, self.name, self._asked) % 2**32
        training_set, pool = self._training_set(), [arch for arch, _ in mutations]
        votes = forest_votes(self._features, *training_set, pool, trees=self._trees, random_state=random_state)
        drawn = generator.normal(votes.mean(0), votes.std(0))
        ranked = [mutations[i] for i in np.argsort(drawn)]
        return [
            Candidate(child, self.name, (parent.key,), f"mutation of {parent.key}, drawn best of the pool")
            for child, parent in ranked
        ]

    def _mutations(self, generator: np.random.Generator) -> list[tuple[Architecture, Architecture]]:
        """Distinct new children, each with its parent."""
        best = self._best(self._elite)
        children: dict[str, tuple[Architecture, Architecture]] = {}
        for i in range(4 * self._pool):
            if len(children) == self._pool:
                break
            parent = best[i % len(best)]
            child = self._variation.mutate(parent, generator)
            if child.key not in self._seen:
                children.setdefault(child.key, (child, parent))
        return list(children.values())
