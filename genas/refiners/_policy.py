"""The base class of policy-gradient searches: a controller that samples architectures, and their rewards."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.pareto import broken
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.core.rng import seed_of
from genas.encodings.decisions import Decisions
from genas.refiners._search import Search

if TYPE_CHECKING:
    from torch import Tensor

    from genas.generators.controller import Controller, Draw

_ROUNDS, _DRAWS = 4, 16  # rounds of _DRAWS samples to find one new architecture before a random one is proposed
_DECAY = 0.9  # of the moving average of rewards (the baseline)


class PolicySearch(Search):
    """Samples architectures from a controller and updates it by their rewards. A subclass writes `_improve`.

    The reward of a measured architecture is the fraction of all measured architectures that it beats, where ties
    (itself included) count half, averaged over the objectives. A sample that was measured before is rewarded again
    without a new measurement; an illegal sample is drawn again. Architectures measured by other proposers are learned
    from as if they had been sampled uniformly.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: all of them enter the reward.
        limits: an architecture that breaks one gets the penalty.
        batch: rewarded samples per update.
        rate: learning rate of Adam.
        entropy: weight of the mean entropy per decision (entropy bonus) in the maximised objective.
        lead: weight of the first of several objectives; the others share the rest equally.
        penalty: an architecture that fails or breaks a limit has the reward -penalty.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint],
        *,
        batch: int,
        rate: float,
        entropy: float,
        lead: float,
        penalty: float,
    ) -> None:
        if batch < 1 or rate <= 0 or entropy < 0 or not 0 <= lead <= 1 or penalty < 0:
            raise RequestError(
                f"{self.name} needs a batch of at least 1, a rate above 0, lead in [0, 1], and an entropy and a "
                "penalty of at least 0."
            )
        super().__init__(space, seed, objectives)
        self._limits, self._batch, self._rate = tuple(limits), batch, rate
        self._entropy, self._penalty = entropy, penalty
        rest = len(self._objectives) - 1
        self._weights = [lead, *[(1 - lead) / rest] * rest] if rest else [1.0]
        self._decisions = Decisions(space)
        self._drawn: dict[str, Draw] = {}  # by key, of pending architectures
        self._rewarded: list[tuple[str, Draw]] = []  # the batch of the next update
        self._broke: set[str] = set()  # keys of architectures that failed or break a limit
        self._baseline = 0.5  # the mean reward
        self._improved = 0
        self._made: Controller | None = None

    @property
    def _controller(self) -> Controller:
        if self._made is None:
            import torch

            from genas.generators.controller import Controller

            self._made = Controller(self._decisions, seed=seed_of(self._seed, self.name))
            self._adam = torch.optim.Adam(self._made.parameters(), lr=self._rate)
        return self._made

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        for draw in (d for _ in range(_ROUNDS) for d in self._controller.sample(generator, _DRAWS)):
            arch = self._decisions.write(draw.values)
            if arch is None:
                continue
            if arch.key not in self._seen:
                self._drawn[arch.key] = draw
                chance = math.exp(sum(draw.log_probs))
                note = f"drawn with probability {chance:.2g} by the controller, improved {self._improved} times"
                return Candidate(arch, self.name, note=note)
            if arch.key in self._measured or arch.key in self._broke:
                self._rewarded.append((arch.key, draw))
        return self._random(generator, f"random: {_ROUNDS * _DRAWS} draws of the controller brought nothing new")

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        if broken(trial, self._limits):
            self._broke.add(arch.key)
        self._reward(arch)

    def _on_failed(self, arch: Architecture, trial: Trial) -> None:
        if arch.key not in self._broke:
            self._broke.add(arch.key)
            self._reward(arch)

    def _reward(self, arch: Architecture) -> None:
        draw, values = self._drawn.pop(arch.key, None), self._decisions.read(arch)
        if draw is not None:
            self._rewarded.append((arch.key, draw))
        elif values is not None:
            self._rewarded.append((arch.key, self._controller.uniform(values)))

    def _after_tell(self) -> None:
        self._drawn = {key: draw for key, draw in self._drawn.items() if key in self._pending}
        if len(self._rewarded) >= self._batch:
            by_key = self.rewards()
            rewards = np.array([by_key[key] for key, _ in self._rewarded])
            self._improve([draw for _, draw in self._rewarded], rewards - self._baseline)
            for reward in rewards:
                self._baseline = _DECAY * self._baseline + (1 - _DECAY) * float(reward)
            self._rewarded = []
            self._improved += 1

    def rewards(self) -> dict[str, float]:
        """The reward of every measured or failed architecture, by key."""
        from scipy.stats import rankdata

        rewards: dict[str, float] = {}
        if self._losses:
            places = np.stack([rankdata(column) for column in zip(*self._losses.values(), strict=True)], 1)
            shares = 1 - (places - 0.5) / len(places)  # [n, objectives], near 1 for the best
            rewards = dict(zip(self._losses, (shares @ np.array(self._weights)).tolist(), strict=True))
        return {**rewards, **dict.fromkeys(sorted(self._broke), -self._penalty)}

    @abstractmethod
    def _improve(self, draws: Sequence[Draw], advantages: npt.NDArray[np.float64]) -> None:
        """Update the controller: raise the probability of samples with a positive advantage, lower that of the others.

        Args:
            draws: the batch of samples.
            advantages: [B] reward minus baseline of each.
        """

    def _step(self, loss: Tensor) -> None:
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
