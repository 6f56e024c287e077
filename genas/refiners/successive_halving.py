"""Measures many architectures cheaply, the best third of them better, and so on, until few are measured in full."""

from __future__ import annotations

from collections.abc import Sequence

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count, Share
from genas.core.records import Objective
from genas.refiners._rungs import MultiFidelity, Rung, halving, steps


class SuccessiveHalving(MultiFidelity):
    """Brackets of one kind: `count` architectures at the lowest fidelity, 1/eta of each rung in the next.

    Source: Jamieson & Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization" (AISTATS
    2016), with a rung's size and fidelity as in the inner loop of Hyperband (Li et al., JMLR 2018). Here brackets
    follow each other while the budget lasts, what failed is last of its rung and never promoted, and a third of a
    bracket are mutations of the best that is known (published: all are uniform draws; `mutated=0`).

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        eta: of so many architectures of a rung one is promoted; fidelities of rungs are powers of 1/eta.
        lowest: fidelity that no rung is below, as a share of the search's own measurement.
        count: architectures of the lowest rung; None is as many as leave one in full.
        mutated: share of the lowest rung that are mutations of the best.
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
                f"write count={eta**self._steps} or more, or a higher lowest."
            )

    def _bracket(self, number: int) -> list[Rung]:
        return halving(self._count, self._steps, self._eta)
