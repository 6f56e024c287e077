"""What generated architectures are conditioned on: a performance level and, where it is known, a size level."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genas.core.errors import RequestError
from genas.core.records import Constraint

ANY = -1
LEVELS = 10


class Conditions(NamedTuple):
    """The levels of n training examples, 0 (worst, smallest) to 9; -1 where unknown.

    Where the size is given the performance level is that among architectures of about that size, else that among all.
    """

    level: Tensor  # [n]
    level_for_size: Tensor  # [n]
    size: Tensor  # [n]

    def draw(self, rows: Tensor, generator: torch.Generator, *, free: float = 0.2) -> tuple[Tensor, Tensor]:
        """Performance and size levels to train these rows with, [B] each.

        Half of the rows are told their size, and a share `free` is not told the performance, so that the model learns
        the whole distribution too.
        """
        with_size = (torch.rand(len(rows), generator=generator) < 0.5) & (self.size[rows] >= 0)
        level = torch.where(with_size, self.level_for_size[rows], self.level[rows])
        level = level.masked_fill(torch.rand(len(rows), generator=generator) < free, ANY)
        return level, self.size[rows].where(with_size, ANY)


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


def size_edges(counts: Sequence[float]) -> list[float]:
    """The largest parameter count of each size level, for levels with equal shares of these."""
    return [float(v) for v in np.quantile(counts, np.linspace(0, 1, LEVELS + 1)[1:], method="higher")]


def size_level(count: float, edges: Sequence[float]) -> int:
    """The size level of a parameter count."""
    return min(bisect_left(edges, count), len(edges) - 1)


def affordable(limits: Sequence[Constraint], edges: Sequence[float]) -> list[int]:
    """The size levels to draw from: the three largest within the limits on params or size_mb, or any."""
    weights = {"params": 1.0, "size_mb": 4e-6}  # float32
    most = [c.at_most / weights[c.metric] for c in limits if c.metric in weights and c.at_most is not None]
    if not most or not edges or min(most) >= edges[-1]:
        return [ANY]
    within = [level for level, edge in enumerate(edges) if edge <= min(most)]
    return within[-3:] or [0]


def conditions(
    quantiles: Sequence[float], accuracies: Sequence[float], tasks: Sequence[str], counts: Sequence[float | None]
) -> tuple[Conditions, list[float]]:
    """The conditions of examples, and the edges of the size levels ([] where a parameter count is unknown).

    Args:
        quantiles: rank of each example within its task.
        counts: parameters of each.
    """
    level = torch.tensor([bucket(q) for q in quantiles])
    known = [c for c in counts if c is not None]
    if len(known) < len(counts):
        return Conditions(level, level, torch.full_like(level, ANY)), []
    edges = size_edges(known)
    local = level.clone()
    for task in sorted(set(tasks)):
        rows = sorted((i for i, t in enumerate(tasks) if t == task), key=lambda i: known[i])
        reach = max(5, len(rows) // 10)
        for place, row in enumerate(rows):
            near = [accuracies[i] for i in rows[max(0, place - reach) : place + reach + 1]]
            below = sum(a < accuracies[row] for a in near) + 0.5 * sum(a == accuracies[row] for a in near)
            local[row] = bucket(below / len(near))
    return Conditions(level, local, torch.tensor([size_level(c, edges) for c in known])), edges
