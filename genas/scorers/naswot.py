"""Ranks untrained networks by how differently they switch their activations on for different inputs."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Naswot(ProbeScorer):
    """How well an untrained network tells inputs apart: the log-determinant of the kernel of its activation patterns.

    Source: Mellor et al., "Neural Architecture Search without Training" (ICML 2021), eq. 2. Every ReLU-like layer
    counts, its code being 1 where its input is above zero, so that GELU and SiLU networks have a score too.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "naswot"
    metric: ClassVar[Metric] = Metric("naswot")
    cost: ClassVar[float] = 0.4
