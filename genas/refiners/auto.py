"""The default: Bayesian optimisation over a pool filled by generators, mutation or enumeration of the space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from genas.core.context import Context
from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.pareto import front, log_rank_sum, losses
from genas.core.ranges import Whole
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.core.rng import rng
from genas.predictors.gaussian_process import Floats, Surrogate, quantiles
from genas.refiners._acquisition import Curve, expected_improvement, fixed, improvement, warped
from genas.refiners._figures import Figures
from genas.refiners._pool import Pool, Rows

PROXIES = ("params", "flops", "naswot", "synflow", "logsynflow", "nregions", "zen", "jacov", "grad_norm", "snip")
_WARM = {"naswot", "synflow", "log10_synflow", "logsynflow", "jacov"}  # proxies that rank well on their own
_TOP = 100  # the first architectures are drawn from this many best by proxies

Why = Callable[[int], str]
Scorer = Callable[[np.random.Generator], tuple[Floats, Why]]


class Auto(Proposer):
    """The default strategy: a warm start by zero-cost proxies, then Bayesian optimisation over a mixed pool.

    Source: Bayesian optimisation with a Gaussian process on graph features as in NASBOWL (Ru et al. 2021). The
    acquisition function is the expected improvement (Jones et al. 1998, eq. 15) for one objective, the expected
    hypervolume improvement (Emmerich et al. 2006) for two, and random augmented Chebyshev weights (ParEGO, Knowles
    2006) for more.

    Different from these papers: losses are replaced by the normal quantiles of their ranks and, for several objectives,
    mapped back to their units (a warped Gaussian process, Snelson et al. 2003). Zero-cost proxies from the task's
    tables are features. A batch is chosen one by one, with predictions in place of pending results (kriging believer,
    Ginsbourger et al. 2010). Each source fills the pool in proportion to its yield. In an enumerated space,
    architectures that differ only in nodes on no path count as one, unless a table holds different values of an
    objective for them. If a task has a table of a few architectures of a large space, these are the pool.

    Args:
        space: the search space.
        task: its tables, if any, provide values that need no training. Its own metric is never looked up.
        seed: the seed of the run.
        objectives: all of them are optimised; those that a table holds need no model.
        limits: architectures that break a limit by the table are not proposed.
        device: the device of the generators.
        proxies: zero-cost proxies to look up in the task's tables; those it lacks are left out.
        generators: proposers that fill the pool if the space is too large to enumerate; one without a trained model is
            left out.
        transfer: tables of other tasks, as `table:<task>:<option>=...`; their accuracies are features too.
        warm: number of architectures proposed before the model is used.

    Raises:
        RequestError: a proxy or a table would reveal the searched metric.
    """

    name = "auto"

    def __init__(  # noqa: PLR0917
        self,
        space: SearchSpace,
        task: Task,
        seed: int,
        objectives: Sequence[Objective],
        limits: Sequence[Constraint] = (),
        device: str = "cpu",
        *,
        proxies: Sequence[str] = PROXIES,
        generators: Sequence[str] = ("diffusion", "archlm"),
        transfer: Sequence[str] = (),
        warm: Whole = 5,
    ) -> None:
        if warm < 1:
            raise RequestError("auto needs a warm start of at least 1.")
        context = Context(space, task, device=device, seed=seed, objectives=tuple(objectives), limits=tuple(limits))
        self._seed, self._objectives, self._limits = seed, tuple(objectives), tuple(limits)
        self._warm = warm
        only = [arch for arch in task.measured if not space.problems(arch)]
        self._pool = Pool(space, seed, generators, context, only)
        wanted = [o.metric for o in objectives] + [limit.metric for limit in limits]
        self._figures = Figures(task, proxies, wanted, transfer, space)
        if self._pool.fixed and any(self._is_exact(o, self._figures.columns(self._pool.archs)) for o in objectives):
            self._pool.spell_out()
        self._measured: dict[str, Trial] = {}  # trials with a value for each objective, by key
        self._seen: dict[str, Architecture] = {}  # proposed or with a result, by key
        self._pending: dict[str, Architecture] = {}  # proposed and without a result yet, by key
        self._model: Surrogate | None = None
        self._fitted = 0  # number of trials at the last fit of the kernel weights
        self._kept: list[Architecture] = []
        self._asked = 0

    def ask(self, n: int) -> list[Candidate]:
        """Up to `n` new candidates, the most promising first; fewer once the space is exhausted."""
        candidates: list[Candidate] = []
        if n < 1:
            return candidates
        if not self._pool.fixed:
            self._pool.renew(self._best(), self._kept, [*self._seen.values()])
        archs = self._pool.archs
        columns = self._figures.columns(archs)
        blocked = self._blocked(columns)
        blocked[self._rows(self._seen.values())] = True
        scorer = self._scorer(columns, blocked)
        while len(candidates) < n and not blocked.all():
            scores, why = scorer(rng(self._seed, self.name, self._asked))
            row = int(np.argmax(np.where(blocked, -np.inf, scores)))
            blocked[row], arch = True, archs[row]
            if arch.key not in self._seen:
                origin, parents = self._pool.source(arch)
                self._seen[arch.key] = self._pending[arch.key] = arch
                candidates.append(Candidate(arch, self.name, parents, f"from {origin}: {why(row)}"))
                self._asked += 1
        self._keep(scores if candidates else np.zeros(len(archs)), blocked)
        return candidates

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from new trials and credit their sources. An empty list ends the wait for all pending architectures."""
        for trial in trials:
            arch = trial.candidate.arch
            new = arch.key not in self._measured
            self._seen[arch.key] = arch
            self._pending.pop(arch.key, None)
            if trial.failure is None and losses(trial, self._objectives) is not None:
                self._measured[arch.key] = trial
            if new and not self._pool.fixed and trial.candidate.origin == self.name:
                good = arch.key in {a.key for a in self._best()[: max(1, len(self._measured) // 4)]}
                self._pool.credit(arch, good=good)
        if not trials:
            self._pending.clear()

    def _rows(self, archs: Iterable[Architecture]) -> list[int]:
        """Rows of the pool that hold these architectures; those not in the pool are left out."""
        return [row for arch in archs if (row := self._pool.row(arch)) is not None]

    def _best(self) -> list[Architecture]:
        """Measured architectures: first the Pareto front, then the others by increasing loss."""
        ahead = [t.candidate.arch for t in front(list(self._measured.values()), self._objectives)]
        rest = sorted(self._measured.values(), key=lambda t: losses(t, self._objectives) or ())
        return [*ahead, *(t.candidate.arch for t in rest if t.candidate.arch not in ahead)]

    def _keep(self, scores: Floats, blocked: npt.NDArray[np.bool_]) -> None:
        order = np.argsort(-np.where(blocked, -np.inf, scores), kind="stable")
        self._kept = [self._pool.archs[i] for i in order if not blocked[i]] if not self._pool.fixed else []

    def _blocked(self, columns: dict[str, Floats]) -> npt.NDArray[np.bool_]:
        """A mask of the pool: architectures that break a limit, or lack a value that the table has for others."""
        blocked = np.zeros(len(self._pool.archs), dtype=bool)
        for name in self._figures.exact & columns.keys():
            blocked |= np.isnan(columns[name])
        for limit in self._limits:
            if limit.metric in columns:
                blocked |= ~np.array([limit.holds(value) for value in columns[limit.metric]])
        return blocked

    def _scorer(self, columns: dict[str, Floats], blocked: npt.NDArray[np.bool_]) -> Scorer:
        """The function that ranks the pool: by proxies during the warm start, by the model afterwards."""
        by_row = {
            row: t for t in self._measured.values() if (row := self._pool.row(t.candidate.arch)) is not None
        }  # the last trial of each class of architectures that compute the same
        if len(self._seen) < self._warm or len(by_row) < 2:
            return self._warm_start(columns, blocked)
        model = self._model
        if model is None or not self._pool.fixed:
            features = [quantiles(column[self._pool.heads]) for column in self._figures.features(columns)]
            place = np.stack(features, 1) if features else np.zeros((len(self._pool.traits), 0))
            model = Surrogate(self._pool.traits, place)
            if self._model is not None:
                model.adopt(self._model)
            self._model = model
        targets = [losses(t, self._objectives) or () for t in by_row.values()]
        values = -np.array(targets, dtype=float)  # [n, objectives]
        lead = next((i for i, o in enumerate(self._objectives) if not self._is_exact(o, columns)), 0)
        if len(by_row) < 20 or len(by_row) >= 1.05 * self._fitted:
            model.fit(self._pool.group[[*by_row]].tolist(), quantiles(values[:, lead]))
            self._fitted = len(by_row)
        return self._by_model(model, np.array([*by_row]), values, columns)

    def _warm_start(self, columns: dict[str, Floats], blocked: npt.NDArray[np.bool_]) -> Scorer:
        """Ranks by accuracies on other tasks if there are any, else draws from the best by proxies, else at random."""
        names = [n for n in self._figures.transfer if n in columns]
        top = 1 if names else _TOP
        names = names or [n for n in columns if n in _WARM]
        worth = log_rank_sum([np.nan_to_num(columns[n], nan=-np.inf) for n in names]) if names else None

        def score(generator: np.random.Generator) -> tuple[Floats, Why]:
            scores = generator.random(len(self._pool.archs))
            if worth is None:
                return scores, lambda _: "at random, as nothing is known of it yet"
            best = np.argsort(np.where(blocked, np.inf, -worth), kind="stable")[:top]
            scores[best] += 1
            among = f"drawn from the {top} best" if top > 1 else "the best"
            return scores, lambda _: f"{among} by {', '.join(names)}"

        return score

    def _by_model(self, model: Surrogate, measured: Rows, values: Floats, columns: dict[str, Floats]) -> Scorer:
        """Ranks by the acquisition function; pending architectures are assumed to turn out as predicted.

        Args:
            model: the fitted surrogate.
            measured: [n] rows of measured architectures.
            values: [n, objectives] their values; larger is better.
            columns: exact values of the pool, by metric.
        """
        names = [objective.metric for objective in self._objectives]
        group = self._pool.group

        def predict(targets: Floats, pending: list[int]) -> tuple[Floats, Floats]:
            mean, spread = model.predict(group[measured].tolist(), targets)
            if pending:
                believed = np.concatenate([targets, mean[group[pending]]])
                mean, spread = model.predict(group[[*measured, *pending]].tolist(), believed)
            return mean[group], spread[group]

        def score(generator: np.random.Generator) -> tuple[Floats, Why]:
            pending = self._rows(self._pending.values())
            if len(names) == 1:
                targets = quantiles(values[:, 0])
                mean, spread = predict(targets, pending)
                return _hope(mean, spread, float(max([*targets, *mean[pending]])))
            curves: list[Curve] = []
            for number, objective in enumerate(self._objectives):
                if self._is_exact(objective, columns):
                    exact = (1 if objective.goal == "max" else -1) * columns[objective.metric]
                    curves.append(fixed(np.where(np.isnan(exact), np.nanmin(exact), exact)))  # nan: blocked rows
                else:
                    column = values[:, number]
                    curves.append(warped(*predict(quantiles(column), pending), column))
            believed = np.stack([curve(0.0, np.array(pending, dtype=int)) for curve in curves], 1)
            scores = improvement(curves, np.concatenate([values, believed]), generator)
            return scores, lambda _: "hoped to widen the front of " + " and ".join(names)

        return score

    def _is_exact(self, objective: Objective, columns: dict[str, Floats]) -> bool:
        return objective.metric in self._figures.exact and objective.metric in columns


def _hope(mean: Floats, spread: Floats, best: float) -> tuple[Floats, Why]:
    """The expected improvement of each row, and a function that explains it in words."""

    def why(row: int) -> str:
        ahead, share = np.mean(mean >= mean[row]), spread[row] / spread.max()
        return (
            f"hoped to be the best so far: predicted in the top {ahead:.2%} of those compared, "
            f"{share:.0%} as uncertain as the most uncertain of them"
        )

    return expected_improvement(mean, spread, best), why
