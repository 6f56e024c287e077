"""NSGA-II: evolves a Pareto front of several objectives, evenly spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.pareto import dominance
from genas.core.ranges import Count, Share
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.refiners._search import TRIES, Search
from genas.refiners._variation import Mutation, Variation, editor

Floats = npt.NDArray[np.float64]


class Nsga2(Search):
    """Ranks the population by non-dominated fronts and crowding distance; crosses and mutates tournament winners.

    Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002), sections III and VI; for
    networks Lu et al., "NSGA-Net" (GECCO 2019). Different here: survivors are selected after every `tell` (steady state
    if candidates are asked for one by one); architectures that break a limit rank behind all others, by how far they
    break it.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: all of them are optimised, with equal weight.
        limits: failed trials are ranked by how far they break these.
        task: conditions the diffusion model (`mutation="diffusion"`).
        population: size of the population.
        crossed: fraction of children with two parents (crossover).
        mutation: "uniform" changes decisions at random; "diffusion" masks a part of the parent and lets the diffusion
            model of the space sample it again.
    """

    name = "nsga2"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        *,
        population: Count = 20,
        crossed: Share = 0.5,
        mutation: Mutation = "uniform",
    ) -> None:
        if population < 2 or not 0 <= crossed <= 1:
            raise RequestError("nsga2 needs a population of at least 2 and crossed in [0, 1].")
        super().__init__(space, seed, objectives)
        self._limits, self._population, self._crossed = tuple(limits), population, crossed
        self._variation = Variation(space, editor(mutation, space, seed, limits, task))
        self._excess: dict[str, float] = {}  # violation of each failed trial that broke a limit, by key
        self._members: list[Architecture] = []  # the population, the fittest first

    def _on_failed(self, arch: Architecture, trial: Trial) -> None:
        if excess := violation(trial, self._limits):
            self._excess[arch.key] = excess

    def _after_tell(self) -> None:
        archs = list(self._measured.values())
        points = np.array([self._losses[arch.key] for arch in archs], dtype=float)
        points = points.reshape(len(archs), len(self._objectives))
        order = [i for front in fronts(points) for i in front[np.argsort(-crowding(points[front]), kind="stable")]]
        broken = sorted(self._excess, key=lambda key: self._excess[key])
        self._members = [archs[i] for i in order] + [self._failed[k] for k in broken if k not in self._measured]
        self._members = self._members[: self._population]

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._members or len(self._members) + len(self._pending) < self._population:
            return self._random(generator, "random, to fill the population")
        for _ in range(TRIES):
            count = 2 if generator.random() < self._crossed else 1
            drawn = generator.integers(len(self._members), size=(count, 2)).min(1)  # binary tournaments
            parents = [self._members[int(i)] for i in drawn]
            child = parents[0] if count == 1 else self._variation.one_point(parents[0], parents[1], generator)
            child = None if child is None else self._variation.mutate(child, generator)
            if child is not None and child.key not in self._seen:
                keys = tuple(dict.fromkeys(parent.key for parent in parents))
                note = f"child of {' and '.join(keys)}, winners of tournaments by front and crowding"
                return Candidate(child, self.name, keys, note)
        return None


def fronts(points: Floats) -> list[npt.NDArray[np.intp]]:
    """Non-dominated sorting: the rows of each front; no row is dominated by one of its own or a later front.

    Source: Deb et al. (2002), section III A.

    Args:
        points: [n, m], less is better in every column.
    """
    dominates = dominance(points)
    left, sorted_fronts = np.arange(len(points)), []
    while len(left):
        free = np.array([not dominates[left, i].any() for i in left])
        sorted_fronts.append(left[free])
        left = left[~free]
    return sorted_fronts


def crowding(points: Floats) -> Floats:
    """Crowding distance [n] of each point of a front; infinite at the ends.

    Source: Deb et al. (2002), section III B.

    Args:
        points: [n, m] one front.
    """
    distance = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance


def violation(trial: Trial, limits: Sequence[Constraint]) -> float:
    """The sum of a trial's violations of the limits, each as a fraction of the limit; 0 if it keeps them all."""
    total = 0.0
    for limit in limits:
        value = trial.value(limit.metric)
        for bound, sign in ((limit.at_most, 1), (limit.at_least, -1)):
            if value is not None and bound is not None:
                total += max(0.0, sign * (value - bound)) / (abs(bound) or 1.0)
    return total
