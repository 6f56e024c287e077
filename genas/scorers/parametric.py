"""Ranks untrained networks by learned weights on the statistics of their layers, fitted on a few labels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from genas.core import declared
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import Metric
from genas.core.records import Architecture, Measurement, Trial
from genas.core.rng import seed_of
from genas.probes.probes import Probes

_FEWEST = 8  # trials
_STEPS = 100
_STATISTICS = 7  # of a layer: those of the probes and its place


class Parametric(Scorer):
    """A learned sum over the layers of an untrained network, of weights, gradients and their product in each.

    Source: Dong et al., "ParZC: Parametric Zero-Cost Proxies for Efficient NAS" (AAAI 2025): node-wise statistics, a
    learned mixer, and a differentiable Kendall loss (eq. 8: tanh of score differences against the signs of accuracy
    differences). Here the mixer is one small perceptron applied to each layer and summed, so that networks may have any
    number of layers, the mean of three members; no Bayesian layers.

    Args:
        space: builds the networks.
        task: gives the training examples.
        device: where the networks run.
        seed: of the fit.
        probes: shared with the other scorers of a run; None makes its own.
        learn: the metric whose order `fit` learns.
    """

    metric: ClassVar[Metric] = Metric("parametric")
    cost: ClassVar[float] = 0.4
    fits: ClassVar[bool] = True

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str = "cpu",
        seed: int = 0,
        probes: Probes | None = None,
        *,
        learn: str = "accuracy",
    ) -> None:
        self._probes = Probes(space, task, device) if probes is None else probes
        self._probes.expect("layers")
        self._seed, self._learn = seed, learn
        self._members: list[_Mixer] = []

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The learned score; only its order means something.

        Raises:
            ScoreFailed: before `fit` has seen 8 measured trials, or where the network cannot be run.
        """
        start = time.perf_counter()
        statistics = self._statistics(arch, seed)
        if not self._members:
            raise ScoreFailed(f"parametric has to be fitted on {_FEWEST} or more measured trials first")
        with torch.no_grad():
            scores = torch.cat([member(*_joined([statistics])) for member in self._members])  # [members]
        value, std = float(scores.mean()), float(scores.std())
        return Measurement(self.metric.name, value, time.perf_counter() - start, fidelity, seed, std)

    def fit(self, trials: Sequence[Trial]) -> None:
        """Learn the order of these trials anew, but for those that cannot be probed; fewer than 8 do nothing."""
        examples: list[tuple[Tensor, float]] = []
        sign = declared.metric(self._learn).sign
        for trial in trials:
            value = trial.value(self._learn)
            if trial.failure is not None or value is None:
                continue
            try:
                examples.append((self._statistics(trial.candidate.arch, 0), sign * value))
            except ScoreFailed:  # nothing to learn from
                continue
        if len(examples) < _FEWEST:
            return
        layers, values = [k[0] for k in examples], torch.tensor([k[1] for k in examples])
        seeds = [seed_of(self._seed, "parametric", len(examples), member) for member in range(3)]
        self._members = [_fitted(layers, values, seed) for seed in seeds]

    def _statistics(self, arch: Architecture, seed: int) -> Tensor:
        rows = torch.tensor(self._probes.rows(arch, seed=seed))  # [layers, statistics]
        place = torch.linspace(0, 1, len(rows))[:, None]
        return torch.cat([rows, place], 1)


class _Mixer(nn.Module):
    """Layers to one number: a perceptron of each layer's statistics, summed."""

    def __init__(self, rows: Tensor, owners: Tensor) -> None:
        super().__init__()
        self.mean, self.spread = rows.mean(0), rows.std(0).clamp_min(1e-6)
        self.typical = len(rows) / (int(owners.max()) + 1)  # layers of a network
        self.body = nn.Sequential(nn.Linear(_STATISTICS, 16), nn.GELU(), nn.Linear(16, 1))

    def forward(self, rows: Tensor, owners: Tensor) -> Tensor:
        """Scores [n] of n networks from the statistics of all their layers and whose each is."""
        shares = self.body((rows - self.mean) / self.spread)[:, 0]  # [all layers]
        return torch.zeros(int(owners.max()) + 1).index_add(0, owners, shares) / self.typical


def _joined(layers: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The layers of all networks [all layers, statistics], and the number of each one's network."""
    counts = torch.tensor([len(part) for part in layers])
    return torch.cat(layers), torch.repeat_interleave(torch.arange(len(layers)), counts)


def _fitted(layers: list[Tensor], values: Tensor, seed: int) -> _Mixer:
    """A mixer whose order of the networks is that of the values."""
    wanted = (values[:, None] - values[None]).sign()  # [n, n]
    rows, owners = _joined(layers)
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(seed)
        mixer = _Mixer(rows, owners)
        optimizer = torch.optim.AdamW(mixer.parameters(), lr=0.02, weight_decay=0.01)
        for _ in range(_STEPS):
            scores = mixer(rows, owners)
            scores = (scores - scores.mean()) / (scores.std() + 1e-6)
            loss = -(torch.tanh(2 * (scores[:, None] - scores[None])) * wanted).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return mixer.eval()
