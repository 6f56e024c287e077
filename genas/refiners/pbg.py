"""Evolves the best pairs of a population towards what the population has not tried."""

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


class PopulationBasedGuiding(Search):
    """Crosses the pairs of best combined fitness, then changes one decision to a choice that the population lacks.

    Source: Dendorfer & Kist, "Population-based guiding for evolutionary neural architecture search" (Scientific Reports
    2025): greedy selection, and guided mutation by one minus the frequencies of the population's labels. Here the pairs
    are chosen again after every tell, the first of them that gives a new child is taken, and failed trials do not join.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what evolution looks at.
        limits: of the run; with the task they choose what a diffusion model is asked for.
        task: of the run.
        population: living architectures.
        mutation: "uniform" is the guided one; "diffusion" leaves a part of the child out and has the space's diffusion
            model sample it again (`DiffusionProposer.edit`).
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
        self._living: list[Architecture] = []  # the best first
        self._pairs: list[tuple[Architecture, Architecture]] = []  # the best first, as many as there are living
        self._turn = 0

    def _settle(self) -> None:
        self._living, self._turn = self._best(self._population), 0
        pairs = sorted(combinations(self._living, 2), key=lambda pair: self._loss(pair[0]) + self._loss(pair[1]))
        self._pairs = pairs[: len(self._living)]

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._pairs or len(self._living) + len(self._waiting) < self._population:
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
        """One decision changed, to a choice drawn by how rare it is among those of the same size."""
        decisions, values = self._variation.decisions.of(len(arch.ops)), self._variation.decisions.read(arch)
        same = [v for a in self._living if (v := self._variation.decisions.read(a)) and len(a.ops) == len(arch.ops)]
        options = [(i, c) for i, d in enumerate(decisions) if i > 0 for c in range(len(d.choices))]
        if values is None or not options:
            return None
        rare = np.array([1 - np.mean([v[i] == c for v in same] or [False]) for i, c in options])
        rare[[values[i] == c for i, c in options]] = 0
        if rare.sum() == 0:
            return None
        place, choice = options[int(generator.choice(len(options), p=rare / rare.sum()))]
        return self._variation.decisions.write((*values[:place], choice, *values[place + 1 :]))
