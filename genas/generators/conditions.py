"""What generated architectures are conditioned on: a performance level, levels of costs, and the task in numbers."""

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
Edges = Mapping[str, Sequence[float]]  # of each cost, the largest figure of each level
_NEAR = 11  # examples of about the same cost that a performance level is taken among, at least
_AMONG = 1000  # and at most


class Wish(NamedTuple):
    """What B architectures are asked to be; -1 leaves it open, as a row of zeros does for the task."""

    level: Tensor  # [B] performance, 0 (worst) to 9, among those that cost about what is told
    costs: Tensor  # [B, C] 0 (least) to 9
    task: Tensor  # [B, E]

    def rows(self, chosen: Tensor) -> Wish:
        """Some of the wishes."""
        return Wish(*(part[chosen] for part in self))

    def to(self, device: str) -> Wish:
        """The same on another device."""
        return Wish(*(part.to(device) for part in self))

    def opened(self) -> Wish:
        """As many wishes for nothing in particular."""
        return Wish(torch.full_like(self.level, ANY), torch.full_like(self.costs, ANY), torch.zeros_like(self.task))


class Conditions:
    """The levels of n training examples.

    Where costs are told, the performance level is that among the examples of the same task that cost about the same:
    the tenth at each side in each of them, by rank. What is told together is nothing, one cost, or one count and one
    figure of a device.

    Args:
        merits: larger is better; compared within a task only.
        tasks: name of each example's task.
        costs: figures of each example by name; what is missing is never told.
        task_vectors: of each example [n, E]; None is E = 0.
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
        self.told: list[tuple[int, ...]] = [(), *alone, *product(counts, figures)]
        self.costs = torch.tensor(
            [
                [ANY if np.isnan(v) else cost_level(v, self.edges[n]) for n, v in zip(names, row, strict=True)]
                for row in table
            ]
        ).view(len(costs), len(names))  # [n, C]
        self.levels = torch.full((len(costs), len(self.told)), ANY)  # [n, S]
        for task in sorted(set(tasks)):
            rows = np.array([i for i, name in enumerate(tasks) if name == task])
            for place, columns in enumerate(self.told):
                self._fill(place, rows, np.asarray(merits, dtype=float), table[:, list(columns)])
        self.task = torch.zeros(len(costs), 0) if task_vectors is None else task_vectors  # [n, E]

    def _fill(self, place: int, rows: np.ndarray, merits: np.ndarray, costs: np.ndarray) -> None:
        """The level of each row among those that cost about the same, for one way of telling costs."""
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
        """What to train these rows [B] with.

        Half of them are told no cost, and a share `free` is not told the performance, nor the task another, so that the
        model learns the whole distribution too.

        Args:
            only: the names of the costs that may be told; None is all.
        """
        names = list(self.edges)
        possible = [i for i, c in enumerate(self.told) if c and (only is None or {names[j] for j in c} <= set(only))]
        place = torch.zeros(len(rows), dtype=torch.long)
        if possible:
            drawn = torch.tensor(possible)[torch.randint(len(possible), (len(rows),), generator=generator)]
            place = drawn.where(torch.rand(len(rows), generator=generator) < 0.5, 0)
            place = place.where(self.levels[rows, place] >= 0, 0)
        shown = torch.zeros(len(self.told), len(names), dtype=torch.bool)
        for number, told in enumerate(self.told):
            shown[number, list(told)] = True
        level = self.levels[rows, place].masked_fill(torch.rand(len(rows), generator=generator) < free, ANY)
        keep = torch.rand(len(rows), 1, generator=generator) >= free
        return Wish(level, self.costs[rows].where(shown[place], ANY), self.task[rows] * keep)


def _ranks(among: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The share of `among` below each value, ties counting half."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(among))


def bucket(quantile: float) -> int:
    """The level of a rank quantile in [0, 1]."""
    return min(int(quantile * LEVELS), LEVELS - 1)


def level_of(option: float | str) -> int:
    """The level that an option means: "top", "any" (unconditional, -1) or a quantile from 0 to 1."""
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
    """The largest figure of each cost level, for levels with equal shares of these."""
    return [float(v) for v in np.quantile(figures, np.linspace(0, 1, LEVELS + 1)[1:], method="higher")]


def cost_level(figure: float, edges: Sequence[float]) -> int:
    """The level of a figure."""
    return min(bisect_left(edges, figure), len(edges) - 1)


def affordable(limits: Sequence[Constraint], edges: Edges, device: str | None = None) -> dict[str, list[int]]:
    """The levels to draw from of each cost with a limit: the three largest within it.

    At most one count and one figure of a device, those with the hardest limits, as the models were fitted.

    Args:
        edges: of the costs that a model knows.
        device: whose latency_ms and energy_mj are limited.
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
    hardest = sorted(within, key=lambda name: (within[name], name))
    groups = [[name for name in hardest if (" " in name) == of_device] for of_device in (False, True)]
    return {group[0]: within[group[0]] for group in groups if group}
