"""Random search: samples architectures uniformly from the space. The baseline of every comparison."""

from __future__ import annotations

from typing import Literal

from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.records import Candidate
from genas.core.rng import rng

_TRIES = 200  # draws for one new architecture before the space counts as exhausted


class Uniform(Proposer):
    """Random search: samples of the space's own sampler, never the same twice.

    Source: random search as the baseline of Li & Talwalkar, "Random Search and Reproducibility for NAS" (UAI 2019);
    here without repetition, so that small spaces are covered.

    Args:
        space: the search space.
        seed: the seed of the run.
        task: its table may hold only a part of the space.
        within: "space" to sample from the space; "table" to sample from the architectures of a table that holds only a
            part of the space.

    Raises:
        RequestError: within="table", but the task has no table of a part of the space.
    """

    name = "uniform"

    def __init__(
        self, space: SearchSpace, seed: int, task: Task | None = None, *, within: Literal["space", "table"] = "space"
    ) -> None:
        self._space, self._seed = space, seed
        self._asked = 0
        self._seen: set[str] = set()
        self._table = () if task is None or within == "space" else task.measured
        if within == "table" and not self._table:
            raise RequestError(
                "uniform: within=table needs a task whose table holds only a part of the space; write within=space."
            )

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` architectures that were not proposed before; fewer once the space is exhausted."""
        candidates: list[Candidate] = []
        for _ in range(n):
            candidate = self._draw()
            self._asked += 1
            if candidate is not None:
                candidates.append(candidate)
        return candidates

    def _draw(self) -> Candidate | None:
        generator = rng(self._seed, self.name, self._asked)
        for _ in range(_TRIES):
            table = self._table
            arch = table[int(generator.integers(len(table)))] if table else self._space.sample(generator)
            if arch.key not in self._seen:
                self._seen.add(arch.key)
                return Candidate(arch, self.name, note=f"drawn uniformly from the {'table' if table else 'space'}")
        return None
