"""Trains a recurrent controller with REINFORCE to sample good architectures."""

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
    objectives as in MONAS (Hsu et al. 2018), whose reward is their weighted sum with a penalty for a broken limit.

    Different from the papers: objectives enter by their rank among all measured architectures; nothing is measured
    twice (a repeated sample is rewarded again for free); Adam's learning rate is higher because budgets are in hundreds
    of trials; samples of an older controller, and architectures measured by other proposers, have the importance weight
    min(1, new / old probability).

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: all of them enter the reward.
        limits: an architecture that breaks one gets the penalty.
        batch: rewarded samples per step.
        rate: learning rate of Adam.
        entropy: weight of the mean entropy per decision (entropy bonus).
        lead: weight of the first of several objectives; the others share the rest equally.
        penalty: an architecture that fails or breaks a limit has the reward -penalty; all others have 0 to 1.
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
