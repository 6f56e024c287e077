"""Grows architectures step by step and measures at each step only those a model of earlier trials predicts best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import inf, prod

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.ranges import Count
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.core.rng import rng, seed_of
from genas.encodings.decisions import Decision, Decisions
from genas.encodings.paths import ArchFeatures
from genas.refiners._forest import forest_votes
from genas.refiners._search import TRIES, Search

_CHILDREN = 200  # at most, per parent


class Progressive(Search):
    """Beam search from simple to complex: grow the best of a level in all ways, measure those predicted best.

    Source: Liu et al., "Progressive Neural Architecture Search" (ECCV 2018), section 4 and algorithm 1. In a space
    with several sizes, a level is a number of nodes. In a space with one size, it is the number of decisions that
    differ from the plainest architecture. Its nodes are identities, else zero operations, else have their first label.

    Different from the paper: extra-trees on path counts predict in place of a recurrent network; a failed
    architecture counts as bad as the worst measured; architectures measured by other proposers join their level;
    after the last level the search starts again at the first and keeps its knowledge.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        beam: number of architectures measured at each level, and number of the best of a level that are grown.
        trees: number of trees of the predictor.
    """

    name = "progressive"

    def __init__(
        self, space: SearchSpace, seed: int, objectives: Sequence[Objective], *, beam: Count = 8, trees: Count = 60
    ) -> None:
        if min(beam, trees) < 1:
            raise RequestError("progressive needs beam and trees of at least 1.")
        super().__init__(space, seed, objectives[:1])
        self._beam, self._trees = beam, trees
        self._decisions, self._features = Decisions(space), ArchFeatures(space)
        self._sizes = self._decisions.sizes
        self._plain = () if len(self._sizes) > 1 else self._plainest()
        free = [decision for decision in self._decisions.of(self._sizes[0]) if len(decision.choices) > 1]
        self.levels = len(free) + 1 if self._plain else len(self._sizes)
        self._at: dict[int, dict[str, Architecture]] = {}  # proposed or measured, by level and key
        self._level = 0
        self._entered: int | None = None  # number proposed at this level; None before the level starts
        self._queue: list[Candidate] = []  # of this level, the best predicted first

    def level(self, arch: Architecture) -> int | None:
        """The level of the architecture, from 0; None if it lies outside the frame of its size."""
        values = self._decisions.read(arch)
        if values is None or not self._plain:
            return None if values is None else values[0]
        return sum(value != plain for value, plain in zip(values, self._plain, strict=True))

    def _plainest(self) -> tuple[int, ...]:
        """Decisions of the plainest architecture; if that is illegal, of a random one made as plain as legal."""
        decisions = self._decisions.of(self._sizes[0])
        plain = tuple(_plainest(decision, self._space) for decision in decisions)
        if self._decisions.write(plain) is not None:
            return plain
        values = None
        for draw in range(TRIES):
            values = values or self._decisions.read(self._space.sample(rng(self._seed, f"{self.name} plain", draw)))
        if values is None:
            raise RequestError(f"progressive cannot read the architectures of {self._space.name} as decisions.")
        for place, value in enumerate(plain):
            changed = (*values[:place], value, *values[place + 1 :])
            values = values if self._decisions.write(changed) is None else changed
        return values

    def _on_measured(self, arch: Architecture, trial: Trial) -> None:
        if (level := self.level(arch)) is not None:
            self._at.setdefault(level, {})[arch.key] = arch

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        for _ in range(self.levels + 1):
            if self._entered is None:
                self._queue, self._entered = self._chosen(generator), 0
            here = self._at.setdefault(self._level, {})
            early = bool(self._pending) and self._measured.keys().isdisjoint(here)  # all possible parents are pending
            while self._queue and (self._entered < self._beam or early):
                candidate = self._queue.pop(0)
                if candidate.arch.key not in self._seen:
                    self._entered += 1
                    here[candidate.arch.key] = candidate.arch
                    return candidate
            self._level, self._entered = (self._level + 1) % self.levels, None
        return None

    def _chosen(self, generator: np.random.Generator) -> list[Candidate]:
        """Children of the best of the previous level, the best predicted first."""
        grown = self._grown(generator) or dict.fromkeys(self._drawn(generator), "")
        pool = list(grown)
        if not pool or len(self._measured) < 2:
            order = generator.permutation(len(pool))
        else:
            random_state = seed_of(self._seed, self.name, self._asked) % 2**32
            training_set = self._training_set()
            votes = forest_votes(self._features, *training_set, pool, trees=self._trees, random_state=random_state)
            order = np.argsort(votes.mean(0), kind="stable")
        what = f"of {self._sizes[self._level]} nodes" if not self._plain else f"with {self._level} decisions not plain"
        note = f"{what}, of {len(pool)} that are looked at"
        return [self._candidate(pool[int(i)], grown[pool[int(i)]], note) for i in order]

    def _grown(self, generator: np.random.Generator) -> dict[Architecture, str]:
        """New children of the `beam` best parents that have any, each with the key of its parent."""
        parent_of: dict[Architecture, str] = {}
        present, parents = set(self._at.get(self._level, {}).values()), 0
        for parent in sorted(self._at.get(self._level - 1, {}).values(), key=self._rank):
            new = [child for child in self._children(parent, generator) if child not in present]
            parent_of, parents = dict.fromkeys(new, parent.key) | parent_of, parents + bool(new)
            if parents == self._beam:
                break
        return parent_of

    def _rank(self, arch: Architecture) -> float:
        """The loss; infinite for pending and failed architectures, so that they are grown last."""
        return self._loss(arch) if arch.key in self._measured else inf

    def _candidate(self, arch: Architecture, parent: str, note: str) -> Candidate:
        how = f"grown from {parent}" if parent else "drawn"
        return Candidate(arch, self.name, (parent,) if parent else (), f"{how}: {note}")

    def _drawn(self, generator: np.random.Generator) -> list[Architecture]:
        """For a level without parents: the plainest architecture, or new uniform samples of the level."""
        if self._plain:
            plain = self._decisions.write(self._plain) if self._level == 0 else None
            drawn = [] if plain is None else [plain]
        else:
            every = (self._space.sample(generator) for _ in range(TRIES))
            drawn = [arch for arch in every if self.level(arch) == self._level]
        return [arch for arch in drawn if arch.key not in self._seen]

    def _children(self, parent: Architecture, generator: np.random.Generator) -> Iterator[Architecture]:
        values = self._decisions.read(parent)
        assert values is not None  # it has a level
        ways = self._changed(values) if self._plain else self._longer(values, generator)
        for way in ways:
            if (child := self._decisions.write(way)) is not None:
                yield child

    def _changed(self, values: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """All ways to make one more decision differ from the plain choice."""
        for place, decision in enumerate(self._decisions.of(self._sizes[0])):
            for choice in range(len(decision.choices)) if values[place] == self._plain[place] else ():
                if choice != self._plain[place]:
                    yield (*values[:place], choice, *values[place + 1 :])

    def _longer(self, values: Sequence[int], generator: np.random.Generator) -> Iterator[tuple[int, ...]]:
        """Decisions of the next size: shared decisions stay; new ones take all combinations, or 200 random ones."""
        kept = {d.name: v for d, v in zip(self._decisions.of(self._sizes[values[0]]), values, strict=True)}
        kept["nodes"] = values[0] + 1
        decisions = self._decisions.of(self._sizes[values[0] + 1])
        choices = [(kept[d.name],) if d.name in kept else tuple(range(len(d.choices))) for d in decisions]
        if prod(map(len, choices)) <= _CHILDREN:
            yield from product(*choices)
        else:
            drawn = [generator.integers(len(options), size=_CHILDREN) for options in choices]
            for row in range(_CHILDREN):
                yield tuple(options[int(d[row])] for options, d in zip(choices, drawn, strict=True))


def _plainest(decision: Decision, space: SearchSpace) -> int:
    """The index of the choice that is an identity, else of a zero operation, else 0."""
    for kind in (space.identity_ops, space.zero_ops):
        for place, choice in enumerate(decision.choices):
            if choice in kind:
                return place
    return 0
