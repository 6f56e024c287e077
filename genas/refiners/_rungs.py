"""The base class of multi-fidelity searches: brackets of rungs, and who is promoted in them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace
from genas.core.pareto import losses
from genas.core.records import Architecture, Candidate, Objective, Trial
from genas.refiners._search import Search
from genas.refiners._variation import Variation

_ELITE = 5  # number of best architectures at the highest fidelity that are mutated
_TRIES = 20  # mutations for one new architecture
_HOPELESS = 3  # failures that name a fidelity, without one success at it, after which the fidelity is unavailable


class Rung(NamedTuple):
    """`size` architectures measured at one fidelity."""

    size: int
    fidelity: float


class Bracket:
    """Rungs of rising fidelity: once a rung is complete, its best architectures are promoted, but never failed ones.

    If a pending architecture is never measured, another takes its place.

    Args:
        rungs: from the lowest fidelity to the highest.
    """

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self.rungs = list(rungs)
        self._results: list[dict[str, float]] = [{} for _ in rungs]  # per rung, loss by key; infinite for failed trials
        self._pending: dict[str, int] = {}  # rung by key
        self._dropped: set[str] = set()  # keys that are not promoted any more

    def has_room(self) -> bool:
        """Whether the lowest rung takes another architecture."""
        return self._room(0) > 0

    def enter(self, key: str, rung: int = 0) -> float:
        """Add a pending architecture to a rung. Returns the fidelity to measure it at."""
        self._pending[key] = rung
        return self.rungs[rung].fidelity

    def promotion(self) -> tuple[str, int] | None:
        """The key to promote next and its new rung, from the highest rung down; None if nothing is ready."""
        for rung in range(len(self.rungs) - 1, 0, -1):
            if self._room(rung) > 0 and self._complete(rung - 1) and (ready := self._ready(rung)):
                return ready[0], rung
        return None

    def tell(self, key: str, fidelity: float, loss: float) -> None:
        """Take the result of a pending architecture. One measured elsewhere at a higher fidelity leaves the bracket."""
        rung = self._pending.get(key)
        if rung is not None and fidelity == self.rungs[rung].fidelity:
            del self._pending[key]
            self._results[rung][key] = loss
        elif any(
            key in results and fidelity > at.fidelity for results, at in zip(self._results, self.rungs, strict=True)
        ):
            self._dropped.add(key)

    def drop(self, kept: Sequence[str]) -> None:
        """Stop waiting for all pending architectures but these."""
        gone = set(self._pending) - set(kept)
        self._dropped |= {key for key in gone if self._pending[key] > 0}
        self._pending = {key: rung for key, rung in self._pending.items() if key not in gone}

    def shut(self) -> None:
        """Close the lowest rung to further architectures: its size becomes the number it holds."""
        self.rungs[0] = self.rungs[0]._replace(size=self.rungs[0].size - self._room(0))

    def done(self) -> bool:
        """Whether nothing is left to propose or to wait for."""
        return self._complete(len(self.rungs) - 1)

    def _room(self, rung: int) -> int:
        pending = sum(there == rung for there in self._pending.values())
        return self.rungs[rung].size - len(self._results[rung]) - pending

    def _ready(self, rung: int) -> list[str]:
        """Keys of the rung below that may enter this one, the best first."""
        below = self._results[rung - 1]
        free = [k for k, loss in below.items() if math.isfinite(loss) and k not in self._results[rung]]
        return sorted((k for k in free if k not in self._pending and k not in self._dropped), key=lambda k: below[k])

    def _complete(self, rung: int) -> bool:
        if rung in self._pending.values() or (rung > 0 and not self._complete(rung - 1)):
            return False
        return self._room(rung) <= 0 or (rung > 0 and not self._ready(rung))


class MultiFidelity(Search):
    """Measures many architectures cheaply and the best of them more fully, bracket by bracket.

    A subclass writes `_bracket`. While a rung waits for results, the next bracket starts, so `ask` may be called for
    any number. Trials are compared within their rung only. A trial of another proposer counts at the fidelity of its
    candidate.

    Args:
        space: the search space.
        seed: the seed of the run.
        objectives: only the first one is optimised.
        eta: one in `eta` architectures of a rung is promoted. The fidelities of rungs are powers of 1/eta.
        lowest: the lowest fidelity of a rung, as a fraction of the full measurement of the search.
        mutated: fraction of the lowest rung that are mutations of the best measured at the highest fidelity so far.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        objectives: Sequence[Objective],
        *,
        eta: int,
        lowest: float,
        mutated: float,
    ) -> None:
        if eta < 2 or not 0 < lowest <= 1 or not 0 <= mutated <= 1:
            raise RequestError(
                f"{self.name} needs eta of at least 2, lowest above 0 and at most 1, and mutated in [0, 1]."
            )
        super().__init__(space, seed, objectives[:1])
        self._eta, self._lowest, self._mutated = eta, lowest, mutated
        self._variation = Variation(space)
        self._at: dict[
            float, dict[str, tuple[Architecture, float]]
        ] = {}  # by fidelity and key; infinite loss if failed
        self._reasons: dict[str, str] = {}  # of the last failure, by key
        self._brackets: list[Bracket] = []  # not done yet, the oldest first
        self._begun = 0
        self._entered = 0

    @abstractmethod
    def _bracket(self, number: int) -> list[Rung]:
        """The rungs of bracket `number` (0, 1, ...)."""

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        for bracket in self._brackets:
            if up := bracket.promotion():
                return self._promote(bracket, *up)
        bracket = next((b for b in self._brackets if b.has_room()), None) or self._begin()
        candidate = self._fresh(generator)
        if candidate is None:
            bracket.shut()
            return None
        self._entered += 1
        fidelity = bracket.enter(candidate.arch.key)
        rung = f"the lowest rung, of {bracket.rungs[0].size} at fidelity {fidelity:.3g}"
        return replace(candidate, fidelity=fidelity, note=f"{candidate.note}; for {rung}")

    def _begin(self) -> Bracket:
        self._brackets.append(Bracket(self._bracket(self._begun)))
        self._begun += 1
        return self._brackets[-1]

    def _promote(self, bracket: Bracket, key: str, rung: int) -> Candidate:
        below = bracket.rungs[rung - 1]
        arch, _ = self._at[below.fidelity][key]
        note = f"promoted: among the best {bracket.rungs[rung].size} of {below.size} at fidelity {below.fidelity:.3g}"
        return Candidate(arch, self.name, (key,), note, bracket.enter(key, rung))

    def _fresh(self, generator: np.random.Generator) -> Candidate | None:
        """A new architecture for the lowest rung: a mutation of one of the best (fraction `mutated`), else uniform."""
        best = next(filter(None, (self._ranked_at(share) for share in sorted(self._at, reverse=True))), [])[:_ELITE]
        if best and int((self._entered + 1) * self._mutated) > int(self._entered * self._mutated):
            for _ in range(_TRIES):
                parent = best[int(generator.integers(len(best)))]
                child = self._variation.mutate(parent, generator)
                if child.key not in self._seen:
                    return Candidate(child, self.name, (parent.key,), f"mutation of {parent.key}")
        return self._random(generator, "uniform draw")

    def _ranked_at(self, fidelity: float) -> list[Architecture]:
        """Architectures measured at a fidelity, the best first."""
        ranked = sorted(self._at[fidelity].values(), key=lambda pair: pair[1])
        return [arch for arch, loss in ranked if math.isfinite(loss)]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from new trials, each at the fidelity of its candidate.

        Raises:
            RequestError: the table has no values at a fidelity of the search.
        """
        for trial in trials:
            key, fidelity = trial.candidate.arch.key, trial.candidate.fidelity
            values = losses(trial, self._objectives)
            loss = math.inf if trial.failure is not None else None if values is None else values[0]
            if loss is not None:
                self._at.setdefault(fidelity, {})[key] = trial.candidate.arch, loss
                self._reasons[key] = trial.failure or ""
                for bracket in self._brackets:
                    bracket.tell(key, fidelity, loss)
        super().tell(trials)
        self._check()

    def _after_tell(self) -> None:
        for bracket in self._brackets:
            bracket.drop(self._pending)
        self._brackets = [bracket for bracket in self._brackets if not bracket.done()]

    def _check(self) -> None:
        """Stop the search with an error if the table lacks a fidelity (the reasons of its failures name it)."""
        for share, results in self._at.items():
            reasons = [reason for key, reason in self._reasons.items() if key in results and f"{share:g}" in reason]
            if share < 1 and len(reasons) >= _HOPELESS and not any(math.isfinite(loss) for _, loss in results.values()):
                raise RequestError(
                    f"{self.name} measures at fidelity {share:.3g}, which is not available: {reasons[-1]}. Write "
                    f"{self.name}:lowest=1 to measure every architecture in full, or choose eta and lowest so that the "
                    "powers of 1/eta down to lowest are fidelities of the table (eta=17,lowest=0.05 for 12 and 200 "
                    "epochs)."
                )


def steps(eta: int, lowest: float) -> int:
    """How many times a fidelity of 1 can be divided by `eta` without falling below `lowest`."""
    return math.floor(math.log(1 / lowest, eta) + 1e-9)


def halving(count: int, first: int, eta: int) -> list[Rung]:
    """Rungs from fidelity eta^-first to 1, with `count` architectures in the lowest and 1/eta of each in the next.

    Source: Li et al., "Hyperband" (JMLR 2018), algorithm 1, lines 4 to 9; empty rungs are left out.
    """
    sizes = [count // eta**i for i in range(first + 1)]
    return [Rung(size, float(eta) ** -(first - i)) for i, size in enumerate(sizes) if size > 0]


def hyperband(number: int, eta: int, lowest: float) -> list[Rung]:
    """Bracket `number` (0, 1, ...): from the one with most rungs to the one that measures in full, then round again.

    Source: Li et al., "Hyperband" (JMLR 2018), algorithm 1: n = ceil(B/R eta^s/(s+1)) with B = (s_max + 1) R.
    """
    most = steps(eta, lowest)
    s = most - number % (most + 1)
    return halving(math.ceil((most + 1) * eta**s / (s + 1)), s, eta)
