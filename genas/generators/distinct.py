"""Drawing from a learned distribution until enough new legal architectures are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture


def distinct(
    draw: Callable[[int], Sequence[Architecture]], n: int, space: SearchSpace, seen: set[str], *, rounds: int = 20
) -> list[Architecture]:
    """Up to n legal architectures whose keys are not in `seen`, which grows by them.

    Args:
        draw: gives about that many architectures, new ones at each call.
        rounds: draws before giving up; fewer than n are returned then.
    """
    found: list[Architecture] = []
    drawn: set[Architecture] = set()  # by spelling: keys and checks cost more than drawing
    for _ in range(rounds):
        if len(found) >= n:
            break
        for arch in draw(max(8, n - len(found))):
            if len(found) >= n or arch in drawn:
                continue
            drawn.add(arch)
            if arch.key not in seen and not space.problems(arch):
                seen.add(arch.key)
                found.append(arch)
    return found


def chosen(scores: Sequence[float], n: int, random: np.random.Generator) -> list[int]:
    """Which n to take: drawn without replacement, in proportion to exp(3 x standardised score).

    Source: Kool et al., Stochastic beams and where to find them (2019), Section 3: the n largest perturbed scores. It
    tilts the generator's distribution towards the scorer's liking without leaving it.
    """
    values = np.asarray(scores, dtype=float)
    sharp = 3.0 * (values - values.mean()) / max(float(values.std()), 1e-12)
    return [int(i) for i in np.argsort(-(sharp + random.gumbel(size=len(values))))[:n]]
