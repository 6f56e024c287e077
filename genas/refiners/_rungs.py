"""What searches by several fidelities have in common: brackets of rungs, and who is promoted in them."""

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

_ELITE = 5  # the best at the highest fidelity, which are mutated
_TRIES = 20  # mutations for one new architecture
_HOPELESS = 3  # failures at a fidelity that name it, and nothing but failures, after which it counts as not to be had


class Rung(NamedTuple):
    """So many architectures measured at one fidelity."""

    size: int
    fidelity: float


class Bracket:
    """Rungs of rising fidelity: when all of a rung are told, the best go up, none that failed among them.

    A place whose architecture is never measured is filled anew, so nothing is waited for in vain.

    Args:
        rungs: the lowest first.
    """

    def __init__(self, rungs: Sequence[Rung]) -> None:
        self.rungs = list(rungs)
        self._told: list[dict[str, float]] = [{} for _ in rungs]  # loss by key; infinite of what failed
        self._awaited: dict[str, int] = {}  # rung by key
        self._dropped: set[str] = set()  # no longer to be promoted

    def has_room(self) -> bool:
        """Whether the lowest rung takes another architecture."""
        return self._room(0) > 0

    def enter(self, key: str, rung: int = 0) -> float:
        """Await the architecture in a rung; the fidelity it is to be measured at."""
        self._awaited[key] = rung
        return self.rungs[rung].fidelity

    def promotion(self) -> tuple[str, int] | None:
        """Who is to enter which rung next, the highest rung first; None where nobody may go up yet."""
        for rung in range(len(self.rungs) - 1, 0, -1):
            if self._room(rung) > 0 and self._complete(rung - 1) and (ready := self._ready(rung)):
                return ready[0], rung
        return None

    def tell(self, key: str, fidelity: float, loss: float) -> None:
        """What came of an awaited architecture; one that others had measured better leaves the bracket."""
        rung = self._awaited.get(key)
        if rung is not None and fidelity == self.rungs[rung].fidelity:
            del self._awaited[key]
            self._told[rung][key] = loss
        elif any(key in told and fidelity > at.fidelity for told, at in zip(self._told, self.rungs, strict=True)):
            self._dropped.add(key)

    def drop(self, kept: Sequence[str]) -> None:
        """Await none but these any longer."""
        gone = set(self._awaited) - set(kept)
        self._dropped |= {key for key in gone if self._awaited[key] > 0}
        self._awaited = {key: rung for key, rung in self._awaited.items() if key not in gone}

    def shut(self) -> None:
        """Take no more architectures: the lowest rung is as large as what is in it."""
        self.rungs[0] = self.rungs[0]._replace(size=self.rungs[0].size - self._room(0))

    def done(self) -> bool:
        """Whether nothing is left to ask for or to wait for."""
        return self._complete(len(self.rungs) - 1)

    def _room(self, rung: int) -> int:
        awaited = sum(there == rung for there in self._awaited.values())
        return self.rungs[rung].size - len(self._told[rung]) - awaited

    def _ready(self, rung: int) -> list[str]:
        """Those of the rung below who may enter this one, the best first."""
        below = self._told[rung - 1]
        free = [k for k, loss in below.items() if math.isfinite(loss) and k not in self._told[rung]]
        return sorted((k for k in free if k not in self._awaited and k not in self._dropped), key=lambda k: below[k])

    def _complete(self, rung: int) -> bool:
        if rung in self._awaited.values() or (rung > 0 and not self._complete(rung - 1)):
            return False
        return self._room(rung) <= 0 or (rung > 0 and not self._ready(rung))


