"""Drawing from a learned distribution until enough new legal architectures are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    for _ in range(rounds):
        if len(found) >= n:
            break
        for arch in draw(max(8, n - len(found))):
            if len(found) < n and arch.key not in seen and not space.problems(arch):
                seen.add(arch.key)
                found.append(arch)
    return found
