"""What searches by policy gradients have in common: a controller that draws, and the reward of what it drew."""

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

_ROUNDS, _DRAWS = 4, 16  # rounds of so many draws for one new architecture before a random one is asked for
_DECAY = 0.9  # of the moving average


class PolicySearch(Search):
    """Lets a controller draw architectures and moves its probabilities by their rewards; says how in `_improve`.

    The reward of a measured architecture is the share of all measured ones that it beats (of its equals, and so of
    itself, half counts), averaged over the objectives. Draws that are known already are rewarded again without being
    asked for, illegal ones are drawn again, and what others measured is learned from as if it had been drawn uniformly.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: all of them make the reward.
        limits: what breaks one gets the penalty.
        batch: rewarded draws for one improvement.
        rate: step size of Adam.
        entropy: weight of the mean entropy of a decision in what is maximised.
        lead: weight of the first objective where there are several; the others share the rest.
        penalty: the reward of what failed or breaks a limit is minus this.
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
        self._drawn: dict[str, Draw] = {}  # by key, asked for and not told yet
        self._rewarded: list[tuple[str, Draw]] = []  # what the next improvement learns from
        self._broke: set[str] = set()  # keys of what failed or breaks a limit
        self._baseline = 0.5  # the mean share
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
            if arch.key in self._known or arch.key in self._broke:
                self._rewarded.append((arch.key, draw))
        return self._random(generator, f"random: {_ROUNDS * _DRAWS} draws of the controller brought nothing new")

    def _join(self, arch: Architecture, trial: Trial) -> None:
        if broken(trial, self._limits):
            self._broke.add(arch.key)
        self._reward(arch)

    def _fail(self, arch: Architecture, trial: Trial) -> None:
        if arch.key not in self._broke:
            self._broke.add(arch.key)
            self._reward(arch)

    def _reward(self, arch: Architecture) -> None:
        draw, values = self._drawn.pop(arch.key, None), self._decisions.read(arch)
        if draw is not None:
            self._rewarded.append((arch.key, draw))
        elif values is not None:
            self._rewarded.append((arch.key, self._controller.uniform(values)))

    def _settle(self) -> None:
        self._drawn = {key: draw for key, draw in self._drawn.items() if key in self._waiting}
        if len(self._rewarded) >= self._batch:
            rewards = self.rewards()
            given = np.array([rewards[key] for key, _ in self._rewarded])
            self._improve([draw for _, draw in self._rewarded], given - self._baseline)
            for reward in given:
                self._baseline = _DECAY * self._baseline + (1 - _DECAY) * float(reward)
            self._rewarded = []
            self._improved += 1

    def rewards(self) -> dict[str, float]:
        """The reward of everything measured or failed, by key."""
        from scipy.stats import rankdata

        found: dict[str, float] = {}
        if self._losses:
            places = np.stack([rankdata(column) for column in zip(*self._losses.values(), strict=True)], 1)
            shares = 1 - (places - 0.5) / len(places)  # [n, objectives], near 1 for the best
            found = dict(zip(self._losses, (shares @ np.array(self._weights)).tolist(), strict=True))
        return {**found, **dict.fromkeys(sorted(self._broke), -self._penalty)}

    @abstractmethod
    def _improve(self, draws: Sequence[Draw], advantages: npt.NDArray[np.float64]) -> None:
        """Move the controller towards draws with positive advantages and away from the others."""

    def _step(self, loss: Tensor) -> None:
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
