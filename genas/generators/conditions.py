"""The conditions of generated architectures: a performance level, levels of costs, and a vector of the task."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genas.core.errors import RequestError
from genas.core.records import Constraint

ANY = -1
LEVELS = 10
Edges = Mapping[str, Sequence[float]]  # for each cost, the upper edge of each level
_NEAR = 11  # a performance level is a rank among at least this many examples of similar cost
_AMONG = 1000  # and among at most this many examples


class Wish(NamedTuple):
    """Conditions for B architectures; a level of -1, or a task of zeros, is unconditional."""

    level: Tensor  # [B] performance, 0 (worst) to 9 (best), among architectures of similar cost if a cost is given
    costs: Tensor  # [B, C] levels, 0 (least) to 9
    task: Tensor  # [B, E]

    def rows(self, chosen: Tensor) -> Wish:
        """The conditions of the chosen rows."""
        return Wish(*(part[chosen] for part in self))

    def to(self, device: str) -> Wish:
        """The same conditions on another device."""
        return Wish(*(part.to(device) for part in self))

    def opened(self) -> Wish:
        """The same number of rows, all unconditional."""
        return Wish(torch.full_like(self.level, ANY), torch.full_like(self.costs, ANY), torch.zeros_like(self.task))


class Conditions:
    """The conditions of n training examples.

    An example is conditioned on no cost, on one cost, or on one count together with one figure of a device. If costs
    are given, the performance level is the rank among examples of the same task and similar cost: those within a tenth
    of the ranks, to each side, in each given cost.

    Args:
        merits: [n], larger is better; compared within a task only.
        tasks: name of each example's task.
        costs: costs of each example by name ("params", or "latency_ms pixel3" for a device); a missing cost is never a
            condition.
        task_vectors: [n, E]; None is E = 0.
    """

    def __init__(
        self,
        merits: Sequence[float],
        tasks: Sequence[str],
        costs: Sequence[Mapping[str, float]],
        task_vectors: Tensor | None = None,
    ) -> None:
        names = sorted({name for cost in costs for name in cost}, key=lambda name: (" " in name, name))
        table = np.array([[cost.get(name, np.nan) for name in names] for cost in costs]).reshape(len(costs), len(names))
        self.edges = {name: cost_edges(column[~np.isnan(column)]) for name, column in zip(names, table.T, strict=True)}
        counts = [i for i, name in enumerate(names) if " " not in name]
        figures = [i for i, name in enumerate(names) if " " in name]
        alone = [(i,) for i in (*counts, *figures)]
        # Columns of the costs that are given together; () for none.
        self.combinations: list[tuple[int, ...]] = [(), *alone, *product(counts, figures)]
        self.costs = torch.tensor(
            [
                [ANY if np.isnan(v) else cost_level(v, self.edges[n]) for n, v in zip(names, row, strict=True)]
                for row in table
            ]
        ).view(len(costs), len(names))  # [n, C]
        self.levels = torch.full((len(costs), len(self.combinations)), ANY)  # [n, S]
        for task in sorted(set(tasks)):
            rows = np.array([i for i, name in enumerate(tasks) if name == task])
            for place, columns in enumerate(self.combinations):
                self._fill(place, rows, np.asarray(merits, dtype=float), table[:, list(columns)])
        self.task = torch.zeros(len(costs), 0) if task_vectors is None else task_vectors  # [n, E]

    def _fill(self, place: int, rows: np.ndarray, merits: np.ndarray, costs: np.ndarray) -> None:
        """Fill in the level of each row among examples of similar cost, for one combination of given costs."""
        rows = rows[~np.isnan(costs[rows]).any(1)]
        if not len(rows):
            return
        among = rows[:: -(-len(rows) // _AMONG)]
        if costs.shape[1]:
            ranks = np.stack([_ranks(column[among], column[rows]) for column in costs.T], 1)  # [rows, costs]
            own = np.stack([_ranks(column[among], column[among]) for column in costs.T], 1)  # [among, costs]
            apart = np.abs(ranks[:, None] - own[None]).max(-1)  # [rows, among]
            nearest = np.partition(apart, min(_NEAR, len(among)) - 1, axis=1)[:, min(_NEAR, len(among)) - 1]
            near = apart <= np.maximum(nearest, 0.1)[:, None]
        else:
            near = np.ones((len(rows), len(among)), dtype=bool)
        other, mine = merits[among][None], merits[rows][:, None]
        worse = ((other < mine) * near).sum(1) + 0.5 * ((other == mine) * near).sum(1)
        levels = [bucket(float(q)) for q in worse / near.sum(1)]
        self.levels[torch.from_numpy(rows), place] = torch.tensor(levels)

    def draw(
        self, rows: Tensor, generator: torch.Generator, *, free: float = 0.2, only: Sequence[str] | None = None
    ) -> Wish:
        """Random conditions to train these rows with.

        Half of the rows get no cost. A fraction `free` gets no performance level, and independently a fraction `free`
        no task, so that the model learns the unconditional distribution too (classifier-free guidance).

        Args:
            rows: [B] indices of examples.
            generator: draws the conditions; on the CPU.
            free: fraction of rows without a level, and without a task.
            only: names of the costs that may be given; None allows all.
        """
        names = list(self.edges)
        possible = [
            i for i, c in enumerate(self.combinations) if c and (only is None or {names[j] for j in c} <= set(only))
        ]
        place = torch.zeros(len(rows), dtype=torch.long)
        if possible:
            drawn = torch.tensor(possible)[torch.randint(len(possible), (len(rows),), generator=generator)]
            place = drawn.where(torch.rand(len(rows), generator=generator) < 0.5, 0)
            place = place.where(self.levels[rows, place] >= 0, 0)
        shown = torch.zeros(len(self.combinations), len(names), dtype=torch.bool)
        for number, columns in enumerate(self.combinations):
            shown[number, list(columns)] = True
        level = self.levels[rows, place].masked_fill(torch.rand(len(rows), generator=generator) < free, ANY)
        keep = torch.rand(len(rows), 1, generator=generator) >= free
        return Wish(level, self.costs[rows].where(shown[place], ANY), self.task[rows] * keep)


def _ranks(among: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The fraction of `among` below each value; ties count half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(among))


def bucket(quantile: float) -> int:
    """The level of a rank quantile in [0, 1]."""
    return min(int(quantile * LEVELS), LEVELS - 1)


def level_of(option: float | str) -> int:
    """The level of an option: "top", "any" (unconditional, -1) or a rank quantile from 0 (worst) to 1 (best).

    Raises:
        RequestError: the option is none of these.
    """
    if option == "top":
        return LEVELS - 1
    if option == "any":
        return ANY
    try:
        quantile = float(option)
    except ValueError:
        quantile = -1.0
    if not 0.0 <= quantile <= 1.0:
        raise RequestError(f'level must be "top", "any" or a number from 0 (worst) to 1 (best), not {option!r}.')
    return bucket(quantile)


def cost_edges(figures: Sequence[float] | np.ndarray) -> list[float]:
    """The upper edge of each cost level, for levels with equal numbers of these figures."""
    return [float(v) for v in np.quantile(figures, np.linspace(0, 1, LEVELS + 1)[1:], method="higher")]


def cost_level(figure: float, edges: Sequence[float]) -> int:
    """The level of a figure."""
    return min(bisect_left(edges, figure), len(edges) - 1)


def affordable(limits: Sequence[Constraint], edges: Edges, device: str | None = None) -> dict[str, list[int]]:
    """For each cost with a limit, the levels to sample from: the three largest within the limit.

    At most one count and one figure of a device are returned, those with the tightest limits, because models are
    fitted on such combinations only.

    Args:
        limits: the limits of the run.
        edges: of the costs that the model can be conditioned on.
        device: the device that limits on latency_ms and energy_mj refer to.
    """
    most: dict[str, float] = {}
    for limit in limits:
        name, weight = ("params", 4e-6) if limit.metric == "size_mb" else (limit.metric, 1.0)  # float32
        name = f"{name} {device}" if f"{name} {device}" in edges else name
        if name in edges and limit.at_most is not None:
            most[name] = min(limit.at_most / weight, most.get(name, np.inf))
    within = {
        name: [level for level, edge in enumerate(edges[name]) if edge <= value][-3:] or [0]
        for name, value in most.items()
        if value < edges[name][-1]
    }
    tightest = sorted(within, key=lambda name: (within[name], name))
    groups = [[name for name in tightest if (" " in name) == of_device] for of_device in (False, True)]
    return {group[0]: within[group[0]] for group in groups if group}
