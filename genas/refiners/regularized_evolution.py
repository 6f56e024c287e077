"""Evolves a population in which the oldest dies, however good it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng

_TRIES = 200  # draws for one new architecture before the space, or what is near the living, counts as used up


class RegularizedEvolution(Proposer):
    """Evolution with ageing: the best of a random sample of the living gets a child one edit away, the oldest dies.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019), algorithm 1.
    Here a child that was measured before joins the population again without being asked for twice, what others measured
    joins too, and failed trials do not.

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
        self._living: deque[Architecture] = deque(maxlen=population)  # the oldest first; the oldest leaves a full one
        self._losses: dict[str, float] = {}  # by key, of every trial that was measured
        self._seen: set[str] = set()
        self._waiting: list[str] = []  # keys asked for and not told yet, in that order
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
                self._waiting.append(candidate.arch.key)
                found.append(candidate)
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take measured trials into the population, where the oldest die; one told again only has its value renewed."""
        for trial in trials:
            arch = trial.candidate.arch
            self._seen.add(arch.key)
            loss = losses(trial, self._objectives)
            if trial.failure is not None or loss is None:
                continue
            if arch.key not in self._losses:
                self._living.append(arch)
            self._losses[arch.key] = loss[0]
        told = {trial.candidate.arch.key for trial in trials}
        last = max((i for i, key in enumerate(self._waiting) if key in told), default=-1)
        self._waiting = self._waiting[last + 1 :] if trials else []  # told in order: earlier ones were never measured

    def _random(self, generator: np.random.Generator) -> Candidate | None:
        for _ in range(_TRIES):
            arch = self._space.sample(generator)
            if arch.key not in self._seen:
                return Candidate(arch, self.name, note="random, to fill the population")
        return None

    def _child(self, generator: np.random.Generator) -> Candidate | None:
        """A child that is new; children known already are born again on the way, which costs no measurement."""
        for _ in range(_TRIES):
            drawn = [self._living[int(i)] for i in generator.integers(len(self._living), size=self._sample)]
            parent = min(drawn, key=lambda arch: self._losses[arch.key])
            near = list(self._space.neighbors(parent))
            if not near:
                continue
            child = near[int(generator.integers(len(near)))]
            if child.key not in self._seen:
                figure = self._figure(self._losses[parent.key])
                note = f"child of {parent.key}, the best of {self._sample} drawn ({figure})"
                return Candidate(child, self.name, (parent.key,), note)
            if child.key in self._losses:
                self._living.append(child)
        return None

    def _figure(self, loss: float) -> str:
        objective = self._objectives[0]
        return f"{objective.metric} {-loss if objective.goal == 'max' else loss:.4g}"
