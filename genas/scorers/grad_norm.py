"""Ranks untrained networks by the size of their gradients."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class GradNorm(ProbeScorer):
    """The sum over weight tensors of the Euclidean norm of the loss's gradient.

    Source: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS" (ICLR 2021), section 3.2.1. Weight tensors are
    the parameters of two or more dimensions.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "grad_norm"
    metric: ClassVar[Metric] = Metric("grad_norm")
    cost: ClassVar[float] = 0.4
