"""Samples what is likely among good trials and unlikely among the rest (TPE), with Optuna's sampler."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genas.core.errors import MissingArtifact, RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count, Whole
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import seed_of
from genas.encodings.decisions import Decisions
from genas.refiners._search import Search

if TYPE_CHECKING:
    import optuna

_TRIES = 20  # draws of the sampler for one new legal architecture


class Tpe(Search):
    """The tree-structured Parzen estimator over the frame's decisions as categorical distributions.

    Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NeurIPS 2011), section 4; several objectives
    as in Ozaki et al. (GECCO 2020). The sampler is Optuna's multivariate `TPESampler`. The number of nodes determines
    which further decisions there are. Illegal and repeated samples are reported to Optuna as failed; failed trials are
    not learned from.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: all of them are optimised.
        startup: number of random trials before the estimator is used.
        candidates: number of samples from which the one with the highest expected improvement is taken.

    Raises:
        MissingArtifact: optuna is not installed.
    """

    name = "tpe"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        startup: Whole = 10,
        candidates: Count = 24,
    ) -> None:
        if startup < 1 or candidates < 1:
            raise RequestError("tpe needs startup and candidates of at least 1.")
        super().__init__(space, seed, objectives)
        self._startup, self._candidates = startup, candidates
        self._decisions = Decisions(space)
        self._study = self._open()
        self._drawn: dict[str, optuna.Trial] = {}  # by key, of pending architectures

    def _open(self) -> optuna.Study:
        try:
            import optuna
        except ImportError as error:
            raise MissingArtifact("optuna", "Install it with: pip install optuna") from error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            sampler = optuna.samplers.TPESampler(
                n_startup_trials=self._startup,
                n_ei_candidates=self._candidates,
                multivariate=True,
                group=len(self._decisions.sizes) > 1,
                constant_liar=True,
                seed=seed_of(self._seed, self.name) % 2**32,
            )
            return optuna.create_study(directions=["minimize"] * len(self._objectives), sampler=sampler)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._measured:
            return None
        for _ in range(_TRIES):
            drawn = self._study.ask()
            arch = self._draw(drawn)
            if arch is not None and arch.key not in self._seen:
                self._drawn[arch.key] = drawn
                near = min(self._best(max(1, len(self._measured) // 10)), key=lambda good: _apart(good, arch))
                note = f"drawn by TPE from {len(self._measured)} trials, nearest to the good {near.key}"
                return Candidate(arch, self.name, (near.key,), note)
            self._refuse(drawn)
        return None

    def _draw(self, drawn: optuna.Trial) -> Architecture | None:
        first = self._suggest(drawn, "nodes", len(self._decisions.sizes))
        decisions = self._decisions.of(self._decisions.sizes[first])
        values = [self._suggest(drawn, d.name, len(d.choices)) for d in decisions[1:]]
        return self._decisions.write((first, *values))

    def _suggest(self, drawn: optuna.Trial, name: str, choices: int) -> int:
        return int(drawn.suggest_categorical(name, range(choices)))

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        import optuna

        drawn, values = self._drawn.pop(arch.key, None), self._decisions.read(arch)
        if drawn is not None:
            self._study.tell(drawn, self._losses[arch.key])
        elif values is not None:
            decisions = self._decisions.of(len(arch.ops))
            self._study.add_trial(
                optuna.trial.create_trial(
                    values=self._losses[arch.key],
                    params={d.name: v for d, v in zip(decisions, values, strict=True)},
                    distributions={
                        d.name: optuna.distributions.CategoricalDistribution(range(len(d.choices))) for d in decisions
                    },
                )
            )

    def _after_tell(self) -> None:
        for key in [key for key in self._drawn if key not in self._pending]:
            self._refuse(self._drawn.pop(key))

    def _refuse(self, drawn: optuna.Trial) -> None:
        import optuna

        self._study.tell(drawn, state=optuna.trial.TrialState.FAIL)


def _apart(a: Architecture, b: Architecture) -> int:
    """The number of labels and edges that differ."""
    size = max(len(a.ops), len(b.ops))
    same = sum(x == y for x, y in zip(a.ops, b.ops, strict=False))
    return size - same + len(set(a.edges) ^ set(b.edges))
