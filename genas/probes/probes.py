"""What untrained networks show: each is built once, and one forward pass serves all proxies that can share it."""

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

# Passes that show several figures: those of them that anyone expects are measured together.
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
    """Figures of untrained networks, looked up or measured.

    Scorers that are given the same object share its networks and passes: each says with `expect` what it will ask for,
    and the first question about an architecture then measures all that one forward pass can tell. Only the network
    asked about last is held, and the figures of the last few thousand.

    Args:
        space: builds the networks.
        task: gives the examples and labels.
        device: where the networks run, "auto" for a GPU if there is one.
        seed: added to the seed of each question.
        remembered: figures held at most.
    """

    def __init__(
        self, space: SearchSpace, task: Task, device: str = "cpu", seed: int = 0, *, remembered: int = 100_000
    ) -> None:
        self._space, self._task, self._device, self._seed, self._remembered = space, task, device, seed, remembered
        self._expected: set[tuple[str, int]] = set()
        self._found: OrderedDict[tuple[str, int, int, str], Outcome] = OrderedDict()
        self._last: tuple[tuple[str, int, int], Subject] | None = None

    def expect(self, figure: str, batch: int = 16) -> None:
        """Announce that `figure` will be asked for, so that it is measured along with others of its pass."""
        self._expected.add((figure, batch))

    def value(self, arch: Architecture, figure: str, *, seed: int = 0, batch: int = 16) -> float:
        """One number of `arch` at the weights and examples of `seed`.

        Args:
            batch: examples looked at.

        Raises:
            ScoreFailed: where the network cannot be built or run, or the figure makes no sense for it.
        """
        found = self.outcome(arch, figure, seed=seed, batch=batch)
        if not isinstance(found, float):
            raise TypeError(f"{figure} is not one number")
        return found

    def rows(self, arch: Architecture, *, seed: int = 0, batch: int = 16) -> tuple[tuple[float, ...], ...]:
        """Statistics of each weight tensor in order: see `genas.probes.shared_pass.layer_rows`."""
        found = self.outcome(arch, "layers", seed=seed, batch=batch)
        if isinstance(found, float):
            raise TypeError("layers are rows of numbers")
        return found

    def outcome(
        self, arch: Architecture, figure: str, *, seed: int, batch: int
    ) -> float | tuple[tuple[float, ...], ...]:
        """The figure from memory, or measured now; ScoreFailed is raised again at every question."""
        key = (arch.key, seed + self._seed, batch)
        if (*key, figure) not in self._found:
            self._measure(arch, key, figure)
        found = self._found[(*key, figure)]
        self._found.move_to_end((*key, figure))
        if isinstance(found, ScoreFailed):
            raise ScoreFailed(str(found))
        return found

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
            self._found[(*key, name)] = _checked(name, results[name])
        while len(self._found) > self._remembered:
            self._found.popitem(last=False)

    def _subject(self, arch: Architecture, key: tuple[str, int, int]) -> Subject:
        if self._last is None or self._last[0] != key:
            self._last = None  # free the old network before the new one is built
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
