"""Measures many architectures cheaply, promotes the best third to a higher fidelity, and so on up to full fidelity."""

from __future__ import annotations

from collections.abc import Sequence

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count, Share
from genas.core.records import Objective
from genas.refiners._rungs import MultiFidelity, Rung, halving, steps


class SuccessiveHalving(MultiFidelity):
    """Identical brackets: `count` architectures at the lowest fidelity, and 1/eta of each rung in the next.

    Source: Jamieson & Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization" (AISTATS
    2016), with sizes and fidelities of rungs as in the inner loop of Hyperband (Li et al., JMLR 2018). Different here:
    brackets follow each other while the budget lasts; failed architectures rank last in their rung and are never
    promoted; a third of a bracket are mutations of the best so far (`mutated=0` samples all uniformly, as published).

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        eta: one in `eta` architectures of a rung is promoted. The fidelities of rungs are powers of 1/eta.
        lowest: the lowest fidelity of a rung, as a fraction of the full measurement of the search.
        count: size of the lowest rung; None takes the smallest for which one architecture is measured in full.
        mutated: fraction of the lowest rung that are mutations of the best.
    """

    name = "successive_halving"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        eta: Count = 3,
        lowest: Share = 0.1,
        count: Count | None = None,
        mutated: Share = 1 / 3,
    ) -> None:
        super().__init__(space, seed, objectives, eta=eta, lowest=lowest, mutated=mutated)
        self._steps = steps(eta, lowest)
        self._count = eta**self._steps if count is None else count
        if self._count < eta**self._steps:
            raise RequestError(
                f"successive_halving: of {count} architectures none would be measured in full; "
                f"write count={eta**self._steps} or more, or a higher value of lowest."
            )

    def _bracket(self, number: int) -> list[Rung]:
        return halving(self._count, self._steps, self._eta)
