"""Ranks untrained networks by how different their outputs' dependence on different inputs is."""

from __future__ import annotations

from typing import ClassVar

from genas.core.metrics import Metric
from genas.scorers._probe import ProbeScorer


class Jacov(ProbeScorer):
    """How little the input gradients of different examples are correlated.

    Source: Mellor et al., "Neural Architecture Search without Training" (arXiv 2006.04647v1, 2020), eq. 4: minus the
    sum of log(v + k) + 1 / (v + k) over the eigenvalues v of the correlation matrix of the gradients of the summed
    outputs, k = 1e-5. Token ids have no gradient: such inputs fail. With 16 images it depends on the seed: on
    NAS-Bench-201 cells two seeds agree to a Spearman of .88 to .94 (.92 to .95 with 32 images, two published runs .96).

    Args: see `ProbeScorer`.
    """

    figure: ClassVar[str] = "jacov"
    metric: ClassVar[Metric] = Metric("jacov")
    cost: ClassVar[float] = 0.4
