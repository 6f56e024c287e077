"""Successive halving with several trade-offs between how many are measured and how well."""

from __future__ import annotations

from collections.abc import Sequence

from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count, Share
from genas.core.records import Objective
from genas.refiners._rungs import MultiFidelity, Rung, hyperband


class Hyperband(MultiFidelity):
    """Brackets by turns, from many architectures measured cheaply at first to few that are measured in full at once.

    Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR 2018), algorithm
    1. Here the brackets begin anew while the budget lasts, the next one is begun while a rung is awaited, what failed
    is last of its rung and never promoted, and a third of a bracket are mutations of the best that is known
    (published: all are uniform draws; `mutated=0`).

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        eta: of so many architectures of a rung one is promoted; fidelities of rungs are powers of 1/eta.
        lowest: fidelity that no rung is below, as a share of the search's own measurement.
        mutated: share of a lowest rung that are mutations of the best.
    """

    name = "hyperband"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        eta: Count = 3,
        lowest: Share = 0.1,
        mutated: Share = 1 / 3,
    ) -> None:
        super().__init__(space, seed, objectives, eta=eta, lowest=lowest, mutated=mutated)

    def _bracket(self, number: int) -> list[Rung]:
        return hyperband(number, self._eta, self._lowest)
