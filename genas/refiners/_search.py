"""What refiners have in common: which architectures were asked for, which are awaited, and what came of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng

TRIES = 200  # draws for one new architecture before the space, or what a method can reach, counts as used up


class Search(Proposer):
    """Makes candidates one by one, none twice, and keeps what was measured: a method only says what comes next.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: what the method looks at; a trial that lacks one of them is not learned from.
    """

    def __init__(self, space: SearchSpace, seed: int, objectives: Sequence[Objective]) -> None:
        self._space, self._seed, self._objectives = space, seed, tuple(objectives)
        self._known: dict[str, Architecture] = {}  # measured, by key, in the order told
        self._losses: dict[str, tuple[float, ...]] = {}  # by key, of all known
        self._failed: dict[str, Architecture] = {}  # broke a limit or could not be measured
        self._seen: set[str] = set()
        self._waiting: list[str] = []  # keys asked for and not told yet, in that order
        self._asked = 0

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` new candidates; fewer once the space is used up."""
        found: list[Candidate] = []
        for _ in range(n):
            generator = rng(self._seed, self.name, self._asked)
            self._asked += 1
            candidate = self._next(generator) or self._random(generator)
            if candidate is not None:
                self._seen.add(candidate.arch.key)
                self._waiting.append(candidate.arch.key)
                found.append(candidate)
        return found

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from what was measured; one told again has its value renewed."""
        for trial in trials:
            arch = trial.candidate.arch
            self._seen.add(arch.key)
            loss = losses(trial, self._objectives)
            if trial.failure is not None:
                self._failed.setdefault(arch.key, arch)
                self._fail(arch, trial)
            elif loss is not None:
                new = arch.key not in self._known
                self._known[arch.key], self._losses[arch.key] = arch, loss
                if new:
                    self._join(arch, trial)
        told = {trial.candidate.arch.key for trial in trials}
        last = max((i for i, key in enumerate(self._waiting) if key in told), default=-1)
        self._waiting = self._waiting[last + 1 :] if trials else []  # told in order: earlier ones were never measured
        self._settle()

    @abstractmethod
    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """A new candidate; None asks for a random one instead."""

    def _join(self, arch: Architecture, trial: Trial) -> None:
        """What the method does with a newly measured architecture."""
        return None

    def _fail(self, arch: Architecture, trial: Trial) -> None:
        """What the method does with a failed one."""
        return None

    def _settle(self) -> None:
        """What the method does when all that is new was told."""
        return None

    def _loss(self, arch: Architecture) -> float:
        """The leading objective, less is better."""
        return self._losses[arch.key][0]

    def _best(self, count: int) -> list[Architecture]:
        """The best known by the leading objective."""
        return sorted(self._known.values(), key=self._loss)[:count]

    def _outcomes(self) -> tuple[list[Architecture], list[float]]:
        """What a model is fitted on: the measured with the leading loss, then the failed with the worst of these."""
        failed = [arch for key, arch in self._failed.items() if key not in self._known]
        found = [self._loss(arch) for arch in self._known.values()]
        return [*self._known.values(), *failed], found + [max(found)] * len(failed)

    def _figure(self, arch: Architecture) -> str:
        objective, loss = self._objectives[0], self._loss(arch)
        return f"{objective.metric} {-loss if objective.goal == 'max' else loss:.4g}"

    def _random(
        self, generator: np.random.Generator, note: str = "random: nothing to build upon yet, or nothing new in reach"
    ) -> Candidate | None:
        for _ in range(TRIES):
            arch = self._space.sample(generator)
            if arch.key not in self._seen:
                return Candidate(arch, self.name, note=note)
        return None
