"""Evolves a population in which the oldest dies, however good it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng

_TRIES = 200  # draws for one new architecture before the space counts as used up
_STEPS = 5  # edits away from a parent whose neighbours are all known


class RegularizedEvolution(Proposer):
    """Evolution with ageing: the best of a random sample of the living gets a child one edit away, the oldest dies.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019), algorithm 1.
    Here no architecture is asked for twice, what others measured joins the population, and failed trials do not.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what evolution looks at.
        population: living architectures.
        sample: how many of them, drawn with replacement, compete to be the parent.
    """

    name = "regularized_evolution"

    def __init__(
        self, space: SearchSpace, seed: int, objectives: Sequence[Objective], *, population: int = 50, sample: int = 10
    ) -> None:
        if population < 1 or sample < 1:
            raise RequestError("regularized_evolution needs a population and a sample of at least 1.")
        self._space, self._seed, self._objectives = space, seed, tuple(objectives[:1])
        self._size, self._sample = population, sample
        self._living: dict[str, tuple[float, Architecture]] = {}  # loss and architecture by key, the oldest first
        self._told: set[str] = set()
        self._seen: set[str] = set()
        self._waiting: set[str] = set()  # asked for, not told yet
        self._asked = 0

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` children; random architectures until the population is full."""
        found: list[Candidate] = []
        for _ in range(n):
            generator = rng(self._seed, self.name, self._asked)
            self._asked += 1
            young = len(self._living) + len(self._waiting) < self._size or not self._living
            candidate = self._random(generator) if young else self._child(generator) or self._random(generator)
            if candidate is not None:
                self._seen.add(candidate.arch.key)
                self._waiting.add(candidate.arch.key)
                found.append(candidate)
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take measured trials into the population and let the oldest die; one told again has its value renewed."""
        for trial in trials:
            arch = trial.candidate.arch
            self._seen.add(arch.key)
            self._waiting.discard(arch.key)
            loss = losses(trial, self._objectives)
            dead = arch.key in self._told and arch.key not in self._living
            if trial.failure is not None or loss is None or dead:
                continue
            self._told.add(arch.key)
            self._living[arch.key] = (loss[0], arch)
            if len(self._living) > self._size:
                del self._living[next(iter(self._living))]

    def _random(self, generator: np.random.Generator) -> Candidate | None:
        for _ in range(_TRIES):
            arch = self._space.sample(generator)
            if arch.key not in self._seen:
                return Candidate(arch, self.name, note="random, to fill the population")
        return None

    def _child(self, generator: np.random.Generator) -> Candidate | None:
        living = list(self._living.values())
        drawn = [living[int(i)] for i in generator.integers(len(living), size=self._sample)]
        loss, parent = min(drawn, key=lambda member: member[0])
        place = parent
        for _ in range(_STEPS):
            near = list(self._space.neighbors(place))
            if not near:
                return None
            for i in generator.permutation(len(near)):
                if near[int(i)].key not in self._seen:
                    note = f"child of {parent.key}, the best of {self._sample} drawn ({self._figure(loss)})"
                    return Candidate(near[int(i)], self.name, (parent.key,), note)
            place = near[int(generator.integers(len(near)))]
        return None

    def _figure(self, loss: float) -> str:
        objective = self._objectives[0]
        return f"{objective.metric} {-loss if objective.goal == 'max' else loss:.4g}"
