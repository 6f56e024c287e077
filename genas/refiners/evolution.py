"""Evolves a population by tournaments, crossover and mutation; the worst die."""

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
    """A genetic algorithm: winners of tournaments are crossed and mutated, and the population keeps the best.

    Source: tournaments as in Goldberg & Deb (1991), crossover and mutation of network graphs as in Xie & Yuille,
    "Genetic CNN" (ICCV 2017). Here one child at a time replaces the worst (a steady state, so asks may have any size),
    every label and open edge mutates with probability 1/L, and failed trials do not join.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what evolution looks at.
        limits: of the run; with the task they choose what a diffusion model is asked for.
        task: of the run.
        population: living architectures.
        tournament: how many of them, drawn with replacement, compete to be a parent.
        crossover: how two parents are joined; "both" tosses a coin.
        crossed: share of children that have two parents.
        mutation: "uniform" makes decisions anew by chance; "diffusion" leaves a part of the parent out and has the
            space's diffusion model sample it again (`DiffusionProposer.edit`).
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
        self._living: list[Architecture] = []  # the best first

    def _settle(self) -> None:
        self._living = self._best(self._population)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._living or len(self._living) + len(self._waiting) < self._population:
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
        drawn = generator.integers(len(self._living), size=self._tournament)
        return self._living[int(drawn.min())]

    def _child(self, parents: list[Architecture], generator: np.random.Generator) -> Architecture | None:
        child: Architecture | None = parents[0]
        if len(parents) == 2:
            kind = self._crossover
            if kind == "both":
                kind = "one_point" if generator.random() < 0.5 else "subgraph"
            join = self._variation.one_point if kind == "one_point" else self._variation.subgraph
            child = join(parents[0], parents[1], generator)
        return None if child is None else self._variation.mutate(child, generator)
