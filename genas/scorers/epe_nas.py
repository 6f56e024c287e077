"""Ranks untrained networks by how correlated the input gradients are within each class."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class EpeNas(ProbeScorer):
    """The sum over classes of |sum of log|correlation|| of the input gradients of the class's examples.

    Source: Lopes et al., "EPE-NAS: Efficient Performance Estimation Without Training for Neural Architecture Search"
    (ICANN 2021), eqs. 3 to 5, in the form for up to 100 classes. The paper has 256 examples, and its score grows with
    them; 16 hold few pairs of one class. It varies strongly with the seed: on NAS-Bench-201 cells two published runs
    agree to a Spearman of .81, two seeds of ours to .64 to .81 with 16 images, .85 to .91 with 32.

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "epe_nas"
    metric: ClassVar[Metric] = Metric("epe_nas")
    cost: ClassVar[float] = 0.4
