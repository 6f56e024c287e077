"""Chooses who starts a race: the portfolio, hand-made references and proposals, all within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from genas.core import clock
from genas.core.errors import RequestError
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.records import Candidate, Constraint, Request, Trial
from genas.training.recipe import effective

if TYPE_CHECKING:
    from genas.run.laboratory import Laboratory
    from genas.run.mix import Mix

_HAND = 8  # pairs of the portfolio at most
_FEW = 12  # starters, where seconds count: fewer are all hand-made, as a short race has no seconds for proposals
_COUNTED = {"params", "flops", "size_mb"}  # limits that a space can be scaled to without measuring
_SHRINKS = (0.7, 0.5, 0.35, 0.25, 0.12, 0.05)  # of the parameters, where other limits are broken
_SIZE = 500_000  # parameters of a hand-made network at most, where no limit is on its size
_DRY = 12  # asks in a row that bring nothing new within the limits
_AHEAD = 3  # proposals that are looked at for each that starts


class Opening:
    """Chooses the networks of the first rung.

    Args:
        lab: screens candidates by the limits.
    """

    def __init__(
        self,
        request: Request,
        space: SearchSpace,
        task: Task,
        lab: Laboratory,
        *,
        proposers: Proposer | Mix,
    ) -> None:
        self.request, self.space, self.task, self.lab, self.proposers = request, space, task, lab, proposers
        self.limits = (*request.constraints, *self._size_limit())

    def hand_made(self) -> Iterator[Candidate]:
        """The portfolio, then the references, scaled to the limits that can be counted."""
        counted = [limit for limit in self.limits if limit.metric in _COUNTED]
        for written in (self.space.portfolio, self.space.references):  # the second takes time, if it is needed
            yield from map(self.effective, written(self.task, counted))

    def asks(self, count: int, *, hurried: bool) -> bool:
        """Whether the proposers are asked at all, for this many starters."""
        return count > 1 and not (hurried and count < _FEW)

    def starters(
        self, count: int, *, seconds: float | None = None, told: Callable[[], None] = lambda: None
    ) -> list[Trial]:
        """At most `count` trials within the limits, hand-made ones first.

        Args:
            seconds: that proposing and screening may take; None is no such limit.
            told: hears of each.

        Raises:
            RequestError: nothing keeps the limits.
        """
        asked = self.asks(count, hurried=seconds is not None)
        count = count if asked else min(count, _HAND)
        wanted = min(_HAND, -(-count // 2)) if asked else count
        starters = self._within(self.hand_made(), wanted, told)
        end = None if seconds is None else (clock.now() + seconds, clock.now() + seconds / 2)
        recipes = [trial.candidate.recipe for trial in starters] or [{}]
        if len(starters) < count:
            starters += self._proposed(count - len(starters), recipes, end, told)
        if len(starters) < count:
            kept = {trial.candidate.key for trial in starters}
            more = [trial for trial in self._within(self.hand_made()) if trial.candidate.key not in kept]
            starters += more[: count - len(starters)]
        if not starters and (nearest := self.lab.book.nearest()) is not None:
            starters = self._walked(nearest)[:count]
        if not starters:
            raise RequestError(self.lab.book.why_empty(self.proposers.silent))
        return starters

    def effective(self, candidate: Candidate) -> Candidate:
        """The candidate with the complete recipe it will be trained by."""
        frozen = bool(self.space.knowledge(candidate.arch))
        options, task = self.request.validator.options, self.task
        recipe = effective(candidate.recipe, options, task.mirror, task.follows, frozen=frozen)
        return replace(candidate, recipe=recipe.to_data())

    def _size_limit(self) -> tuple[Constraint, ...]:
        sized = any(limit.metric in ("params", "size_mb") for limit in self.request.constraints)
        return () if sized else (Constraint("params", at_most=_SIZE),)

    def _within(
        self, candidates: Iterable[Candidate], count: int | None = None, told: Callable[[], None] = lambda: None
    ) -> list[Trial]:
        """The first `count` (None: all) within the limits. One that breaks a limit other than size is made smaller."""
        kept: list[Trial] = []
        for candidate in candidates:
            if len(kept) == count:
                break
            trial = self._fitted(candidate)
            if trial is not None and trial.candidate.key not in {t.candidate.key for t in kept}:
                kept.append(trial)
                told()
        return kept

    def _fitted(self, candidate: Candidate) -> Trial | None:
        trial = self._screened(candidate)
        if trial.failure is None:
            return trial
        largest = self.lab.params(candidate.arch)
        for share in _SHRINKS:
            smaller = self.space.scaled(candidate.arch, self.task, [Constraint("params", at_most=share * largest)])
            if smaller is None:
                break
            trial = self._screened(replace(candidate, arch=smaller))
            if trial.failure is None:
                return trial
        return None

    def _screened(self, candidate: Candidate) -> Trial:
        if candidate.key in self.lab.book.trials:
            return self.lab.book.trials[candidate.key]
        (trial,) = self.lab.screen([candidate])
        return trial if trial.failure is not None else self.lab.book.keep(self.lab.gate(trial))

    def _proposed(
        self,
        count: int,
        recipes: Sequence[dict[str, object]],
        end: tuple[float, float] | None,
        told: Callable[[], None],
    ) -> list[Trial]:
        """The most promising proposals within the limits, with the portfolio's recipes in turn."""
        living: list[Trial] = []
        dry = number = 0
        while len(living) < _AHEAD * count and dry < _DRY and not self._late(end, len(living) < count):
            brought = []
            for candidate in self.proposers.ask(min(8, _AHEAD * count)):
                recipe = candidate.recipe or recipes[number % len(recipes)]
                brought.append(self.effective(replace(candidate, recipe=dict(recipe))))
                number += 1
            new = [t for c in brought if c.key not in self.lab.book.trials and (t := self._screened(c)).failure is None]
            dry = 0 if new else dry + 1
            for _ in new[: max(0, count - len(living))]:
                told()
            living += new
        self.lab.promise(living, lambda: self._late(end, True))
        ranked = {t.candidate.key: place for place, t in enumerate(self.lab.ranked())}
        return sorted(living, key=lambda t: ranked.get(t.candidate.key, len(ranked)))[:count]

    @staticmethod
    def _late(end: tuple[float, float] | None, needed: bool) -> bool:
        """Whether proposing must end: after half of its seconds, or after all of them if there are still too few."""
        return end is not None and clock.now() > end[0 if needed else 1]

    def _walked(self, start: Trial) -> list[Trial]:
        """If no proposal keeps the limits, hill-climb from the closest one, neighbour by neighbour."""
        from genas.core.rng import rng
        from genas.run.mix import neighbors

        book = self.lab.book
        for step in range(20):
            random = rng(self.request.seed, "near", step)
            near = self.lab.screen(neighbors(self.space, start.candidate.arch, book, 64, random))
            if living := [t for t in near if t.failure is None]:
                return living
            closer = [t for t in near if book.excess(t) < book.excess(start)]
            if not closer:
                return []
            start = min(closer, key=book.excess)
        return []