class MultiFidelity(Search):
    """Measures many architectures cheaply and the best of them better, bracket by bracket; says which in `_bracket`.

    Where all architectures of a rung are still awaited, the next bracket is begun, so asks may have any size. Trials
    are compared with those of their own rung only; one told by others counts at the fidelity its candidate names.

    Args:
        space: where the architectures come from.
        seed: of the run.
        objectives: the first one is what the search looks at.
        eta: of so many architectures of a rung one is promoted; fidelities of rungs are powers of 1/eta.
        lowest: fidelity that no rung is below, as a share of the search's own measurement.
        mutated: share of the lowest rung that are mutations of the best at the highest fidelity, where there are any.
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
        self._at: dict[float, dict[str, tuple[Architecture, float]]] = {}  # by fidelity and key; failed: infinite loss
        self._reasons: dict[str, str] = {}  # by key, of the last failure
        self._brackets: list[Bracket] = []  # not done yet, the oldest first
        self._begun = 0
        self._entered = 0

    @abstractmethod
    def _bracket(self, number: int) -> list[Rung]:
        """The rungs of the bracket that is begun as number 0, 1, ..."""

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
        """A new architecture for a lowest rung: in the set share a mutation of one of the best, else a uniform draw."""
        best = next(filter(None, (self._measured(share) for share in sorted(self._at, reverse=True))), [])[:_ELITE]
        if best and int((self._entered + 1) * self._mutated) > int(self._entered * self._mutated):
            for _ in range(_TRIES):
                parent = best[int(generator.integers(len(best)))]
                child = self._variation.mutate(parent, generator)
                if child.key not in self._seen:
                    return Candidate(child, self.name, (parent.key,), f"mutation of {parent.key}")
        return self._random(generator, "uniform draw")

    def _measured(self, fidelity: float) -> list[Architecture]:
        """What was measured at a fidelity, the best first."""
        ranked = sorted(self._at[fidelity].values(), key=lambda pair: pair[1])
        return [arch for arch, loss in ranked if math.isfinite(loss)]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from what was measured, each at the fidelity its candidate names.

        Raises:
            RequestError: where a table lacks the fidelity.
        """
        for trial in trials:
            key, fidelity = trial.candidate.arch.key, trial.candidate.fidelity
            found = losses(trial, self._objectives)
            loss = math.inf if trial.failure is not None else None if found is None else found[0]
            if loss is not None:
                self._at.setdefault(fidelity, {})[key] = trial.candidate.arch, loss
                self._reasons[key] = trial.failure or ""
                for bracket in self._brackets:
                    bracket.tell(key, fidelity, loss)
        super().tell(trials)
        self._check()

    def _settle(self) -> None:
        for bracket in self._brackets:
            bracket.drop(self._waiting)
        self._brackets = [bracket for bracket in self._brackets if not bracket.done()]

    def _check(self) -> None:
        """Refuse fidelities that a table lacks (its reason names the fidelity), rather than fail forever."""
        for share, found in self._at.items():
            reasons = [reason for key, reason in self._reasons.items() if key in found and f"{share:g}" in reason]
            if share < 1 and len(reasons) >= _HOPELESS and not any(math.isfinite(loss) for _, loss in found.values()):
                raise RequestError(
                    f"{self.name} measures at fidelity {share:.3g}, which is not to be had: {reasons[-1]}. Write "
                    f"{self.name}:lowest=1 to measure all in full, or eta and lowest such that the powers of 1/eta "
                    "down to lowest are fidelities of the table (eta=17,lowest=0.05 for 12 and 200 epochs)."
                )


def steps(eta: int, lowest: float) -> int:
    """How often a fidelity of 1 can be divided by eta without falling below the lowest."""
    return math.floor(math.log(1 / lowest, eta) + 1e-9)


def halving(count: int, first: int, eta: int) -> list[Rung]:
    """Rungs from fidelity eta^-first to 1: `count` architectures in the lowest, a share of 1/eta of each in the next.

    Source: Li et al., "Hyperband" (JMLR 2018), algorithm 1, lines 4 to 9; a rung that would be empty is left out.
    """
    sizes = [count // eta**i for i in range(first + 1)]
    return [Rung(size, float(eta) ** -(first - i)) for i, size in enumerate(sizes) if size > 0]


def hyperband(number: int, eta: int, lowest: float) -> list[Rung]:
    """The bracket begun as number 0, 1, ...: from the one with most rungs to the one that measures in full, and anew.

    Source: Li et al., "Hyperband" (JMLR 2018), algorithm 1: n = ceil(B/R eta^s/(s+1)) with B = (s_max + 1) R.
    """
    most = steps(eta, lowest)
    s = most - number % (most + 1)
    return halving(math.ceil((most + 1) * eta**s / (s + 1)), s, eta)
