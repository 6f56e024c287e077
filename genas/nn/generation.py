"""What all learned proposers share: performance levels, and drawing until enough new legal architectures are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture

ANY = -1


def bucket(quantile: float, levels: int) -> int:
    """The level, 0 (worst) to levels - 1 (best), of a rank quantile in [0, 1]."""
    return min(int(quantile * levels), levels - 1)


def level_of(option: float | str, levels: int) -> int:
    """The level that an option means: "top", "any" (unconditional, -1) or a quantile from 0 to 1."""
    if option == "top":
        return levels - 1
    if option == "any":
        return ANY
    try:
        quantile = float(option)
    except ValueError:
        quantile = -1.0
    if not 0.0 <= quantile <= 1.0:
        raise RequestError(f'level must be "top", "any" or a number from 0 (worst) to 1 (best), not {option!r}.')
    return bucket(quantile, levels)


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
