"""Ranks untrained networks by how much signal their weights let through, without any data."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Synflow(ProbeScorer):
    """How much signal flows through an untrained network: the log of the synaptic flow through all its weights.

    Source: Tanaka et al., "Pruning neural networks without any data" (NeurIPS 2020), eq. 2, summed over the weights as
    a score by Abdelfattah et al. (ICLR 2021): log of the sum of theta x dR/dtheta with R the summed output for an input
    of ones through |theta|. Here R is differentiated through its logarithm, so that flows too large for 64 bits have a
    score; normalisation layers pass their input on; weights are the parameters of two or more dimensions; token
    embeddings give ones.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "synflow"
    metric: ClassVar[Metric] = Metric("synflow")
    cost: ClassVar[float] = 0.2
