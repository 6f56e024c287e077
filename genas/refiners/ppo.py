"""Trains a recurrent controller by proximal policy optimisation to draw better and better architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Amount, Batch, Count, Positive
from genas.core.records import Constraint, Objective
from genas.refiners._policy import PolicySearch

if TYPE_CHECKING:
    from torch import Tensor

    from genas.generators.controller import Draw


class Ppo(PolicySearch):
    """The controller of `reinforce`, moved several steps a batch, but never far from what drew the batch.

    Source: Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition" (CVPR 2018), appendix
    A.2; the clipped objective is eq. 7 of Schulman et al., "Proximal Policy Optimization Algorithms" (2017), with a
    ratio for each decision. Rewards and what differs from the papers are as in `reinforce`; what others measured is
    clipped against uniform choices.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: all of them make the reward.
        limits: what breaks one gets the penalty.
        batch: rewarded draws for one round of steps.
        steps: of Adam for each batch.
        clip: how far the probability of a choice may move, as a share.
        rate: step size of Adam.
        entropy: weight of the mean entropy of a decision.
        lead: weight of the first objective where there are several; the others share the rest.
        penalty: the reward of what failed or breaks a limit is minus this; measured ones have 0 to 1.
    """

    name = "ppo"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        *,
        batch: Batch = 5,
        steps: Count = 4,
        clip: Positive = 0.2,
        rate: Positive = 0.01,
        entropy: Amount = 0.01,
        lead: Amount = 0.5,
        penalty: Amount = 0.5,
    ) -> None:
        if steps < 1 or not 0 < clip < 1:
            raise RequestError("ppo needs steps of at least 1 and clip between 0 and 1.")
        super().__init__(
            space, seed, objectives, limits, batch=batch, rate=rate, entropy=entropy, lead=lead, penalty=penalty
        )
        self._steps, self._clip = steps, clip

    def _improve(self, draws: Sequence[Draw], advantages: npt.NDArray[np.float64]) -> None:
        import torch
        from torch.nn.utils.rnn import pad_sequence

        old = pad_sequence([torch.tensor(draw.log_probs) for draw in draws], batch_first=True)  # [B, T]
        worth = torch.tensor(advantages, dtype=torch.float32).unsqueeze(1)  # [B, 1]
        for _ in range(self._steps):
            log_p, entropies = self._controller([draw.values for draw in draws])  # [B, T]
            gain = clipped((log_p - old).exp(), worth, self._clip).mean()
            self._step(-gain - self._entropy * entropies.mean())


def clipped(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """The smaller of the gains with the ratio of probabilities as it is and kept within 1 - clip and 1 + clip."""
    import torch

    return torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
