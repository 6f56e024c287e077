"""The pool that `auto` chooses from: all architectures of a small space, or samples of several sources."""

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

SMALL = 20_000  # a space with at most this many spellings is enumerated
_FRESH, _MOST = 48, 400  # new architectures per ask, and promising ones kept for later asks
_PARENTS = 8  # number of best architectures that are mutated
_EVERY: WeakKeyDictionary[SearchSpace, Every | None] = WeakKeyDictionary()

Rows = npt.NDArray[np.intp]
Spelling = tuple[tuple[str, ...], tuple[tuple[int, int], ...]]
Living = tuple[tuple[str, ...], frozenset[tuple[int, int]]]


def spelling(arch: Architecture) -> Spelling:
    """Identity within a pool, cheaper than the key. Isomorphic architectures may have different spellings."""
    return arch.ops, arch.edges


def living(view: Traits) -> Living:
    """The part of the graph that computes something: labels on paths from input to output, and their edges."""
    return view.places, view.edges


class Every(NamedTuple):
    """All legal spellings of a small space. Spellings that differ only in nodes on no path form one class."""

    archs: list[Architecture]
    traits: list[Traits]  # one per class
    group: Rows  # the class of each spelling
    heads: Rows  # the spelling that represents each class: the one with most zero operations


def enumerate_space(space: SearchSpace) -> Every | None:
    """Every legal architecture with its traits, cached as long as the space object exists; None for a large space."""
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
    """Architectures to choose from, and the source of each.

    Each source contributes in proportion to its yield, (good + 1) / (chosen + 2): Laplace's rule of succession, as
    among the proposers of a run. A generator without a trained model is left out and named in `absent`.

    Args:
        space: the search space.
        seed: the seed of the run.
        generators: names of proposers.
        context: arguments for their constructors, by name.
        only: if not empty, the pool consists of these architectures alone.
    """

    archs: Sequence[Architecture]
    traits: Sequence[Traits]  # one per class
    group: Rows  # the class of each architecture
    heads: Rows  # the architecture that represents each class

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
        self._traits_of: dict[Spelling, Traits] = {}
        self._near: dict[Spelling, list[Architecture]] = {}  # neighbours of each parent so far
        self._rounds = 0

    def row(self, arch: Architecture) -> int | None:
        """The row of the architecture, or of one that computes the same; None if the pool holds neither."""
        spelled = spelling(arch)
        if spelled not in self._rows:
            number = self._living.get(living(traits(arch, self._space)))
            self._rows[spelled] = None if number is None else int(self.heads[number])
        return self._rows[spelled]

    def spell_out(self) -> None:
        """In an enumerated space: offer every spelling from now on, for values that differ between spellings."""
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
        """The name of the architecture's source, and the keys of its parents."""
        return self.origin.get(spelling(arch), ("enumeration", ()))

    def credit(self, arch: Architecture, *, good: bool) -> None:
        """Count a measured architecture for its source, as good or not."""
        name = self.source(arch)[0]
        if name in self._chosen:
            self._chosen[name] += 1
            self._good[name] += good

    def renew(
        self, best: Sequence[Architecture], kept: Sequence[Architecture], measured: Sequence[Architecture]
    ) -> None:
        """In a large space: refill the pool with measured, promising and new architectures.

        Args:
            best: measured architectures to mutate, the best first.
            kept: promising architectures of the last pool, the best first.
            measured: architectures that were proposed or measured.
        """
        if self.fixed:
            return
        fresh = self._fresh(best)
        everyone = {spelling(arch): arch for arch in (*measured, *fresh, *kept[:_MOST])}
        self._traits_of = {s: self._traits_of.get(s) or traits(arch, self._space) for s, arch in everyone.items()}
        self._hold(list(everyone.values()), list(self._traits_of.values()))

    def _fresh(self, best: Sequence[Architecture]) -> list[Architecture]:
        generator = rng(self._seed, "auto pool", self._rounds)
        self._rounds += 1
        yields = {name: (self._good[name] + 1) / (self._chosen[name] + 2) for name in self._chosen}
        fresh: list[Architecture] = []
        for name, part in yields.items():
            count = max(4, round(_FRESH * part / sum(yields.values())))
            for arch, parents in self._bring(name, count, best, generator):
                self.origin.setdefault(spelling(arch), (name, parents))
                fresh.append(arch)
        return fresh

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
        """A mutation by one or two edits of one of the best; better ones are chosen more often."""
        parent = best[int(len(best) * generator.random() ** 2)]
        arch = parent
        for step in range(1 + int(generator.integers(2))):
            near = self._near.get(spelling(arch)) or list(islice(self._space.neighbors(arch), 200))
            if step == 0:
                self._near[spelling(arch)] = near
            arch = near[int(generator.integers(len(near)))] if near else arch
        return arch, (parent.key,)
