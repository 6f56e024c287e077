"""Asks several proposers as one, each in proportion to the yield of its earlier candidates."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence

import numpy as np

from genas.core import registry
from genas.core.context import Context
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate, Request, Trial, Use


def neighbors(
    space: SearchSpace, arch: Architecture, seen: Container[str], n: int, random: np.random.Generator
) -> list[Candidate]:
    """At most n random neighbours of an architecture that are not in `seen` (keys)."""
    near = {other.key: other for other in space.neighbors(arch) if other.key not in seen}
    fresh = list(near.values())
    chosen = random.permutation(len(fresh))[:n]
    return [Candidate(fresh[int(i)], "neighbors", note="one edit from what keeps the limits best") for i in chosen]


class Mix:
    """Divides requests among sources by yield: (good + 1) / (asked + 2), where good ones are among the best so far.

    Source: the posterior mean of a success rate under a uniform prior (Laplace's rule of succession),
    turned into shares by largest remainders.

    Args:
        proposers: by name.
    """

    def __init__(self, proposers: Mapping[str, Proposer]) -> None:
        self.sources = dict(proposers)
        self._asked = dict.fromkeys(proposers, 0)
        self._good = dict.fromkeys(proposers, 0)

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def silent(self) -> str | None:
        """Why some sources have nothing more to propose; None if all have."""
        return " ".join(dict.fromkeys(s.silent for s in self.sources.values() if s.silent)) or None

    def ask(self, n: int) -> list[Candidate]:
        """At most n candidates. If one source has too few, the next ones are asked for the rest."""
        candidates: list[Candidate] = []
        for name, share in self._shares(n).items():
            brought = self.sources[name].ask(share) if share else []
            self._asked[name] += share
            candidates += brought
        return candidates

    def tell(self, trials: Sequence[Trial]) -> None:
        """Hand the trials to every source."""
        for proposer in self.sources.values():
            proposer.tell(trials)

    def credit(self, trials: Sequence[Trial], best: Collection[str]) -> None:
        """Credit its source for each unfailed trial whose key is in `best`."""
        for trial in trials:
            if trial.failure is None and trial.candidate.key in best:
                self._good[trial.candidate.origin] = self._good.get(trial.candidate.origin, 0) + 1

    def _shares(self, n: int) -> dict[str, int]:
        worth = {name: (self._good[name] + 1) / (self._asked[name] + 2) for name in self.sources}
        total = sum(worth.values())
        exact = {name: n * w / total for name, w in worth.items()}
        shares = {name: int(e) for name, e in exact.items()}
        for name in sorted(exact, key=lambda k: shares[k] - exact[k])[: n - sum(shares.values())]:
            shares[name] += 1
        return shares


def mixes(request: Request, context: Context) -> tuple[Mix, Mix]:
    """Make the proposers and the refiners. Plug-ins of either folder serve both; one named twice is one source.

    The LLM tokens of the budget are shared out among those that spend tokens and have no limit of their own.
    """
    uses: dict[str, Use] = {}
    kinds: dict[str, str] = {}
    for kind, other, named in (
        ("proposers", "refiners", request.proposers),
        ("refiners", "proposers", request.refiners),
    ):
        for use in named:
            uses.setdefault(use.name, use)
            kinds.setdefault(use.name, other if use.name in registry.names(other) else kind)
    spending = [n for n, k in kinds.items() if "tokens" in registry.options(k, n) and "tokens" not in uses[n].options]
    made: dict[str, Proposer] = {}
    for name, kind in kinds.items():
        options = dict(uses[name].options)
        if name in spending and request.budget.llm_tokens is not None:
            options["tokens"] = max(1, request.budget.llm_tokens // len(spending))
        made[name] = registry.create(kind, Use(name, options), context)
    proposers, refiners = (
        Mix({use.name: made[use.name] for use in uses}) for uses in (request.proposers, request.refiners)
    )
    return proposers, refiners
