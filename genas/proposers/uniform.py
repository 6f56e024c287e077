"""Draws architectures uniformly with the space's own sampler: the baseline that every table must hold."""

from __future__ import annotations

from typing import Literal

from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.records import Candidate
from genas.core.rng import rng

_TRIES = 200  # draws for one new architecture before the space counts as used up


class Uniform(Proposer):
    """Random search: architectures from the space's own sampler, none twice.

    Source: random search as the baseline of Li & Talwalkar, "Random Search and Reproducibility for NAS" (UAI 2019);
    here without repeats, so that small spaces are covered.

    Args:
        space: where the architectures come from.
        seed: of the run.
        task: whose table may hold but a part of the space.
        within: "space", or "table" for the architectures that the task's table holds, where that is a part only.

    Raises:
        RequestError: the task has no table of a part of the space.
    """

    name = "uniform"

    def __init__(
        self, space: SearchSpace, seed: int, task: Task | None = None, *, within: Literal["space", "table"] = "space"
    ) -> None:
        self._space, self._seed = space, seed
        self._asked = 0
        self._seen: set[str] = set()
        self._held = () if task is None or within == "space" else task.measured
        if within == "table" and not self._held:
            raise RequestError("uniform: within=table needs a task whose table holds a part of the space only.")

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` architectures that were not asked for before; fewer once the space is used up."""
        found: list[Candidate] = []
        for _ in range(n):
            candidate = self._draw()
            self._asked += 1
            if candidate is not None:
                found.append(candidate)
        return found

    def _draw(self) -> Candidate | None:
        generator = rng(self._seed, self.name, self._asked)
        for _ in range(_TRIES):
            held = self._held
            arch = held[int(generator.integers(len(held)))] if held else self._space.sample(generator)
            if arch.key not in self._seen:
                self._seen.add(arch.key)
                return Candidate(arch, self.name, note=f"drawn uniformly from the {'table' if held else 'space'}")
        return None
