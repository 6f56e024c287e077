"""Trains a recurrent controller by REINFORCE to draw better and better architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genas.core.interfaces import SearchSpace
from genas.core.ranges import Amount, Batch, Positive
from genas.core.records import Constraint, Objective
from genas.refiners._policy import PolicySearch

if TYPE_CHECKING:
    from genas.generators.controller import Draw


class Reinforce(PolicySearch):
    """Policy gradients with a moving-average baseline and an entropy bonus.

    Source: Zoph & Le, "Neural Architecture Search with Reinforcement Learning" (ICLR 2017), section 3.2; several
    objectives as in MONAS (Hsu et al. 2018), whose reward is their weighted sum with a penalty where a limit is broken.
    Here objectives count by their rank among all that was measured, nothing is measured twice (draws that are known
    are rewarded again for free), Adam's steps are larger as budgets are in hundreds of trials, and what was drawn by an
    older controller or measured by others has the weight min(1, new/old probability).

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: all of them make the reward.
        limits: what breaks one gets the penalty.
        batch: rewarded draws for one step.
        rate: step size of Adam.
        entropy: weight of the mean entropy of a decision.
        lead: weight of the first objective where there are several; the others share the rest.
        penalty: the reward of what failed or breaks a limit is minus this; measured ones have 0 to 1.
    """

    name = "reinforce"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        *,
        batch: Batch = 5,
        rate: Positive = 0.02,
        entropy: Amount = 0.3,
        lead: Amount = 0.5,
        penalty: Amount = 0.5,
    ) -> None:
        super().__init__(
            space, seed, objectives, limits, batch=batch, rate=rate, entropy=entropy, lead=lead, penalty=penalty
        )

    def _improve(self, draws: Sequence[Draw], advantages: npt.NDArray[np.float64]) -> None:
        import torch

        log_p, entropies = self._controller([draw.values for draw in draws])  # [B, T]
        old = torch.tensor([sum(draw.log_probs) for draw in draws])  # [B]
        weight = (log_p.detach().sum(1) - old).exp().clamp(max=1)  # [B]
        gain = weight * torch.tensor(advantages, dtype=torch.float32) * log_p.sum(1)  # [B]
        self._step(-gain.mean() - self._entropy * entropies.mean())
