"""What scorers that answer for many architectures at once have in common."""

from __future__ import annotations

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.records import Architecture, Measurement


class BatchScorer(Scorer):
    """One architecture is a batch of one; a subclass writes `score_all`."""

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The figure as in `score_all`, or its ScoreFailed."""
        result = self.score_all([arch], fidelity=fidelity, seed=seed)[0]
        if isinstance(result, ScoreFailed):
            raise result
        return result
