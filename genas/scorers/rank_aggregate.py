"""Ranks untrained networks by several zero-cost proxies together, without any parameter to fit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from genas.core import registry
from genas.core.context import Context
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import FLOPS, PARAMS, SIZE, Metric
from genas.core.pareto import log_rank_sum
from genas.core.records import Architecture, Measurement
from genas.probes.probes import Probes
from genas.scorers._batch import BatchScorer

_PROXIES = ("synflow", "jacov", "jacov", "expressivity", "trainability", "flops", "gradsign", "swap")


class RankAggregate(BatchScorer):
    """The sum over proxies of log(rank / n) among all architectures scored so far; the best has rank n.

    Source: sums of log ranks are from Lee & Ham (AZ-NAS, CVPR 2024) and Tybl & Neumann (VKDNW, CVPR 2025). The proxies
    are those of the latter's aggregate but for its own, with synflow, gradsign and swap, and jacov counted twice, as
    the accuracies of one half of a sample of NAS-Bench-201 cells chose; `eval/proxy_ranks.py` judges them by the other
    half, and on other spaces: on NAS-Bench-101, where jacov ranks backwards, it has a Kendall tau of .38, the
    parameters .48 and expressivity .58 alone; no proxy ranks the networks of NAS-Bench-Graph well.

    A proxy that fails for a network ranks it last, and one that fails for all says nothing. A network's score changes
    as others become known: compare scores of one call only.

    Args:
        space: builds the networks.
        task: gives the training examples.
        device: where the networks run.
        seed: of the run, for proxies that want it.
        probes: shared with the other scorers of a run; None makes its own.
        proxies: names of scorers that need no fitting; one named twice counts twice.

    Raises:
        RequestError: where no proxy is named, or one that has to be fitted.
    """

    metric: ClassVar[Metric] = Metric("rank_aggregate")
    cost: ClassVar[float] = 2.0

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str = "cpu",
        seed: int = 0,
        probes: Probes | None = None,
        *,
        proxies: tuple[str, ...] = _PROXIES,
    ) -> None:
        if not proxies or any(registry.load("scorers", name).fits for name in proxies):
            raise RequestError("rank_aggregate: name one or more proxies that need no fitting, such as naswot,synflow.")
        shared = Probes(space, task, device) if probes is None else probes
        context = Context(space, task, device=device, seed=seed, probes=shared)
        self._scorers: list[Scorer] = [registry.create("scorers", name, context) for name in proxies]
        self._space = space
        self._seen: dict[tuple[int, float], dict[str, tuple[float, ...]]] = {}

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The sums, with ranks among these and all that this object scored before at the seed."""
        start = time.perf_counter()
        seen = self._seen.setdefault((seed, fidelity), {})
        results: dict[str, ScoreFailed] = {}
        for arch in archs:
            if problems := self._space.problems(arch):
                results[arch.key] = ScoreFailed("; ".join(problems))
            elif arch.key not in seen:
                try:
                    seen[arch.key] = self._values(arch, fidelity, seed)
                except ScoreFailed as failure:
                    results[arch.key] = failure
        sums = log_rank_sum(list(np.array(list(seen.values())).T)) if seen else np.zeros(0)
        place = {key: number for number, key in enumerate(seen)}
        seconds = (time.perf_counter() - start) / max(len(archs), 1)
        return [
            results[arch.key]
            if arch.key in results
            else Measurement(self.metric.name, float(sums[place[arch.key]]), seconds, fidelity, seed)
            for arch in archs
        ]

    def _values(self, arch: Architecture, fidelity: float, seed: int) -> tuple[float, ...]:
        """Each proxy, larger is better; minus infinity where it fails."""
        values, failures = [], []
        for scorer in self._scorers:
            try:
                value = scorer.score(arch, fidelity=fidelity, seed=seed).value
                values.append(value if _more_is_better(scorer) else -value)
            except ScoreFailed as failure:
                failures.append(failure)
                values.append(float("-inf"))
        if len(failures) == len(values):
            raise failures[0]
        return tuple(values)


def _more_is_better(scorer: Scorer) -> bool:
    """As a sign of accuracy; the size of a network, which is a cost, is one as well."""
    return scorer.metric.goal == "max" or scorer.metric in (PARAMS, FLOPS, SIZE)
