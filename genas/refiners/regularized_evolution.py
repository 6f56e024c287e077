"""Evolves a population in which the oldest dies, however good it is."""

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
    """Evolution with ageing: the best of a random sample of the living gets a child one edit away, the oldest dies.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019), algorithm 1.
    Here a child that was measured before joins the population again without being asked for twice, what others measured
    joins too, and failed trials do not.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what evolution looks at.
        limits: of the run; with the task they choose what a diffusion model is asked for.
        task: of the run.
        population: living architectures.
        sample: how many of them, drawn with replacement, compete to be the parent.
        mutation: "uniform" takes a random neighbour; "diffusion" leaves a part of the parent out and has the space's
            diffusion model sample it again (`DiffusionProposer.edit`).
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
        self._living: deque[Architecture] = deque(maxlen=population)  # the oldest first; the oldest leaves a full one

    def _join(self, arch: Architecture, trial: Trial) -> None:
        self._living.append(arch)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A child; random architectures until the population is full, or where all that is near is known."""
        young = len(self._living) + len(self._waiting) < self._size or not self._living
        return None if young else self._child(generator)

    def _child(self, generator: np.random.Generator) -> Candidate | None:
        """A child that is new; children known already are born again on the way, which costs no measurement."""
        for _ in range(TRIES):
            drawn = [self._living[int(i)] for i in generator.integers(len(self._living), size=self._sample)]
            parent = min(drawn, key=self._loss)
            child = self._mutated(parent, generator)
            if child is None:
                continue
            if child.key not in self._seen:
                note = f"child of {parent.key}, the best of {self._sample} drawn ({self._figure(parent)})"
                return Candidate(child, self.name, (parent.key,), note)
            if child.key in self._known:
                self._living.append(child)
        return None

    def _mutated(self, parent: Architecture, generator: np.random.Generator) -> Architecture | None:
        """One edit away, or as the diffusion model edits; None where it has no neighbour."""
        if self._variation is not None:
            return self._variation.mutate(parent, generator)
        near = list(self._space.neighbors(parent))
        return near[int(generator.integers(len(near)))] if near else None
