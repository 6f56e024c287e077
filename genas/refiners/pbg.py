"""Evolution that crosses the best pairs and mutates towards choices that are rare in the population."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Constraint, Objective
from genas.refiners._search import TRIES, Search
from genas.refiners._variation import Mutation, Variation, editor


class Pbg(Search):
    """Crosses the pairs with the best combined fitness, then changes one decision to a choice rare in the population.

    Source: Dendorfer & Kist, "Population-based guiding for evolutionary neural architecture search" (Scientific Reports
    2025): greedy selection, and guided mutation by one minus the frequency of a label in the population. Different
    here: the pairs are selected again after every `tell`, the first pair that gives a new child is used, and failed
    trials do not join the population.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        limits: the limits of the run. With the task, they condition the diffusion model (`mutation="diffusion"`).
        task: the task of the run.
        population: size of the population.
        mutation: "uniform" is the guided mutation; "diffusion" masks a part of the child and lets the diffusion model
            of the space sample it again (`DiffusionProposer.edit`).
    """

    name = "pbg"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        *,
        population: Count = 20,
        mutation: Mutation = "uniform",
    ) -> None:
        if population < 2:
            raise RequestError("pbg needs a population of at least 2.")
        super().__init__(space, seed, objectives[:1])
        self._population, self._edited = population, mutation == "diffusion"
        self._variation = Variation(space, editor(mutation, space, seed, limits, task))
        self._members: list[Architecture] = []  # the population, the best first
        self._pairs: list[tuple[Architecture, Architecture]] = []  # the best first, as many as the population
        self._turn = 0

    def _after_tell(self) -> None:
        self._members, self._turn = self._best(self._population), 0
        pairs = sorted(combinations(self._members, 2), key=lambda pair: self._loss(pair[0]) + self._loss(pair[1]))
        self._pairs = pairs[: len(self._members)]

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._pairs or len(self._members) + len(self._pending) < self._population:
            return self._random(generator, "random, to fill the population")
        how = "edited by diffusion" if self._edited else "guided to what the population lacks"
        for _ in range(TRIES):
            a, b = self._pairs[self._turn % len(self._pairs)]
            self._turn += 1
            child = self._variation.one_point(a, b, generator) or a
            guided = None if self._edited else self._guided(child, generator)
            child = guided or self._variation.mutate(child, generator)
            if child.key not in self._seen:
                note = f"child of {a.key} and {b.key} (best {self._figure(a)}), {how}"
                return Candidate(child, self.name, (a.key, b.key), note)
        return None

    def _guided(self, arch: Architecture, generator: np.random.Generator) -> Architecture | None:
        """A child with one decision changed to a choice, drawn by its rarity among members of the same size."""
        decisions, values = self._variation.decisions.of(len(arch.ops)), self._variation.decisions.read(arch)
        same = [v for a in self._members if (v := self._variation.decisions.read(a)) and len(a.ops) == len(arch.ops)]
        options = [(i, c) for i, d in enumerate(decisions) if i > 0 for c in range(len(d.choices))]
        if values is None or not options:
            return None
        rare = np.array([1 - np.mean([v[i] == c for v in same] or [False]) for i, c in options])
        rare[[values[i] == c for i, c in options]] = 0
        if rare.sum() == 0:
            return None
        place, choice = options[int(generator.choice(len(options), p=rare / rare.sum()))]
        return self._variation.decisions.write((*values[:place], choice, *values[place + 1 :]))
