"""Asks for what a Gaussian process over graphs expects to improve most upon the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Objective
from genas.predictors.gaussian_process import Floats, Surrogate, quantiles, traits
from genas.refiners._acquisition import expected_improvement
from genas.refiners._search import Search
from genas.refiners._variation import Variation

_MOST = 300  # measured architectures that are looked at: the best and the newest


class GpBo(Search):
    """Bayesian optimisation with a Gaussian process on graph kernels and the expected improvement.

    Source: Ru et al., "Interpretable Neural Architecture Search via Bayesian Optimisation with Weisfeiler-Lehman
    Kernels" (NASBOWL, ICLR 2021), sections 3 and 4; expected improvement: Jones et al. (1998), eq. 15. The kernel is
    that of `genas.predictors.gaussian_process`: a weighted sum of a Hamming kernel on labels and edges by place and a
    squared exponential one on the counts of label walks, which tell subtrees apart much as a Weisfeiler-Lehman kernel
    does. Losses become normal quantiles of their ranks, failed trials count as bad as the worst measured, awaited
    ones as good as predicted (Ginsbourger et al. 2010), and the pool is half mutations of the best, half uniform draws.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        start: random architectures before the process is trusted.
        pool: architectures among which the next ones are chosen.
        elite: best measured architectures that are mutated.
        every: trials told between fits; the pool is drawn anew with each.
    """

    name = "gp_bo"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        start: Count = 10,
        pool: Count = 100,
        elite: Count = 10,
        every: Count = 5,
    ) -> None:
        if start < 2 or min(pool, elite, every) < 1:
            raise RequestError("gp_bo needs a start of at least 2, and pool, elite and every of at least 1.")
        super().__init__(space, seed, objectives[:1])
        self._start, self._pool, self._elite, self._every = start, pool, elite, every
        self._variation = Variation(space)
        self._archs: list[Architecture] = []  # measured and failed ones, then those to choose from
        self._parents: dict[str, str] = {}  # by key of a mutation among them
        self._model: Surrogate | None = None  # of these architectures
        self._fitted = 0  # trials known at the last fit

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        known = len(self._known) + len(self._failed)
        if len(self._known) < 2 or known < self._start:
            return self._random(generator, f"random, among the first {self._start}")
        if self._model is None or known >= self._fitted + self._every or not self._free():
            self._renew(generator)
            self._fitted = known
        if not (free := self._free()):
            return None
        worth = self._worth()
        row = max(free, key=lambda i: worth[i])
        arch, parent = self._archs[row], self._parents.get(self._archs[row].key)
        note = (
            f"{f'mutation of {parent}' if parent else 'uniform draw'} with an expected improvement of {worth[row]:.2g}"
        )
        return Candidate(arch, self.name, (parent,) if parent else (), note)

    def _free(self) -> list[int]:
        """Rows that were not asked for yet."""
        return [row for row, arch in enumerate(self._archs) if arch.key not in self._seen]

    def _renew(self, generator: np.random.Generator) -> None:
        """Draw the pool anew and weigh the kernels by all that is known."""
        measured = list(self._known.values())
        if len(measured) > _MOST:
            measured = list({a.key: a for a in (*self._best(_MOST // 2), *measured[-_MOST // 2 :])}.values())
        failed = [arch for key, arch in self._failed.items() if key not in self._known]
        waiting = [arch for arch in self._archs if arch.key in self._waiting]
        self._archs = [*measured, *failed[-_MOST // 2 :], *waiting, *self._drawn(generator)]
        views = [traits(arch, self._space) for arch in self._archs]
        model = Surrogate(views, np.zeros((len(views), 0)))
        if self._model is not None:
            model.adopt(self._model)
        model.fit(*self._told())
        self._model = model

    def _drawn(self, generator: np.random.Generator) -> list[Architecture]:
        """New architectures, none twice: by turns a mutation of one of the best and a uniform draw."""
        best, found = self._best(self._elite), dict[str, Architecture]()
        self._parents = {}
        for turn in range(4 * self._pool):
            parent = best[turn // 2 % len(best)]
            arch = self._space.sample(generator) if turn % 2 else self._variation.mutate(parent, generator)
            if arch.key not in self._seen and arch.key not in found:
                found[arch.key] = arch
                if not turn % 2:
                    self._parents[arch.key] = parent.key
            if len(found) == self._pool:
                break
        return list(found.values())

    def _told(self) -> tuple[list[int], Floats]:
        """Rows whose outcome is known, and the outcomes as normal quantiles, more being better."""
        worst = max(loss for loss, *_ in self._losses.values())
        found = {}
        for row, arch in enumerate(self._archs):
            if arch.key in self._known:
                found[row] = self._loss(arch)
            elif arch.key in self._failed:
                found[row] = worst
        return list(found), -quantiles(list(found.values()))

    def _worth(self) -> Floats:
        """Expected improvement of every row, what is awaited being believed to be as predicted."""
        assert self._model is not None
        rows, values = self._told()
        best = float(values.max())
        mean, spread = self._model.predict(rows, values)
        if awaited := [row for row, arch in enumerate(self._archs) if arch.key in self._waiting]:
            mean, spread = self._model.predict([*rows, *awaited], np.concatenate([values, mean[awaited]]))
        return expected_improvement(mean, spread, best)
