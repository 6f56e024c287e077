"""Grid search: visits every architecture of a space once, in evenly spread order."""

from __future__ import annotations

from math import gcd, prod

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate
from genas.core.rng import rng
from genas.encodings.decisions import Decisions

_TRIES = 20_000  # positions to try for one new architecture
_GOLDEN = 0.6180339887498949  # stride as a fraction of the grid, so that the visited positions are evenly spread


class Grid(Proposer):
    """Grid search over all combinations of decisions, with a stride of about 0.618 of the grid.

    Source: the multiplicative (golden ratio) sequence, Knuth, "The Art of Computer Programming" 3, section 6.4. The
    positions of the grid are numbered with the decisions as digits. The stride has no common divisor with their number,
    so each position is visited once. Isomorphic architectures count once, and illegal ones are skipped. The seed
    decides the start and, within a hundredth of the grid, the stride. In a space with only a few wirings, the grid
    holds those that 512 samples of the space showed.

    Args:
        space: the search space.
        seed: the seed of the run.
    """

    name = "grid"

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._decisions = Decisions(space)
        sizes = self._decisions.sizes
        self._counts = [[len(d.choices) for d in self._decisions.of(size)[1:]] for size in sizes]
        self._total = sum(map(prod, self._counts))
        generator = rng(seed, self.name)
        self._start = int(generator.random() * self._total)
        self._stride = _coprime(int((_GOLDEN + 0.01 * generator.random()) * self._total), self._total)
        self._place = 0  # number of positions visited so far
        self._seen: set[str] = set()

    def ask(self, n: int) -> list[Candidate]:
        """The next `n` architectures of the grid; fewer at its end."""
        candidates: list[Candidate] = []
        while len(candidates) < n and (candidate := self._next()):
            candidates.append(candidate)
        return candidates

    def _next(self) -> Candidate | None:
        for _ in range(min(_TRIES, self._total - self._place)):
            number = (self._start + self._place * self._stride) % self._total
            self._place += 1
            arch = self._at(number)
            if arch is not None and arch.key not in self._seen:
                self._seen.add(arch.key)
                return Candidate(arch, self.name, note=f"place {number:,} of the {self._total:,} of the grid")
        return None

    def _at(self, number: int) -> Architecture | None:
        """The architecture at a position of the grid, or None if it is illegal."""
        size = 0
        while number >= (positions := prod(self._counts[size])):
            number, size = number - positions, size + 1
        values = []
        for count in self._counts[size]:
            number, value = divmod(number, count)
            values.append(value)
        return self._decisions.write((size, *values))


def _coprime(number: int, total: int) -> int:
    """The first number from `number` on that has no common divisor with `total`."""
    while gcd(number, total) != 1:
        number += 1
    return number
