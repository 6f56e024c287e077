"""Ranks untrained networks by their layers and the evenness of the spectrum of the Fisher information."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Vkdnw(ProbeScorer):
    """The number of layers, and among equals the entropy of the deciles of the Fisher information's eigenvalues.

    Source: Tybl & Neumann, "Training-free Neural Architecture Search through Variance of Knowledge of Deep Network
    Weights" (CVPR 2025), eqs. 13 to 16: one weight of each layer, Gaussian inputs, weights after Kaiming. Here 16
    inputs in place of 64, convolutions and linear layers only, and batch norms with the statistics of the batch. Node
    classification fails: the nodes of a graph depend on each other.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "vkdnw"
    metric: ClassVar[Metric] = Metric("vkdnw")
    cost: ClassVar[float] = 1.5
