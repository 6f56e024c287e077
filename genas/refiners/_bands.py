"""Divides a space into bands of complexity, so that a generator of little diversity still covers all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from genas.core import registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import is_on_test
from genas.core.records import Architecture, Constraint
from genas.core.rng import rng

_SAMPLES, _DRAWS = 48, 400  # samples that define the quantiles, and draws at most to find that many within the limits


class Band(NamedTuple):
    """One part of the space.

    Args:
        number: 0 is the band of least complexity.
        words: a description of the band.
        samples: architectures in it.
    """

    number: int
    words: str
    samples: Sequence[Architecture]


class Bands:
    """Bands between the quantiles of a cheap score over random architectures that keep the limits on that score.

    Source: PEL-NAS (2025, arXiv 2510.01472) searches several niches of complexity separately, because language models
    left free propose little diversity. Here each call draws a band with weight 1 + (number of the best measured
    architectures in it), so that no band is abandoned.

    Args:
        space: the search space.
        task: the task that the scorer may depend on.
        limits: the limits of the run.
        seed: decides the samples.
        measure: name of a cheap, deterministic scorer, such as "params".
        count: number of bands; 1 leaves the space undivided, and nothing is scored.

    Raises:
        RequestError: there is no such scorer, it would reveal the searched metric, or it can score none of the samples.
    """

    def __init__(
        self, space: SearchSpace, task: Task, limits: Sequence[Constraint], seed: int, *, measure: str, count: int
    ) -> None:
        self._space, self._task, self._name, self._count, self._seed = space, task, measure, count, seed
        self._limits = [limit for limit in limits if limit.metric == measure]
        self._values: dict[str, float | None] = {}

    def draw(self, best: Sequence[Architecture], generator: np.random.Generator) -> Band:
        """A random band for the next call; bands that hold more of `best` are likelier.

        Args:
            best: the best measured architectures.
            generator: draws the band.
        """
        if self._count == 1:
            return Band(0, "no limit of its own", [self._space.sample(generator) for _ in range(_SAMPLES)])
        held = Counter(self.of(arch) for arch in best)
        chances = np.array([1.0 + held[number] for number in range(self._count)])
        number = int(generator.choice(self._count, p=chances / chances.sum()))
        return Band(number, self._words(number), [arch for arch in self._samples if self.of(arch) == number])

    def of(self, arch: Architecture) -> int | None:
        """The number of the architecture's band; None if it can't be scored or breaks a limit."""
        value = self._value(arch)
        if value is None or not self._holds(value):
            return None
        return int(np.searchsorted(self._cuts, value, side="right"))

    def fault(self, arch: Architecture, band: Band) -> str | None:
        """Why an architecture is outside the band, in words; None if it is inside or can't be scored."""
        value = self._value(arch) if self._count > 1 else None
        if value is None or self.of(arch) == band.number:
            return None
        return f"{self._name} is {value:,.0f}, but should be {band.words}"

    def _words(self, number: int) -> str:
        low, high = [None, *self._cuts][number], [*self._cuts, None][number]
        if low is None:
            return f"below {high:,.0f} {self._name}"
        return f"at least {low:,.0f} {self._name}" if high is None else f"{low:,.0f} to {high:,.0f} {self._name}"

    def _holds(self, value: float) -> bool:
        return all(limit.holds(value) for limit in self._limits)

    def _value(self, arch: Architecture) -> float | None:
        if arch.key not in self._values:
            try:
                self._values[arch.key] = self._scorer.score(arch).value
            except ScoreFailed:
                self._values[arch.key] = None
        return self._values[arch.key]

    @cached_property
    def _scorer(self) -> Scorer:
        made: Scorer = registry.create(
            "scorers", self._name, space=self._space, task=self._task, device="cpu", seed=self._seed
        )
        if made.metric == self._task.metric or is_on_test(made.metric.name):
            raise RequestError(f"{self._name} reveals the searched metric; name another scorer as complexity.")
        return made

    @cached_property
    def _samples(self) -> list[Architecture]:
        """Samples that can be scored and keep the limits; if none keeps them, samples of the whole space."""
        generator = rng(self._seed, "bands")
        drawn = (self._space.sample(generator) for _ in range(_DRAWS))
        whole = [arch for arch in islice(drawn, _SAMPLES) if self._value(arch) is not None]
        if not whole:
            raise RequestError(
                f"{self._name} could score none of {_SAMPLES} architectures of {self._space.name}: name another scorer "
                "as complexity, or write partition=1."
            )
        within = [arch for arch in whole if self._holds(self._value(arch) or 0.0)]
        if len(within) < _SAMPLES:
            more = (arch for arch in drawn if (value := self._value(arch)) is not None and self._holds(value))
            within += islice(more, _SAMPLES - len(within))
        return within or whole

    @cached_property
    def _cuts(self) -> list[float]:
        values = [self._value(arch) or 0.0 for arch in self._samples]
        return [float(cut) for cut in np.quantile(values, np.arange(1, self._count) / self._count)]
