"""Bayesian optimisation with a random forest and expected improvement, by the package SMAC3."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from genas.core.errors import MissingArtifact, RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import seed_of
from genas.encodings.decisions import Decisions
from genas.refiners._search import Search

_TRIES = 8  # configurations of SMAC for one new legal architecture
_FOREST = {"n_trees": 10, "ratio_features": 1.0, "min_samples_split": 2, "min_samples_leaf": 1}  # as in SMAC's facade
_LEAVES = 4096  # each fit allocates memory for this many (with SMAC's default, 2^20, that takes a second)
_ENOUGH = 1_000_000  # trials: SMAC requires a budget; genas enforces the real one


class Smac(Search):
    """Sequential model-based algorithm configuration: a random forest, with local search for expected improvement.

    Source: Hutter et al., "Sequential Model-Based Optimization for General Algorithm Configuration" (LION 2011), in the
    package SMAC3 (Lindauer et al., JMLR 2022; BSD licence), by the ask-and-tell interface of its hyperparameter facade.
    The parameters are the decisions of the frames; decisions of other sizes are inactive. Different here: the first
    trials are random architectures rather than a Sobol sequence, because many combinations of decisions are illegal;
    failed and illegal architectures are reported as bad as the worst measured.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        start: number of random trials before the forest is used.
        challengers: number of random configurations compared by expected improvement, beside those of local search.
        every: number of configurations between fits; SMAC's own default is 8, which is faster and finds less.

    Raises:
        MissingArtifact: smac is not installed.
    """

    name = "smac"

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        start: Count = 10,
        challengers: Count = 10_000,
        every: Count = 1,
    ) -> None:
        if min(start, challengers, every) < 1:
            raise RequestError("smac needs start, challengers and every of at least 1.")
        super().__init__(space, seed, objectives[:1])
        self._start, self._challengers, self._every = start, challengers, every
        self._decisions = Decisions(space)
        self._facade = self._open()
        self._trial_infos: dict[str, Any] = {}  # SMAC's record of each pending architecture, by key

    def _open(self) -> Any:
        try:
            from smac import HyperparameterOptimizationFacade as Facade
            from smac import Scenario
            from smac.model.random_forest import RandomForest
        except ImportError as error:
            raise MissingArtifact("smac", "Install it with: pip install smac") from error
        logging.getLogger("smac").setLevel(logging.ERROR)
        with TemporaryDirectory() as folder:  # SMAC writes its settings, which nobody reads
            scenario = Scenario(
                self._parameters(),
                output_directory=Path(folder),
                deterministic=True,
                n_trials=_ENOUGH,
                seed=seed_of(self._seed, self.name) % 2**31,
            )
            return Facade(
                scenario,
                model=RandomForest(
                    scenario.configspace, log_y=True, seed=scenario.seed, n_jobs=1, max_leaf_nodes=_LEAVES, **_FOREST
                ),
                initial_design=Facade.get_initial_design(scenario, n_configs=0),
                intensifier=Facade.get_intensifier(scenario, max_config_calls=1),
                acquisition_maximizer=self._maximizer(scenario),
                config_selector=Facade.get_config_selector(scenario, retrain_after=self._every),
                logging_level=False,
            )

    def _maximizer(self, scenario: Any) -> Any:
        """The facade's acquisition maximiser, with the starts of its local searches in a deterministic order.

        SMAC 2.4 keeps the starts in a set, whose order depends on Python's hash seed.
        """
        from smac.acquisition.maximizer import LocalAndSortedRandomSearch, LocalSearch

        class Ordered(LocalSearch):  # type: ignore[misc]
            def _get_initial_points(self, *args: Any, **kwargs: Any) -> list[Any]:
                return sorted(super()._get_initial_points(*args, **kwargs), key=_sorted_items)

        space, seed = scenario.configspace, scenario.seed
        maximizer = LocalAndSortedRandomSearch(space, challengers=self._challengers, seed=seed)
        maximizer._local_search = Ordered(configspace=space, seed=seed)
        return maximizer

    def _parameters(self) -> Any:
        """One categorical parameter per decision, active in the sizes that have the decision."""
        from ConfigSpace import Categorical, ConfigurationSpace, InCondition

        sizes: dict[str, list[int]] = {}
        choices: dict[str, int] = {}
        for number, size in enumerate(self._decisions.sizes):
            for decision in self._decisions.of(size):
                sizes.setdefault(decision.name, []).append(number)
                choices[decision.name] = len(decision.choices)
        parameters = {name: Categorical(name, list(range(count))) for name, count in choices.items()}
        space = ConfigurationSpace()
        space.add(list(parameters.values()))
        partial = {name: having for name, having in sizes.items() if len(having) < len(self._decisions.sizes)}
        nodes = parameters["nodes"]
        space.add([InCondition(parameters[name], nodes, having) for name, having in partial.items()])
        return space

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._measured or len(self._measured) + len(self._failed) < self._start:
            return self._random(generator, f"random, among the first {self._start}")
        for _ in range(_TRIES):
            info = self._ask()
            if info is None:
                return None
            arch = self._decisions.write(self._values(info.config))
            if arch is not None and arch.key not in self._seen:
                self._trial_infos[arch.key] = info
                best = self._best(1)[0]
                note = f"chosen by SMAC from {len(self._measured)} trials, the best {best.key} ({self._figure(best)})"
                return Candidate(arch, self.name, (best.key,), note)
            self._report(info, None if arch is None else self._losses.get(arch.key, (None,))[0])
        return None

    def _ask(self) -> Any:
        """SMAC's next trial; None once it has tried all configurations."""
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of SMAC's reports: means of empty lists
            try:
                return self._facade.ask()
            except (StopIteration, ConfigurationSpaceExhaustedException):
                return None

    def _values(self, config: Mapping[str, Any]) -> list[int]:
        first = int(config["nodes"])
        return [int(config[decision.name]) for decision in self._decisions.of(self._decisions.sizes[first])]

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        self._tell(arch, self._loss(arch))

    def _on_failed(self, arch: Architecture, trial: Trial) -> None:
        if self._measured and arch.key not in self._measured:
            self._tell(arch, None)

    def _after_tell(self) -> None:
        self._trial_infos = {key: info for key, info in self._trial_infos.items() if key in self._pending}

    def _tell(self, arch: Architecture, loss: float | None) -> None:
        from ConfigSpace import Configuration
        from smac.runhistory import TrialInfo

        info, values = self._trial_infos.pop(arch.key, None), self._decisions.read(arch)
        if info is None and values is not None:
            named = {d.name: v for d, v in zip(self._decisions.of(len(arch.ops)), values, strict=True)}
            info = TrialInfo(Configuration(self._facade.scenario.configspace, values=named), seed=0)
        if info is not None:
            self._report(info, loss)

    def _report(self, info: Any, loss: float | None) -> None:
        """Report a loss to SMAC; None counts as bad as the worst measured."""
        from smac.runhistory import TrialValue

        worst = max(value for value, *_ in self._losses.values())
        self._facade.tell(info, TrialValue(cost=worst if loss is None else loss), save=False)


def _sorted_items(config: Mapping[str, Any]) -> list[tuple[str, int]]:
    return sorted((name, int(value)) for name, value in config.items())
