"""Asks for what a random forest expects to improve most upon the best, with the SMAC package."""

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
_FOREST = {"n_trees": 10, "ratio_features": 1.0, "min_samples_split": 2, "min_samples_leaf": 1}  # as the facade's
_LEAVES = 4096  # room for more is taken at every fit (its default, 2^20, costs a second)
_ENOUGH = 1_000_000  # trials: SMAC wants a budget, which the run keeps


class Smac(Search):
    """Sequential model-based algorithm configuration: a random forest, expected improvement, local search for it.

    Source: Hutter et al., "Sequential Model-Based Optimization for General Algorithm Configuration" (LION 2011), in the
    package SMAC3 (Lindauer et al., JMLR 2022; BSD licence), its facade for hyperparameters, asked and told. The
    parameters are the frame's decisions; those of other sizes are inactive. Here the first trials are random
    architectures of the space rather than a Sobol sequence, as many combinations of decisions are illegal, and what
    failed or is illegal is told as bad as the worst measured.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        start: trials before the forest is used.
        challengers: configurations among which the expected improvement chooses, beside those of its local search.
        every: configurations between fits; the package's own default is 8, which is quicker and finds less.

    Raises:
        MissingArtifact: where smac is not installed.
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
        self._asked_of: dict[str, Any] = {}  # SMAC's trials by key, not told yet

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
        """The facade's, but that its local searches start in an order that is the same in every process.

        SMAC 2.4 keeps their starts in a set, whose order depends on Python's hash seed.
        """
        from smac.acquisition.maximizer import LocalAndSortedRandomSearch, LocalSearch

        class Ordered(LocalSearch):  # type: ignore[misc]
            def _get_initial_points(self, *given: Any, **named: Any) -> list[Any]:
                return sorted(super()._get_initial_points(*given, **named), key=_spelled)

        space, seed = scenario.configspace, scenario.seed
        maximizer = LocalAndSortedRandomSearch(space, challengers=self._challengers, seed=seed)
        maximizer._local_search = Ordered(configspace=space, seed=seed)
        return maximizer

    def _parameters(self) -> Any:
        """One categorical parameter a decision, active in the sizes that have the decision."""
        from ConfigSpace import Categorical, ConfigurationSpace, InCondition

        sizes: dict[str, list[int]] = {}
        choices: dict[str, int] = {}
        for number, size in enumerate(self._decisions.sizes):
            for decision in self._decisions.of(size):
                sizes.setdefault(decision.name, []).append(number)
                choices[decision.name] = len(decision.choices)
        found = {name: Categorical(name, list(range(count))) for name, count in choices.items()}
        space = ConfigurationSpace()
        space.add(list(found.values()))
        every = len(self._decisions.sizes)
        space.add([InCondition(found[n], found["nodes"], having) for n, having in sizes.items() if len(having) < every])
        return space

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        if not self._known or len(self._known) + len(self._failed) < self._start:
            return self._random(generator, f"random, among the first {self._start}")
        for _ in range(_TRIES):
            info = self._ask()
            if info is None:
                return None
            arch = self._decisions.write(self._values(info.config))
            if arch is not None and arch.key not in self._seen:
                self._asked_of[arch.key] = info
                best = self._best(1)[0]
                note = f"chosen by SMAC from {len(self._known)} trials, the best {best.key} ({self._figure(best)})"
                return Candidate(arch, self.name, (best.key,), note)
            self._report(info, None if arch is None else self._losses.get(arch.key, (None,))[0])
        return None

    def _ask(self) -> Any:
        """SMAC's next trial; None where it has been through all configurations."""
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # means of nothing, in its reports
            try:
                return self._facade.ask()
            except (StopIteration, ConfigurationSpaceExhaustedException):
                return None

    def _values(self, config: Mapping[str, Any]) -> list[int]:
        first = int(config["nodes"])
        return [int(config[decision.name]) for decision in self._decisions.of(self._decisions.sizes[first])]

    def _join(self, arch: Architecture, trial: Trial) -> None:
        self._tell(arch, self._loss(arch))

    def _fail(self, arch: Architecture, trial: Trial) -> None:
        if self._known and arch.key not in self._known:
            self._tell(arch, None)

    def _settle(self) -> None:
        self._asked_of = {key: info for key, info in self._asked_of.items() if key in self._waiting}

    def _tell(self, arch: Architecture, loss: float | None) -> None:
        from ConfigSpace import Configuration
        from smac.runhistory import TrialInfo

        info, values = self._asked_of.pop(arch.key, None), self._decisions.read(arch)
        if info is None and values is not None:
            named = {d.name: v for d, v in zip(self._decisions.of(len(arch.ops)), values, strict=True)}
            info = TrialInfo(Configuration(self._facade.scenario.configspace, values=named), seed=0)
        if info is not None:
            self._report(info, loss)

    def _report(self, info: Any, loss: float | None) -> None:
        """Tell SMAC a loss; None is as bad as the worst measured."""
        from smac.runhistory import TrialValue

        worst = max(value for value, *_ in self._losses.values())
        self._facade.tell(info, TrialValue(cost=worst if loss is None else loss), save=False)


def _spelled(config: Mapping[str, Any]) -> list[tuple[str, int]]:
    return sorted((name, int(value)) for name, value in config.items())
