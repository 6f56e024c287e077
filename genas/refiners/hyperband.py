"""Successive halving with several trade-offs between the number of architectures and their fidelity."""

from __future__ import annotations

from collections.abc import Sequence

from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count, Share
from genas.core.records import Objective
from genas.refiners._rungs import MultiFidelity, Rung, hyperband


class Hyperband(MultiFidelity):
    """Cycles through brackets, from many architectures measured cheaply at first to few measured in full at once.

    Source: Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR 2018), algorithm
    1. Different here: the cycle repeats while the budget lasts; the next bracket starts while a rung waits for
    results; failed architectures rank last in their rung and are never promoted; a third of a bracket are mutations of
    the best so far (`mutated=0` samples all uniformly, as published).

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        eta: one in `eta` architectures of a rung is promoted. The fidelities of rungs are powers of 1/eta.
        lowest: the lowest fidelity of a rung, as a fraction of the full measurement of the search.
        mutated: fraction of a lowest rung that are mutations of the best.
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
