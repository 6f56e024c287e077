"""Statistics of untrained networks: each network is built once, and proxies share its forward and backward passes."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping

from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.probes.gradients import curvature, samples, zen
from genas.probes.shared_pass import borders, shared, synflow, weight_norms
from genas.probes.spectra import blocks, information
from genas.probes.subject import Outcome, Subject
from genas.training.fresh import fresh_network, guarded
from genas.training.timing import pick_device

Joint = Callable[[Subject, Collection[str]], dict[str, Outcome]]

# Functions that measure several figures in one pass; of these, they measure all that some scorer expects.
_JOINT: dict[Joint, tuple[str, ...]] = {
    shared: ("naswot", "swap", "grad_norm", "snip", "plain", "fisher", "layers", "jacov", "epe_nas"),
    samples: ("ntk", "gradsign", "zico"),
    blocks: ("expressivity", "progressivity", "trainability"),
}
_JOINT_OF = {figure: run for run, figures in _JOINT.items() for figure in figures}
_SINGLE: dict[str, Callable[[Subject], float]] = {
    "l2_norm": weight_norms, "synflow": synflow, "linear_regions": borders, "grasp": curvature, "zen": zen,
    "vkdnw": information,
}  # fmt: skip


class Probes:
    """Measures figures of untrained networks, and caches them.

    Scorers with the same `Probes` object share networks and passes. Each scorer announces its figures with `expect`;
    the first request for an architecture then measures all expected figures of the same pass. Only the last network is
    kept in memory, and a limited number of figures.

    Args:
        space: builds the networks.
        task: provides examples and labels.
        device: where the networks run; "auto" is a GPU if there is one.
        seed: added to the seed of each request.
        remembered: maximum number of cached figures.
    """

    def __init__(
        self, space: SearchSpace, task: Task, device: str = "cpu", seed: int = 0, *, remembered: int = 100_000
    ) -> None:
        self._space, self._task, self._device, self._seed, self._remembered = space, task, device, seed, remembered
        self._expected: set[tuple[str, int]] = set()
        self._cache: OrderedDict[tuple[str, int, int, str], Outcome] = OrderedDict()
        self._last: tuple[tuple[str, int, int], Subject] | None = None

    def expect(self, figure: str, batch: int = 16) -> None:
        """Announce that `figure` will be requested, so that it is measured together with others of its pass.

        Args:
            figure: name of the figure.
            batch: number of examples.
        """
        self._expected.add((figure, batch))

    def value(self, arch: Architecture, figure: str, *, seed: int = 0, batch: int = 16) -> float:
        """One figure of an architecture, as a number.

        Args:
            arch: the architecture.
            figure: name of the figure.
            seed: decides initial weights and examples.
            batch: number of examples.

        Raises:
            ScoreFailed: the network cannot be built or run, or the figure is undefined for it.
        """
        outcome = self.outcome(arch, figure, seed=seed, batch=batch)
        if not isinstance(outcome, float):
            raise TypeError(f"{figure} is not one number")
        return outcome

    def rows(self, arch: Architecture, *, seed: int = 0, batch: int = 16) -> tuple[tuple[float, ...], ...]:
        """Statistics of each weight tensor, in order; see `genas.probes.shared_pass.layer_rows`.

        Raises:
            ScoreFailed: the network cannot be built or run.
        """
        outcome = self.outcome(arch, "layers", seed=seed, batch=batch)
        if isinstance(outcome, float):
            raise TypeError("layers are rows of numbers")
        return outcome

    def outcome(
        self, arch: Architecture, figure: str, *, seed: int, batch: int
    ) -> float | tuple[tuple[float, ...], ...]:
        """A figure, from the cache or measured now; arguments as for `value`.

        Raises:
            ScoreFailed: as for `value`; a cached failure is raised again at every request.
        """
        key = (arch.key, seed + self._seed, batch)
        if (*key, figure) not in self._cache:
            self._measure(arch, key, figure)
        outcome = self._cache[(*key, figure)]
        self._cache.move_to_end((*key, figure))
        if isinstance(outcome, ScoreFailed):
            raise ScoreFailed(str(outcome))
        return outcome

    def _measure(self, arch: Architecture, key: tuple[str, int, int], figure: str) -> None:
        subject = self._subject(arch, key)
        wanted = {figure}
        if run := _JOINT_OF.get(figure):
            wanted |= {name for name in _JOINT[run] if (name, key[2]) in self._expected}
        results: Mapping[str, Outcome]
        try:
            with guarded():
                results = run(subject, wanted) if run else {figure: _SINGLE[figure](subject)}
        except ScoreFailed as failure:
            results = dict.fromkeys(wanted, failure)
        for name in wanted:
            self._cache[(*key, name)] = _checked(name, results[name])
        while len(self._cache) > self._remembered:
            self._cache.popitem(last=False)

    def _subject(self, arch: Architecture, key: tuple[str, int, int]) -> Subject:
        if self._last is None or self._last[0] != key:
            self._last = None  # free the old network before building the new one
            _, seed, batch = key
            network = fresh_network(self._space, self._task, arch, seed=seed, device=self._device)
            self._last = key, Subject(network, self._task, batch, (arch.key, seed), pick_device(self._device))
        return self._last[1]


def _checked(name: str, outcome: Outcome) -> Outcome:
    numbers = [outcome] if isinstance(outcome, float) else []
    if isinstance(outcome, tuple):
        numbers = [number for row in outcome for number in row]
    if all(math.isfinite(number) for number in numbers):
        return outcome
    return ScoreFailed(f"{name} is not a finite number")
