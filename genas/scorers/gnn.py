"""Predicted rank among architectures of the space, by a graph neural network with an uncertainty."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from genas.core import assets, declared, registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.examples import COUNTED, MEASURED, Example, examples
from genas.core.interfaces import SearchSpace, Task
from genas.core.metrics import Metric
from genas.core.ranges import Count
from genas.core.records import Architecture, Measurement, Trial
from genas.core.rng import seed_of
from genas.scorers._batch import BatchScorer

if TYPE_CHECKING:
    from genas.predictors.blend import Blend, Floats, Views
    from genas.predictors.gnn import GraphPredictor
    from genas.predictors.questions import Question
    from genas.predictors.task_transfer import KnownTasks
    from genas.scorers._beside import Beside


class GnnScorer(BatchScorer):
    """Scores from 0 (worst) to 1 (best), the predicted rank quantile; `std` is its standard deviation.

    Before `fit`, quantiles are among all architectures of the space. With 10 or more trials that have the task's
    accuracy, `fit` makes them quantiles among these trials: it blends what the shipped predictor says with a Gaussian
    process and trees, which read the predictor's embedding and features of paths, by how well each predicts trials it
    has not seen (`genas.predictors.blend`). Standard deviations are conformal in both cases: nine tenths of the
    left-out examples lie within 1.645 of them. Trials that a search chose are no sample of what it will choose next, so
    that this share is not promised there.

    A predictor that was taught several tasks, or costs on devices, is asked about the task that is searched on, or with
    learn=latency_ms (energy_mj) about a device: 1 is then what costs least. One that it was not taught is asked by
    words: those taught that are alike answer, with deviations as wide as left-out tasks or devices needed. What this
    brings on NAS-Bench-201 (eval/predictor_conditions.py): an order of costs without a measurement, at Spearman .95 on
    taught devices and .86 on left-out ones (two of nine are ranked better by FLOPs; `device_transfer` with ten
    measurements says more); and, its three data sets ranking alike, no more than .008 of Kendall's tau over networks of
    the same layers with one order for all. A predictor that was taught one order gives it whatever the task.

    With `transfer`, what was measured on other tasks joins in: before `fit`, quantiles are what these predict on
    average, with deviations as wide as they disagree (`genas.predictors.task_transfer`); then that is one more guess
    to blend. So ten trials of a new task begin where the known ones end. All known tasks count alike.

    With `beside`, what `fit` blends reads cheap figures too, which help where trials are few and their measuring is not
    dear beside a trial: on NAS-Bench-201 13 proxies raise Kendall's tau by .009 after 156 trials
    (eval/predictor_ranks.py).

    Source: see `GraphPredictor`, `Blend` and `KnownTasks` in `genas.predictors`.

    Args:
        space: whose architectures it scores.
        device: where the predictor runs.
        seed: of the adaptation.
        task: the one that is searched on, whose own table `transfer` may not name; its latency_device is the device
            that is asked about.
        model: one of genas by name, or a folder by a path such as ./NAME; None is gnn-<space>, "none" is none:
            `transfer` has to do.
        learn: the metric that is asked about, whose order `fit` learns.
        target: the device that is asked about, in words or by a table's name; None is the task's latency_device.
        trees: how many share the blend.
        beside: scorers that need no fitting, such as params,flops,synflow; they need the task.
        transfer: of other tasks: ledgers, run folders, or tables as `table:<task>:<option>=...,sample=300`.

    Raises:
        RequestError: where there is neither a model nor `transfer`, a source is the very task or has too little, no
            device is named, or the predictor was taught nothing of what is asked.
    """

    metric: ClassVar[Metric] = Metric("gnn")
    cost: ClassVar[float] = 0.001
    fits: ClassVar[bool] = True

    def __init__(
        self,
        space: SearchSpace,
        device: str = "cpu",
        seed: int = 0,
        task: Task | None = None,
        *,
        model: str | None = None,
        learn: str = "accuracy",
        target: str | None = None,
        trees: Count = 100,
        beside: Sequence[str] = (),
        transfer: Sequence[str] = (),
    ) -> None:
        self.space, self.device, self.seed, self.task = space, device, seed, task
        self.folder = model or f"gnn-{space.name}"
        self.learn, self.trees, self.transfer = learn, trees, tuple(transfer)
        self.target = target or (task.latency_device if task else None)
        if model == "none" and not self.transfer:
            raise RequestError("gnn:model=none knows nothing; add transfer=LEDGER_OR_TABLE, or name a model.")
        if learn in MEASURED and self.transfer:
            raise RequestError(f"gnn: transfer tells of merit on other tasks, not of {learn}; leave one of them out.")
        if learn in MEASURED and not self.target:
            raise RequestError(f"gnn: whose {learn}? Add target=DEVICE, or give the task latency_device=NAME.")
        if target and learn not in MEASURED:
            raise RequestError(f"gnn: a target device has no {learn}; add learn=latency_ms (or energy_mj).")
        if beside and task is None:
            raise RequestError("gnn: figures beside need the task, whose examples they look at.")
        self._beside: Beside | None = None
        if beside and task:
            from genas.scorers._beside import Beside

            self._beside = Beside(space, task, beside, device, seed)
        self._model: GraphPredictor | None = None
        self._known: KnownTasks | None = None
        self._blend: Blend | None = None

    def _loaded(self) -> GraphPredictor:
        if self._model is None:
            from genas.predictors.gnn import GraphPredictor

            make = f"genas fit gnn {self.space.name} LEDGER_OR_TABLE..."
            self._model = GraphPredictor.load(assets.model(self.folder, make=make), self.device)
        return self._model

    def score_all(
        self, archs: Sequence[Architecture], *, fidelity: float = 1.0, seed: int = 0
    ) -> list[Measurement | ScoreFailed]:
        """The predicted rank quantile of each, in one batch."""
        if not archs:
            return []
        known, model = self._tasks(), None if self.folder == "none" else self._loaded()
        began = time.perf_counter()
        if self._blend is not None:
            means, spreads = _quantiles(*self._blend.standings(self._views(archs)))
        elif known is not None:
            means, spreads = _quantiles(*known.standings(self._own_views(archs)))
        elif model is not None:
            found = model.predict(archs, self.device, self._question())
            means, spreads = (part.double().numpy() for part in found)
        seconds = (time.perf_counter() - began) / len(archs)
        return [
            Measurement(self.metric.name, float(m), seconds, fidelity, seed, float(s))
            for m, s in zip(means, spreads, strict=True)
        ]

    def fit(self, trials: Sequence[Trial]) -> None:
        """Blend anew for the order of all these trials; fewer than 10, or all of one value, change nothing."""
        from genas.predictors.blend import Blend

        less = self.learn not in COUNTED and declared.metric(self.learn).goal == "min"
        pairs = [(t.candidate.arch, t.value(self.learn)) for t in trials if t.failure is None]
        known = [(arch, -value if less else value) for arch, value in pairs if value is not None]
        if len(known) < 10 or len({value for _, value in known}) == 1:
            return
        if self._beside is not None:
            self._beside.fit([arch for arch, _ in known])
        blend = Blend(seed_of(self.seed, "gnn", len(known)), self.trees)
        blend.fit(self._views([arch for arch, _ in known]), [value for _, value in known])
        self._blend = blend

    def _question(self, task: Task | None = None) -> Question | None:
        """The task as the predictor is asked about it; None means all tasks alike."""
        from genas.predictors.questions import of_device, of_task

        if self.learn in MEASURED and self.target:
            return of_device(self.learn, self.target)
        task = task or self.task
        return of_task(task) if task else None

    def _tasks(self) -> KnownTasks | None:
        """The other tasks, read and fitted once; None without `transfer`."""
        if self._known is None and self.transfer:
            from genas.predictors.task_transfer import KnownTask, KnownTasks

            groups: dict[str, list[Example]] = {}
            for example in examples(self.space, self.transfer):
                groups.setdefault(example.task, []).append(example)
            tasks = []
            for name, group in groups.items():
                views = self._own_views([example.arch for example in group], self._other(name, group))
                merits = np.array([example.merit for example in group])
                tasks.append(KnownTask([example.arch.key for example in group], views, merits))
            self._known = KnownTasks(tasks, seed_of(self.seed, "gnn", "transfer"), self.trees)
        return self._known

    def _other(self, name: str, group: Sequence[Example]) -> Task | None:
        """The task of these examples, None where its words are not known."""
        if len(group) < 10 or len({example.merit for example in group}) == 1:
            raise RequestError(f"gnn: transfer has {len(group)} architectures of {name}; name a source of 10 or more.")
        use, table = group[0].use, group[0].source.startswith("table:")
        if use is None or (self.folder == "none" and not table):
            return None  # nobody is asked about it
        other: Task = registry.create("tasks", use, space=self.space, device="cpu", seed=0)
        if self.task and table and self.task.data_id == other.data_id:
            raise RequestError("gnn: transfer names the very task that is searched on; name other ones.")
        return other

    def _own_views(self, archs: Sequence[Architecture], task: Task | None = None) -> Views:
        """The views of architectures without those of the other tasks, asked about the task (see `_question`)."""
        from scipy.stats import norm

        from genas.predictors.blend import views

        if self.folder == "none":
            return views(self.space, archs)
        model = self._loaded()
        quantiles = model.predict(archs, self.device, self._question(task))[0].double().numpy()
        prior = norm.ppf(np.clip(quantiles, 1e-6, 1 - 1e-6))
        return views(self.space, archs, embedding=model.embed(archs, self.device), prior=prior[:, np.newaxis])

    def _views(self, archs: Sequence[Architecture]) -> Views:
        """What the blend of the task's own trials reads."""
        views, known = self._own_views(archs), self._tasks()
        if known is not None:
            views = views._replace(prior=np.c_[views.prior, known.standings(views)[0]])
        return views if self._beside is None else views._replace(side=self._beside(archs))


def _quantiles(mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """Median and standard deviation of the rank quantile of normally distributed standings; both [B]."""
    from scipy.stats import norm

    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    found = norm.cdf(mean[:, None] + std[:, None] * nodes)  # [B, nodes]
    first, second = (found**power @ weights / weights.sum() for power in (1, 2))
    return norm.cdf(mean), np.sqrt(np.maximum(second - first**2, 0))
