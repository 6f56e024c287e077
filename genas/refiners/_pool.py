"""What `auto` chooses from: every architecture of a small space, or what several sources brought of a large one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from genas.core import registry
from genas.core.context import Context
from genas.core.errors import MissingArtifact
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.predictors.gaussian_process import Traits, traits

SMALL = 20_000  # spellings up to which a space is enumerated
_FRESH, _MOST = 48, 400  # architectures brought to each ask, and kept for later ones
_PARENTS = 8  # the best, whose neighbours are looked at
_EVERY: WeakKeyDictionary[SearchSpace, Every | None] = WeakKeyDictionary()

Rows = npt.NDArray[np.intp]
Spelling = tuple[tuple[str, ...], tuple[tuple[int, int], ...]]
Living = tuple[tuple[str, ...], frozenset[tuple[int, int]]]


def spelling(arch: Architecture) -> Spelling:
    """Identity within a pool, cheaper than the key; isomorphic architectures may have several."""
    return arch.ops, arch.edges


def living(view: Traits) -> Living:
    """What computes anything: labels on paths, and edges."""
    return view.places, view.edges


class Every(NamedTuple):
    """All legal spellings of a small space, and their classes: those that differ only in what is on no path."""

    archs: list[Architecture]
    traits: list[Traits]  # of each class
    group: Rows  # the class of each spelling
    heads: Rows  # the spelling that stands for each class: the one with most zero operations


def enumerate_space(space: SearchSpace) -> Every | None:
    """Every legal architecture with its traits, remembered as long as the space lives; None for a large space."""
    if space not in _EVERY:
        frames = [space.frame(nodes) for nodes in space.sizes()]
        few = sum(prod(map(len, f.labels)) * 2 ** len(f.open_edges) for f in frames) <= SMALL
        archs = (
            [arch for frame in frames for arch in _spellings(space, frame) if not space.problems(arch)] if few else []
        )
        _EVERY[space] = _classes(archs, space) if few else None
    return _EVERY[space]


def _classes(archs: Sequence[Architecture], space: SearchSpace) -> Every:
    archs = sorted(archs, key=lambda arch: -sum(op in space.zero_ops for op in arch.ops))
    numbers: dict[Living, int] = {}
    views: list[Traits] = []
    group, heads = [], []
    for row, arch in enumerate(archs):
        view = traits(arch, space)
        group.append(numbers.setdefault(living(view), len(numbers)))
        if group[-1] == len(views):
            views.append(view)
            heads.append(row)
    return Every(archs, views, np.array(group), np.array(heads))


def _spellings(space: SearchSpace, frame: Any) -> Iterator[Architecture]:
    for chosen in product((False, True), repeat=len(frame.open_edges)):
        opened = [edge for edge, is_open in zip(frame.open_edges, chosen, strict=True) if is_open]
        edges = tuple(sorted((*frame.edges, *opened)))
        for ops in product(*frame.labels):
            yield Architecture(space.name, ops, edges)


class Pool:
    """Architectures to choose from, with the source each came from.

    Shares of the sources follow their yield, (good + 1) / (chosen + 2): Laplace's rule of succession, as between the
    proposers of a run. A generator without a trained model is left out and named in `absent`.

    Args:
        space: where the architectures come from.
        seed: of the run.
        generators: proposers by name.
        context: what their constructors may ask for.
        only: where given, all there is to choose from.
    """

    archs: Sequence[Architecture]
    traits: Sequence[Traits]  # of each class
    group: Rows  # the class of each architecture
    heads: Rows  # the architecture that stands for each class

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        generators: Sequence[str],
        context: Context,
        only: Sequence[Architecture] = (),
    ) -> None:
        self._space, self._seed = space, seed
        self._every = _classes(only, space) if only else enumerate_space(space)
        self.fixed = self._every is not None
        if self._every is None:
            self._hold([], [])
        else:
            self._hold([self._every.archs[i] for i in self._every.heads], self._every.traits)
        self.origin: dict[Spelling, tuple[str, tuple[str, ...]]] = {}
        self.absent: list[str] = []
        self._makers: dict[str, Proposer] = {}
        if not self.fixed:
            self._makers = {name: registry.create("proposers", name, context) for name in generators}
        self._chosen: dict[str, int] = dict.fromkeys(("mutation", "uniform", *self._makers), 0)
        self._good = dict.fromkeys(self._chosen, 0)
        self._known: dict[Spelling, Traits] = {}
        self._near: dict[Spelling, list[Architecture]] = {}  # of those that were parents
        self._rounds = 0

    def row(self, arch: Architecture) -> int | None:
        """Where in the pool the architecture, or one that computes the same, is."""
        spelled = spelling(arch)
        if spelled not in self._rows:
            number = self._living.get(living(traits(arch, self._space)))
            self._rows[spelled] = None if number is None else int(self.heads[number])
        return self._rows[spelled]

    def spell_out(self) -> None:
        """In a small space: from here on every spelling is offered, for figures that tell them apart."""
        if self._every is not None:
            self._hold(*self._every)

    def _hold(
        self,
        archs: Sequence[Architecture],
        views: Sequence[Traits],
        group: Rows | None = None,
        heads: Rows | None = None,
    ) -> None:
        self.archs, self.traits = archs, views
        each = np.arange(len(archs))
        self.group, self.heads = each if group is None else group, each if heads is None else heads
        self._living = {living(view): row for row, view in enumerate(views)}
        self._rows: dict[Spelling, int | None] = {spelling(arch): row for row, arch in enumerate(archs)}

    def source(self, arch: Architecture) -> tuple[str, tuple[str, ...]]:
        """Which source brought it, and from which parents."""
        return self.origin.get(spelling(arch), ("enumeration", ()))

    def credit(self, arch: Architecture, *, good: bool) -> None:
        """Count a measured candidate of a source."""
        name = self.source(arch)[0]
        if name in self._chosen:
            self._chosen[name] += 1
            self._good[name] += good

    def renew(
        self, best: Sequence[Architecture], kept: Sequence[Architecture], measured: Sequence[Architecture]
    ) -> None:
        """In a large space: what was measured, what is still promising (the best first), and fresh ones."""
        if self.fixed:
            return
        fresh = self._fresh(best)
        everyone = {spelling(arch): arch for arch in (*measured, *fresh, *kept[:_MOST])}
        self._known = {s: self._known.get(s) or traits(arch, self._space) for s, arch in everyone.items()}
        self._hold(list(everyone.values()), list(self._known.values()))

    def _fresh(self, best: Sequence[Architecture]) -> list[Architecture]:
        generator = rng(self._seed, "auto pool", self._rounds)
        self._rounds += 1
        worth = {name: (self._good[name] + 1) / (self._chosen[name] + 2) for name in self._chosen}
        found: list[Architecture] = []
        for name, part in worth.items():
            count = max(4, round(_FRESH * part / sum(worth.values())))
            for arch, parents in self._bring(name, count, best, generator):
                self.origin.setdefault(spelling(arch), (name, parents))
                found.append(arch)
        return found

    def _bring(
        self, name: str, count: int, best: Sequence[Architecture], generator: np.random.Generator
    ) -> list[tuple[Architecture, tuple[str, ...]]]:
        if name == "uniform":
            return [(self._space.sample(generator), ()) for _ in range(count)]
        if name == "mutation":
            return [self._mutated(best[:_PARENTS], generator) for _ in range(count if best else 0)]
        try:
            return [(candidate.arch, candidate.parents) for candidate in self._makers[name].ask(count)]
        except MissingArtifact:
            self.absent.append(name)
            del self._chosen[name], self._good[name], self._makers[name]
            return []

    def _mutated(
        self, best: Sequence[Architecture], generator: np.random.Generator
    ) -> tuple[Architecture, tuple[str, ...]]:
        """One or two steps away from one of the best, the better ones more often."""
        parent = best[int(len(best) * generator.random() ** 2)]
        arch = parent
        for step in range(1 + int(generator.integers(2))):
            near = self._near.get(spelling(arch)) or list(islice(self._space.neighbors(arch), 200))
            if step == 0:
                self._near[spelling(arch)] = near
            arch = near[int(generator.integers(len(near)))] if near else arch
        return arch, (parent.key,)
