"""Ranks untrained networks by how many different patterns their activations show over a batch."""

from __future__ import annotations

import math
import time
from typing import ClassVar

from genas.core.interfaces import SearchSpace, Task
from genas.core.metrics import Metric
from genas.core.ranges import Batch
from genas.core.records import Architecture, Measurement
from genas.probes.probes import Probes
from genas.scorers._probe import ProbeScorer
from genas.training.fresh import outline


class Swap(ProbeScorer):
    """The number of distinct sample-wise activation patterns, regularised by size if wished.

    Source: Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS" (ICLR 2024), definitions 3.2 and
    3.3: each activation's pattern is its on-off code over the batch, and the patterns of the whole network are one set;
    regularised it is multiplied by exp(-(params - mu)^2 / sigma), here with sigma the square of `width`. At most 52
    examples count; with 16 large networks come near the ceiling of 2^16 patterns.

    Args:
        space: builds the network.
        task: gives the training examples.
        device: where the network runs.
        probes: shared with the other scorers of a run; None makes its own.
        batch: examples looked at.
        mu: number of parameters that is favoured; None leaves size out.
        width: how many parameters away from `mu` the score falls to 1/e of itself; None is `mu`.
    """

    figure: ClassVar[str] = "swap"
    metric: ClassVar[Metric] = Metric("swap")
    cost: ClassVar[float] = 0.4

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str = "cpu",
        probes: Probes | None = None,
        *,
        batch: Batch = 32,
        mu: float | None = None,
        width: float | None = None,
    ) -> None:
        super().__init__(space, task, device, probes, batch=batch)
        self._space, self._task, self._mu, self._width = space, task, mu, width or mu

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The number of patterns, times the preference for the size.

        Raises:
            ScoreFailed: where the network cannot be built or run, or has no activation layer.
        """
        measured = super().score(arch, fidelity=fidelity, seed=seed)
        if self._mu is None or self._width is None:
            return measured
        start = time.perf_counter()
        params = sum(p.numel() for p in outline(self._space, self._task, arch).parameters())
        preference = math.exp(-(((params - self._mu) / self._width) ** 2))
        seconds = measured.seconds + time.perf_counter() - start
        return Measurement(self.metric.name, measured.value * preference, seconds, fidelity, seed)
