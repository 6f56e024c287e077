"""Trains a recurrent controller with proximal policy optimisation (PPO) to sample good architectures."""

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
    """The controller of `reinforce` with several steps per batch, clipped to stay near the policy that sampled it.

    Source: Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition" (CVPR 2018), appendix
    A.2; the clipped objective is eq. 7 of Schulman et al., "Proximal Policy Optimization Algorithms" (2017), with a
    ratio per decision. Rewards, and the differences from the papers, are as in `reinforce`. Architectures measured by
    other proposers are clipped against uniform choices.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: all of them enter the reward.
        limits: an architecture that breaks one gets the penalty.
        batch: rewarded samples per update.
        steps: steps of Adam per batch.
        clip: largest relative change of the probability of a choice.
        rate: learning rate of Adam.
        entropy: weight of the mean entropy per decision (entropy bonus).
        lead: weight of the first of several objectives; the others share the rest equally.
        penalty: an architecture that fails or breaks a limit has the reward -penalty; all others have 0 to 1.
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
        advantage = torch.tensor(advantages, dtype=torch.float32).unsqueeze(1)  # [B, 1]
        for _ in range(self._steps):
            log_p, entropies = self._controller([draw.values for draw in draws])  # [B, T]
            gain = clipped((log_p - old).exp(), advantage, self._clip).mean()
            self._step(-gain - self._entropy * entropies.mean())


def clipped(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """PPO's clipped objective: min(ratio * advantage, clamp(ratio, 1 - clip, 1 + clip) * advantage).

    Source: Schulman et al. (2017), eq. 7. Shapes: `ratio` [B, T], `advantage` [B, 1].
    """
    import torch

    return torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
