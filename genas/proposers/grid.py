"""Walks through every architecture of a space in strides, none twice and none left out."""

from __future__ import annotations

from math import gcd, prod

from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate
from genas.core.rng import rng
from genas.encodings.decisions import Decisions

_TRIES = 20_000  # places looked at for one new architecture
_GOLDEN = 0.6180339887498949  # share of the grid that a stride covers, so that the places seen lie evenly spread


class Grid(Proposer):
    """Grid search: counts through all combinations of decisions, a stride of about 0.618 of the grid apart.

    Source: the multiplicative (golden ratio) sequence, Knuth, "The Art of Computer Programming" 3, section 6.4. The
    grid's places are numbered with the decisions as digits; the stride shares no divisor with their number, so each
    place is met once. Spellings of one architecture count once, illegal ones are passed over, and the seed says where
    the walk begins and, within a hundredth of the grid, how long the stride is. Where a space knows only a few wirings,
    they are those that 512 draws met.

    Args:
        space: where the architectures come from.
        seed: of the run.
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
        self._place = 0  # places looked at so far
        self._seen: set[str] = set()

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` architectures that come next; fewer once the walk is over."""
        found: list[Candidate] = []
        while len(found) < n and (candidate := self._next()):
            found.append(candidate)
        return found

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
        """The architecture at a place of the grid, or None where it is illegal."""
        size = 0
        while number >= (here := prod(self._counts[size])):
            number, size = number - here, size + 1
        values = []
        for count in self._counts[size]:
            number, value = divmod(number, count)
            values.append(value)
        return self._decisions.write((size, *values))


def _coprime(number: int, total: int) -> int:
    """The first number from `number` on that shares no divisor with `total`."""
    while gcd(number, total) != 1:
        number += 1
    return number
