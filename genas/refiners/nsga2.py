"""Evolves a whole front of trade-offs between several objectives, spread evenly along it."""

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
    """Sorts the population into fronts, prefers lonely places of a front, and crosses and mutates tournament winners.

    Source: Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002), sections III and VI; for
    networks Lu et al., "NSGA-Net" (GECCO 2019). Here survivors are chosen after every tell (a steady state where asks
    are single), and what breaks a limit ranks behind all that keeps them, by how far it breaks them.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: all of them count alike.
        limits: how far a failed trial breaks them is its rank among the failed.
        task: told to the diffusion, where that mutates.
        population: survivors.
        crossed: share of children that have two parents.
        mutation: "uniform" makes decisions anew by chance; "diffusion" leaves a part of the parent out and has the
            space's diffusion model sample it again.
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
        self._excess: dict[str, float] = {}  # by key of failed trials that broke a limit
        self._living: list[Architecture] = []  # the fittest first

    def _fail(self, arch: Architecture, trial: Trial) -> None:
        if excess := violation(trial, self._limits):
            self._excess[arch.key] = excess

    def _settle(self) -> None:
        found = list(self._known.values())
        points = np.array([self._losses[arch.key] for arch in found], dtype=float).reshape(
            len(found), len(self._objectives)
        )
        order = [i for front in fronts(points) for i in front[np.argsort(-crowding(points[front]), kind="stable")]]
        broken = sorted(self._excess, key=lambda key: self._excess[key])
        self._living = [found[i] for i in order] + [self._failed[k] for k in broken if k not in self._known]
        self._living = self._living[: self._population]

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._living or len(self._living) + len(self._waiting) < self._population:
            return self._random(generator, "random, to fill the population")
        for _ in range(TRIES):
            count = 2 if generator.random() < self._crossed else 1
            drawn = generator.integers(len(self._living), size=(count, 2)).min(1)  # binary tournaments
            parents = [self._living[int(i)] for i in drawn]
            child = parents[0] if count == 1 else self._variation.one_point(parents[0], parents[1], generator)
            child = None if child is None else self._variation.mutate(child, generator)
            if child is not None and child.key not in self._seen:
                keys = tuple(dict.fromkeys(parent.key for parent in parents))
                note = f"child of {' and '.join(keys)}, winners of tournaments by front and crowding"
                return Candidate(child, self.name, keys, note)
        return None


def fronts(points: Floats) -> list[npt.NDArray[np.intp]]:
    """Rows in fronts: no row is dominated by another of its own front or of a later one.

    Args:
        points: [n, m], less is better in every column.
    """
    better = dominance(points)
    left, found = np.arange(len(points)), []
    while len(left):
        free = np.array([not better[left, i].any() for i in left])
        found.append(left[free])
        left = left[~free]
    return found


def crowding(points: Floats) -> Floats:
    """Half the girth of the box between each point's neighbours on the front [n, m]; infinite at the ends."""
    distance = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance


def violation(trial: Trial, limits: Sequence[Constraint]) -> float:
    """By how much a trial breaks its limits, each as a share of the limit, in sum."""
    total = 0.0
    for limit in limits:
        value = trial.value(limit.metric)
        for bound, sign in ((limit.at_most, 1), (limit.at_least, -1)):
            if value is not None and bound is not None:
                total += max(0.0, sign * (value - bound)) / (abs(bound) or 1.0)
    return total
