"""Evolution with ageing: the oldest member of the population is removed, however good it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.refiners._search import TRIES, Search
from genas.refiners._variation import Mutation, Variation, editor


class RegularizedEvolution(Search):
    """Evolution with ageing: mutates the best of a random sample of the population, and removes the oldest member.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019), algorithm 1.
    Different here: a child that was measured before joins the population again without a second measurement;
    architectures measured by other proposers join too; failed trials do not.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        limits: the limits of the run. With the task, they condition the diffusion model (`mutation="diffusion"`).
        task: the task of the run.
        population: size of the population.
        sample: size of the tournament: members drawn with replacement, of which the best is the parent.
        mutation: "uniform" takes a random neighbour; "diffusion" masks a part of the parent and lets the diffusion
            model of the space sample it again (`DiffusionProposer.edit`).
    """

    name = "regularized_evolution"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        *,
        population: Count = 50,
        sample: Count = 10,
        mutation: Mutation = "uniform",
    ) -> None:
        if population < 1 or sample < 1:
            raise RequestError("regularized_evolution needs a population and a sample of at least 1.")
        super().__init__(space, seed, objectives[:1])
        self._size, self._sample = population, sample
        model = editor(mutation, space, seed, limits, task)
        self._variation = None if model is None else Variation(space, model)
        self._members: deque[Architecture] = deque(maxlen=population)  # the population, the oldest first

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        self._members.append(arch)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A child; None (a random architecture) until the population is full, or if no child is new."""
        young = len(self._members) + len(self._pending) < self._size or not self._members
        return None if young else self._child(generator)

    def _child(self, generator: np.random.Generator) -> Candidate | None:
        """A new child. Children that were measured before join the population again, without a measurement."""
        for _ in range(TRIES):
            drawn = [self._members[int(i)] for i in generator.integers(len(self._members), size=self._sample)]
            parent = min(drawn, key=self._loss)
            child = self._mutated(parent, generator)
            if child is None:
                continue
            if child.key not in self._seen:
                note = f"child of {parent.key}, the best of {self._sample} drawn ({self._figure(parent)})"
                return Candidate(child, self.name, (parent.key,), note)
            if child.key in self._measured:
                self._members.append(child)
        return None

    def _mutated(self, parent: Architecture, generator: np.random.Generator) -> Architecture | None:
        """A mutation by one edit, or by the diffusion model; None if the parent has no neighbour."""
        if self._variation is not None:
            return self._variation.mutate(parent, generator)
        near = list(self._space.neighbors(parent))
        return near[int(generator.integers(len(near)))] if near else None
