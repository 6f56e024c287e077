"""A genetic algorithm: tournament selection, crossover and mutation; the worst members are replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Count, Share
from genas.core.records import Architecture, Candidate, Constraint, Objective
from genas.refiners._search import TRIES, Search
from genas.refiners._variation import Mutation, Variation, editor


class Evolution(Search):
    """A genetic algorithm: crosses and mutates the winners of tournaments and keeps the best as the population.

    Source: tournaments as in Goldberg & Deb (1991), crossover and mutation of network graphs as in Xie & Yuille,
    "Genetic CNN" (ICCV 2017). Different here: one child at a time replaces the worst member (steady state, so `ask` may
    be called for any number); every label and open edge mutates with probability 1/L; failed trials do not join.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        limits: the limits of the run. With the task, they condition the diffusion model (`mutation="diffusion"`).
        task: the task of the run.
        population: size of the population.
        tournament: size of a tournament: members drawn with replacement, of which the best is a parent.
        crossover: how two parents are combined; "both" chooses one of the two ways at random.
        crossed: fraction of children with two parents (crossover).
        mutation: "uniform" changes decisions at random; "diffusion" masks a part of the parent and lets the diffusion
            model of the space sample it again (`DiffusionProposer.edit`).
    """

    name = "evolution"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        *,
        population: Count = 20,
        tournament: Count = 5,
        crossover: Literal["one_point", "subgraph", "both"] = "both",
        crossed: Share = 0.5,
        mutation: Mutation = "uniform",
    ) -> None:
        if population < 2 or tournament < 1 or not 0 <= crossed <= 1:
            raise RequestError(
                "evolution needs a population of at least 2, a tournament of at least 1, and crossed in [0, 1]."
            )
        super().__init__(space, seed, objectives[:1])
        self._population, self._tournament = population, tournament
        self._crossover, self._crossed = crossover, crossed
        self._variation = Variation(space, editor(mutation, space, seed, limits, task))
        self._members: list[Architecture] = []  # the population, the best first

    def _after_tell(self) -> None:
        self._members = self._best(self._population)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._members or len(self._members) + len(self._pending) < self._population:
            return self._random(generator, "random, to fill the population")
        for _ in range(TRIES):
            parents = [self._winner(generator)]
            if generator.random() < self._crossed:
                parents.append(self._winner(generator))
            child = self._child(parents, generator)
            if child is not None and child.key not in self._seen:
                keys = tuple(dict.fromkeys(parent.key for parent in parents))
                note = f"child of {' and '.join(keys)} (best {self._figure(min(parents, key=self._loss))})"
                return Candidate(child, self.name, keys, note)
        return None

    def _winner(self, generator: np.random.Generator) -> Architecture:
        drawn = generator.integers(len(self._members), size=self._tournament)
        return self._members[int(drawn.min())]

    def _child(self, parents: list[Architecture], generator: np.random.Generator) -> Architecture | None:
        child: Architecture | None = parents[0]
        if len(parents) == 2:
            kind = self._crossover
            if kind == "both":
                kind = "one_point" if generator.random() < 0.5 else "subgraph"
            join = self._variation.one_point if kind == "one_point" else self._variation.subgraph
            child = join(parents[0], parents[1], generator)
        return None if child is None else self._variation.mutate(child, generator)
