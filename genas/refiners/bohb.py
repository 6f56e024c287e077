"""Hyperband that samples architectures where the density of good trials is high relative to that of bad ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Amount, Count, Share
from genas.core.records import Architecture, Candidate, Objective
from genas.encodings.decisions import Decisions
from genas.refiners._rungs import MultiFidelity, Rung, hyperband

Ints = npt.NDArray[np.int64]
_TRIES = 20  # rounds of draws for one new legal architecture


class Bohb(MultiFidelity):
    """Brackets of Hyperband, filled by kernel density models of the highest fidelity with enough trials.

    Source: Falkner et al., "BOHB: Robust and Efficient Hyperparameter Optimization at Scale" (ICML 2018), section 4 and
    algorithm 2. All decisions are categorical here, so the kernels are those of Aitchison & Aitken (1976), with a
    bandwidth that shrinks as n^-1/2 (Li & Racine 2003) in place of a rule for continuous values. Architectures of
    different sizes share decisions of the same name; decisions that one size lacks are uniform there. The paper waits
    for one trial more than there are decisions; here `start` is a fixed number, because graphs have many decisions.
    Failed trials count among the bad.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        eta: one in `eta` architectures of a rung is promoted. The fidelities of rungs are powers of 1/eta.
        lowest: the lowest fidelity of a rung, as a fraction of the full measurement of the search.
        uniform: fraction of architectures that are sampled uniformly throughout.
        good: fraction of the trials of a fidelity that count as good.
        start: minimum number of trials behind each of the two densities.
        draws: number of samples from the good density; the one with the best density ratio is taken.
        widened: factor by which the bandwidth of the kernels is widened for sampling.
    """

    name = "bohb"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        eta: Count = 3,
        lowest: Share = 0.1,
        uniform: Share = 1 / 3,
        good: Share = 0.15,
        start: Count = 8,
        draws: Count = 64,
        widened: Amount = 3.0,
    ) -> None:
        if not 0 <= uniform <= 1 or not 0 < good < 1 or min(start, draws) < 1 or widened < 1:
            raise RequestError(
                "bohb needs uniform in [0, 1], good between 0 and 1, and start, draws and widened of at least 1."
            )
        super().__init__(space, seed, objectives, eta=eta, lowest=lowest, mutated=0.0)
        self._uniform, self._good, self._start, self._draws, self._widened = uniform, good, start, draws, widened
        self._decisions = Decisions(space)

    def _bracket(self, number: int) -> list[Rung]:
        return hyperband(number, self._eta, self._lowest)

    def _fresh(self, generator: np.random.Generator) -> Candidate | None:
        enough = [share for share in self._at if self._learnable(share)]
        if not enough or generator.random() < self._uniform:
            return self._random(generator, "uniform draw")
        fidelity = max(enough)
        ranked = [arch for arch, _ in sorted(self._at[fidelity].values(), key=lambda pair: pair[1])]  # failed ones last
        best, rest = self._split(len(ranked))
        good, bad = self._density(ranked[:best]), self._density(ranked[-rest:])
        for _ in range(_TRIES):
            every = (good.draw(generator, self._widened) for _ in range(self._draws))
            drawn = {values: good.chance(values) / bad.chance(values) for values in every}
            for values in sorted(drawn, key=lambda values: -drawn[values]):
                arch = self._decisions.write(values)
                if arch is not None and arch.key not in self._seen:
                    note = f"{drawn[values]:.2g} times denser among the good at fidelity {fidelity:.3g}"
                    return Candidate(arch, self.name, (ranked[0].key,), note)
        return self._random(generator, "uniform draw, as the model brings nothing new")

    def _learnable(self, fidelity: float) -> bool:
        results = self._at[fidelity].values()
        return len(results) >= self._start + 2 and any(math.isfinite(loss) for _, loss in results)

    def _split(self, count: int) -> tuple[int, int]:
        """The number of good and of bad trials (eq. 3 of the paper); when there are few, a trial may be both."""
        best = max(self._start, round(self._good * count))
        return best, max(self._start, count - best)

    def _density(self, archs: Sequence[Architecture]) -> Density:
        read = [(self._decisions.of(len(arch.ops)), self._decisions.read(arch)) for arch in archs]
        points = [{d.name: v for d, v in zip(names, vs, strict=True)} for names, vs in read if vs is not None]
        return Density(points, self._decisions)


class Density:
    """A mixture of one kernel per point: a decision keeps the point's value with probability 1 - w, else it is uniform.

    Args:
        points: values of decisions by name; no points make the uniform density.
        decisions: the decisions of the space.
    """

    def __init__(self, points: Sequence[Mapping[str, int]], decisions: Decisions) -> None:
        self._points, self._decisions = list(points) or [{}], decisions
        self._width = max(1, len(points)) ** -0.5
        self._tables: dict[int, tuple[Ints, Ints]] = {}

    def chance(self, values: Sequence[int]) -> float:
        """The probability of a sequence of decisions."""
        points, counts = self._table(values[0])  # [n, T], [T]
        moved = self._moved(counts)
        kernels = np.where(points == np.array(values), 1 - moved, moved / np.maximum(counts - 1, 1))
        return float(np.where(points < 0, 1 / counts, kernels).prod(1).mean())

    def draw(self, generator: np.random.Generator, widened: float = 1.0) -> tuple[int, ...]:
        """A random sequence of decisions, with the bandwidth of the kernels multiplied by `widened`."""
        row = int(generator.integers(len(self._points)))
        points, counts = self._table(0)
        size = self._perturbed(points[row, :1], counts[:1], generator, widened)
        points, counts = self._table(int(size[0]))
        return (int(size[0]), *self._perturbed(points[row, 1:], counts[1:], generator, widened).tolist())

    def _perturbed(self, point: Ints, counts: Ints, generator: np.random.Generator, widened: float) -> Ints:
        steps = generator.integers(1, np.maximum(counts, 2))  # to another choice, each equally likely
        moved = generator.random(len(counts)) < self._moved(counts, widened)
        perturbed = np.where(moved, (point + steps) % counts, point)
        return np.where(point < 0, generator.integers(counts), perturbed)

    def _moved(self, counts: Ints, widened: float = 1.0) -> npt.NDArray[np.float64]:
        """The probability that each decision differs from the point's."""
        moved: npt.NDArray[np.float64] = (counts - 1) / counts * min(1.0, self._width * widened)
        return moved

    def _table(self, size: int) -> tuple[Ints, Ints]:
        """For a size, each point's values of its decisions (-1: none) and the number of choices of each decision."""
        if size not in self._tables:
            decisions = self._decisions.of(self._decisions.sizes[size])
            points = [[point.get(decision.name, -1) for decision in decisions] for point in self._points]
            self._tables[size] = np.array(points), np.array([len(decision.choices) for decision in decisions])
        return self._tables[size]
