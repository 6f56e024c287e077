"""Bayesian optimisation: proposes the highest expected improvement under a Gaussian process over graphs."""

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

_MOST = 300  # measured architectures that the process is fitted on: the best and the newest


class GpBo(Search):
    """Bayesian optimisation with a Gaussian process on graph kernels and expected improvement.

    Source: Ru et al., "Interpretable Neural Architecture Search via Bayesian Optimisation with Weisfeiler-Lehman
    Kernels" (NASBOWL, ICLR 2021), sections 3 and 4; expected improvement: Jones et al. (1998), eq. 15. The kernel is
    that of `genas.predictors.gaussian_process`: a weighted sum of a Hamming kernel on labels and edges by position and
    a squared exponential kernel on the counts of label walks, which distinguish subtrees much as a Weisfeiler-Lehman
    kernel does. Losses are replaced by the normal quantiles of their ranks. Failed trials count as bad as the worst
    measured, pending ones as good as predicted (kriging believer, Ginsbourger et al. 2010). One half of the pool are
    mutations of the best, the other half uniform samples.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        start: number of random architectures before the process is used.
        pool: number of architectures from which the next ones are chosen.
        elite: number of best measured architectures to mutate.
        every: number of new trials after which the process is fitted again and the pool is drawn anew.
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
        self._archs: list[Architecture] = []  # measured, failed and pending ones, then the pool
        self._parents: dict[str, str] = {}  # key of the parent, by key of its mutation
        self._model: Surrogate | None = None  # over self._archs
        self._fitted = 0  # number of finished trials at the last fit

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        finished = len(self._measured) + len(self._failed)
        if len(self._measured) < 2 or finished < self._start:
            return self._random(generator, f"random, among the first {self._start}")
        if self._model is None or finished >= self._fitted + self._every or not self._free():
            self._renew(generator)
            self._fitted = finished
        if not (free := self._free()):
            return None
        worth = self._expected_improvement()
        row = max(free, key=lambda i: worth[i])
        arch, parent = self._archs[row], self._parents.get(self._archs[row].key)
        note = (
            f"{f'mutation of {parent}' if parent else 'uniform draw'} with an expected improvement of {worth[row]:.2g}"
        )
        return Candidate(arch, self.name, (parent,) if parent else (), note)

    def _free(self) -> list[int]:
        """Rows of architectures that were not proposed yet."""
        return [row for row, arch in enumerate(self._archs) if arch.key not in self._seen]

    def _renew(self, generator: np.random.Generator) -> None:
        """Draw a new pool and fit the weights of the kernels."""
        measured = list(self._measured.values())
        if len(measured) > _MOST:
            measured = list({a.key: a for a in (*self._best(_MOST // 2), *measured[-_MOST // 2 :])}.values())
        failed = [arch for key, arch in self._failed.items() if key not in self._measured]
        pending = [arch for arch in self._archs if arch.key in self._pending]
        self._archs = [*measured, *failed[-_MOST // 2 :], *pending, *self._drawn(generator)]
        views = [traits(arch, self._space) for arch in self._archs]
        model = Surrogate(views, np.zeros((len(views), 0)))
        if self._model is not None:
            model.adopt(self._model)
        model.fit(*self._finished())
        self._model = model

    def _drawn(self, generator: np.random.Generator) -> list[Architecture]:
        """The pool: distinct new architectures, alternately a mutation of one of the best and a uniform sample."""
        best, drawn = self._best(self._elite), dict[str, Architecture]()
        self._parents = {}
        for turn in range(4 * self._pool):
            parent = best[turn // 2 % len(best)]
            arch = self._space.sample(generator) if turn % 2 else self._variation.mutate(parent, generator)
            if arch.key not in self._seen and arch.key not in drawn:
                drawn[arch.key] = arch
                if not turn % 2:
                    self._parents[arch.key] = parent.key
            if len(drawn) == self._pool:
                break
        return list(drawn.values())

    def _finished(self) -> tuple[list[int], Floats]:
        """Rows of finished trials, and their outcomes as normal quantiles; larger is better."""
        worst = max(loss for loss, *_ in self._losses.values())
        outcomes = {}
        for row, arch in enumerate(self._archs):
            if arch.key in self._measured:
                outcomes[row] = self._loss(arch)
            elif arch.key in self._failed:
                outcomes[row] = worst
        return list(outcomes), -quantiles(list(outcomes.values()))

    def _expected_improvement(self) -> Floats:
        """Expected improvement of every row; pending architectures are assumed to turn out as predicted."""
        assert self._model is not None
        rows, values = self._finished()
        best = float(values.max())
        mean, spread = self._model.predict(rows, values)
        if pending := [row for row, arch in enumerate(self._archs) if arch.key in self._pending]:
            mean, spread = self._model.predict([*rows, *pending], np.concatenate([values, mean[pending]]))
        return expected_improvement(mean, spread, best)
