"""Samples from a learned distribution until there are enough new legal architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture


def distinct(
    draw: Callable[[int], Sequence[Architecture]], n: int, space: SearchSpace, seen: set[str], *, rounds: int = 20
) -> list[Architecture]:
    """Up to n legal architectures whose keys are not in `seen`.

    Args:
        draw: samples about that many architectures, different ones at each call.
        n: how many to return at most.
        space: the search space.
        seen: keys to avoid; the keys of the returned architectures are added.
        rounds: calls of `draw` before giving up; fewer than n architectures are returned then.
    """
    new: list[Architecture] = []
    drawn: set[Architecture] = set()  # by spelling: keys and checks cost more than sampling
    for _ in range(rounds):
        if len(new) >= n:
            break
        for arch in draw(max(8, n - len(new))):
            if len(new) >= n or arch in drawn:
                continue
            drawn.add(arch)
            if arch.key not in seen and not space.problems(arch):
                seen.add(arch.key)
                new.append(arch)
    return new


def chosen(scores: Sequence[float], n: int, random: np.random.Generator) -> list[int]:
    """Indices of n candidates, drawn without replacement in proportion to exp(3 x standardised score).

    This tilts the distribution of the generator towards high scores without leaving it.

    Source: Kool et al., Stochastic beams and where to find them (2019), Section 3: the n largest perturbed scores.

    Args:
        scores: one per candidate, larger is better.
        n: how many to draw.
        random: draws the Gumbel noise.
    """
    values = np.asarray(scores, dtype=float)
    sharp = 3.0 * (values - values.mean()) / max(float(values.std()), 1e-12)
    return [int(i) for i in np.argsort(-(sharp + random.gumbel(size=len(values))))[:n]]
