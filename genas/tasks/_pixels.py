"""Pictures as tensors: dividing them by class, their statistics, and standardising them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

_SHARES = (0.7, 0.15)  # train and val; the rest is test


def split(labels: Tensor, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Row numbers of train, val and test: 70, 15 and 15 % of every class, mixed by `seed`.

    A class of three examples or more has at least one in each part; the rest of each part follows the shares.
    """
    parts: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    for rows in _by_class(labels, seed):
        held = max(1, round(len(rows) * _SHARES[1])) if len(rows) >= 3 else 0
        parts[0].append(rows[2 * held :])
        parts[1].append(rows[:held])
        parts[2].append(rows[held : 2 * held])
    return torch.cat(parts[0]).sort().values, torch.cat(parts[1]).sort().values, torch.cat(parts[2]).sort().values


def hold_out(labels: Tensor, share: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Row numbers of the rest and of `share` of every class (one at least, where there are two), mixed by `seed`."""
    rest, held = [], []
    for rows in _by_class(labels, seed):
        count = max(1, round(len(rows) * share)) if len(rows) > 1 else 0
        held.append(rows[:count])
        rest.append(rows[count:])
    return torch.cat(rest).sort().values, torch.cat(held).sort().values


def apart(groups: Sequence[tuple[int, int, int]], share: float, parts: int, seed: int = 0) -> dict[int, int]:
    """The part of each group of equal examples: 1, 2, ... with about `share` of every class each, 0 for the rest.

    A group larger than a whole part stays in the rest, unless a class has none that is smaller.

    Args:
        groups: of each its name, its class, and how many examples it has.
    """
    place = {name: 0 for name, _, _ in groups}
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed)).tolist()
    for label in sorted({label for _, label, _ in groups}):
        waiting = {groups[i][0]: groups[i][2] for i in order if groups[i][1] == label}
        wanted = max(1, round(sum(waiting.values()) * share))
        for part in range(1, parts + 1):
            held = 0
            for name, size in list(waiting.items()):
                if held + size <= wanted and len(waiting) > parts - part + 1:
                    place[name], held = part, held + size
                    del waiting[name]
            if not held and len(waiting) > 1:
                smallest = min(waiting, key=lambda name: waiting[name])
                place[smallest] = part
                del waiting[smallest]
    return place


def subset(labels: Tensor, limit: int, seed: int = 0) -> Tensor:
    """Row numbers of `limit` examples with the classes in the proportions they have in all, mixed by `seed`."""
    if limit >= len(labels):
        return torch.arange(len(labels))
    groups = list(_by_class(labels, seed))
    exact = [len(rows) * limit / len(labels) for rows in groups]
    counts = [int(e) for e in exact]
    for i in sorted(range(len(groups)), key=lambda i: counts[i] - exact[i])[: limit - sum(counts)]:
        counts[i] += 1
    return torch.cat([rows[:count] for rows, count in zip(groups, counts, strict=True)]).sort().values


def _by_class(labels: Tensor, seed: int) -> Iterable[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for label in sorted(set(labels.tolist())):
        rows = (labels == label).nonzero().flatten()
        yield rows[torch.randperm(len(rows), generator=generator)]


def statistics(inputs: Tensor, scale: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel of `inputs / scale`; a channel without variation has deviation 1.

    Args:
        inputs: bytes or floats [n, C, H, W].
    """
    total = inputs.shape[0] * inputs.shape[2] * inputs.shape[3]
    sums = torch.zeros(inputs.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(sums)
    for part in torch.split(inputs, 2048):
        scaled = part.double() / scale
        sums += scaled.sum((0, 2, 3))
        squares += (scaled**2).sum((0, 2, 3))
    mean = sums / total
    std = (squares / total - mean**2).clamp(min=0).sqrt()
    std[std < 1e-6] = 1.0
    return tuple(mean.tolist()), tuple(std.tolist())
