"""The base class of refiners: it keeps account of proposed, pending, measured and failed architectures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng

TRIES = 200  # draws for one new architecture before the space, or the reach of a method, counts as exhausted


class Search(Proposer):
    """Proposes candidates one by one, never the same twice, and keeps the results. A subclass writes `_next`.

    A subclass may also override the hooks `_on_measured`, `_on_failed` and `_after_tell`.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: what is optimised; the search does not learn from a trial without a value for each of them.
    """

    def __init__(self, space: SearchSpace, seed: int, objectives: Sequence[Objective]) -> None:
        self._space, self._seed, self._objectives = space, seed, tuple(objectives)
        self._measured: dict[str, Architecture] = {}  # by key, in the order of their results
        self._losses: dict[str, tuple[float, ...]] = {}  # by key, of all measured architectures
        self._failed: dict[str, Architecture] = {}  # by key: broke a limit or could not be measured
        self._seen: set[str] = set()  # keys of all that were proposed or have a result
        self._pending: list[str] = []  # keys of proposed architectures without a result yet, in the order proposed
        self._asked = 0

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` new candidates; fewer once the space is exhausted."""
        candidates: list[Candidate] = []
        for _ in range(n):
            generator = rng(self._seed, self.name, self._asked)
            self._asked += 1
            candidate = self._next(generator) or self._random(generator)
            if candidate is not None:
                self._seen.add(candidate.arch.key)
                self._pending.append(candidate.arch.key)
                candidates.append(candidate)
        return candidates

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from new trials. A second trial of an architecture replaces its value."""
        for trial in trials:
            arch = trial.candidate.arch
            self._seen.add(arch.key)
            loss = losses(trial, self._objectives)
            if trial.failure is not None:
                self._failed.setdefault(arch.key, arch)
                self._on_failed(arch, trial)
            elif loss is not None:
                new = arch.key not in self._measured
                self._measured[arch.key], self._losses[arch.key] = arch, loss
                if new:
                    self._on_measured(arch, trial)
        finished = {trial.candidate.arch.key for trial in trials}
        last = max((i for i, key in enumerate(self._pending) if key in finished), default=-1)
        # Results come in the order of proposal: whatever was proposed before the last of them will never be measured.
        self._pending = self._pending[last + 1 :] if trials else []
        self._after_tell()

    @abstractmethod
    def _next(self, generator: np.random.Generator) -> Candidate | None:
        """The next candidate; None to propose a random architecture instead."""

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        """Hook: called with each architecture that is measured for the first time."""
        return None

    def _on_failed(self, arch: Architecture, trial: Trial) -> None:
        """Hook: called with each architecture whose trial failed."""
        return None

    def _after_tell(self) -> None:
        """Hook: called at the end of each `tell`."""
        return None

    def _loss(self, arch: Architecture) -> float:
        """The loss of the first objective; less is better."""
        return self._losses[arch.key][0]

    def _best(self, count: int) -> list[Architecture]:
        """The best measured architectures by the first objective."""
        return sorted(self._measured.values(), key=self._loss)[:count]

    def _training_set(self) -> tuple[list[Architecture], list[float]]:
        """Architectures and losses to fit a surrogate on; failed architectures count as bad as the worst measured."""
        failed = [arch for key, arch in self._failed.items() if key not in self._measured]
        values = [self._loss(arch) for arch in self._measured.values()]
        return [*self._measured.values(), *failed], values + [max(values)] * len(failed)

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
