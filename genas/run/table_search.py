"""A search over a published table: propose, look up the most promising, search on, look the finalists up in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from genas.core.errors import BudgetSpent, ScoreFailed
from genas.core.progress import Progress
from genas.core.records import Candidate, Options, Trial
from genas.core.rng import rng
from genas.reporting.outcome import number
from genas.run.book import best_reference, reference_limits
from genas.run.laboratory import Laboratory, at
from genas.run.mix import Mix
from genas.run.plan import Plan
from genas.run.proposing import DRY, propose

_SEARCH_SHARE = 0.4  # of the seconds that a table charges go to the search


class TableSearch:
    """One search; made again over the same ledger, it goes on where it was stopped.

    Args:
        plan: how much of each stage is done.
        lab: screens candidates, looks them up and knows the book of trials.
        proposers, refiners: who brings candidates before anything is looked up, and afterwards.
        progress: told about each stage and step.
    """

    def __init__(self, plan: Plan, lab: Laboratory, *, proposers: Mix, refiners: Mix, progress: Progress) -> None:
        self.plan, self.lab, self.progress = plan, lab, progress
        self.proposers, self.refiners = proposers, refiners
        self.request, self.book = lab.request, lab.book
        self.space = lab.context.space
        self.task = lab.context.task
        self.winner: str | None = None

    def check(self) -> None:
        """Check that the table can be read; it need not hold the network that is looked up for this.

        Raises:
            GenasError: the table can't be read.
        """
        with suppress(ScoreFailed):
            self.task.lookup(self.space.sample(rng(self.request.seed, "table")), self.book.metric)

    def run(self) -> str | None:
        """The key of the winner, tested; None where no finalist keeps the limits.

        Raises:
            RequestError: no candidate keeps the limits that are known before a look-up.
        """
        for stage in (self.propose, self.search, self.validate):
            try:
                stage()
            except BudgetSpent as end:
                self.progress.step(str(end))
        return self.winner

    def weights(self, key: str) -> None:
        """None: nothing is trained."""

    def recipe(self, winner: Trial) -> Options:
        """{}: nothing is trained."""
        return {}

    def propose(self) -> None:
        """Bring candidates within the limits into the book."""
        propose(self.lab, self.proposers, self.plan.proposals, self.progress)

    def search(self) -> None:
        """Look up the best-ranked half, then let the refiners ask for the rest, at the fidelity they ask for."""
        total = self.plan.trials
        self.progress.stage("search", total)
        first = total - total // 2 if self.request.refiners else total
        while (missing := first - self._done()) > 0 and (ranked := self.lab.ranked()):
            self.refiners.tell(self._measure(ranked[: min(6, missing)]))
            self.lab.learn()
        dry = 0
        while self.request.refiners and (missing := total - self._done()) > 0 and dry < DRY:
            dry = 0 if self._refine(min(max(4, self.lab.executor.workers), missing)) else dry + 1

    def _refine(self, n: int) -> bool:
        """Measure what the refiners ask for and tell them. Return whether anything new was measured."""
        asked = self.refiners.ask(n)
        seen = [c for c in asked if c.arch.key in self.book]  # proposed, or measured more cheaply, before
        fresh = self.lab.screen(asked)
        wanted = [at(self.book.trials[c.arch.key], c.fidelity) for c in seen if not self.book.has(c)]
        measured = self._measure([t for t in (*fresh, *wanted) if t.failure is None])
        again = [at(self.book.trials[c.arch.key], c.fidelity) for c in seen if self.book.has(c)]
        self.refiners.tell([t for t in fresh if t.failure is not None] + _in_order(asked, [*measured, *again]))
        best = self.book.best(self.book.comparable(8), 8)
        self.refiners.credit([*fresh, *wanted], {t.candidate.key for t in best})
        return any(t.failure is None for t in measured)

    def validate(self) -> None:
        """Look up the finalists and the references in full, choose on validation, then read their test figures."""
        seeds = [self.request.seed]
        finalists = self.book.best(self.book.comparable(self.plan.finalists), self.plan.finalists)
        limits = reference_limits(self.request.constraints, finalists)
        for candidate in self.space.references(self.task, limits):
            self.book.compare(self.lab.figures(candidate))
        self.progress.stage("validate", len(finalists) + len(self.book.references))
        self.lab.train([*finalists, *self.book.references], seeds, self._step)
        self.winner = self.book.choose(finalists)
        reference = best_reference(self.book.references, self.book.metric, self.book.goal)
        if self.winner is not None:
            self.lab.test(self.book.trials[self.winner], seeds)
        if reference is not None:
            self.lab.test(reference, seeds)

    def _measure(self, trials: Sequence[Trial]) -> list[Trial]:
        """Look up the task's metric of each affordable trial, until the budget is spent."""
        done: list[Trial] = []
        spent = False

        def affordable() -> Iterator[Trial]:
            nonlocal spent
            for trial in trials:
                if spent := self._spent():
                    return
                changed = self.lab.gate(trial)
                if changed.failure is None:
                    yield changed
                else:
                    done.append(self.book.keep(changed))

        for trial in self.lab.measure(affordable()):
            done.append(self.book.keep(trial))
            self._step()
        if spent:
            raise BudgetSpent(f"{self.book.seconds:.0f} of {self.request.budget.seconds:g} seconds are spent")
        return _in_order([t.candidate for t in trials], done)

    def _done(self) -> int:
        """Measurements of the task's metric so far, in whole ones."""
        return int(self.lab.effort + 1e-9)

    def _spent(self) -> bool:
        limit, enough = self.request.budget.seconds, len(self.book.measured()) >= self.plan.finalists
        return limit is not None and enough and self.book.seconds > _SEARCH_SHARE * limit

    def _step(self) -> None:
        best = self.book.top()
        self.progress.step("" if best is None else f"best {self.book.metric} {number(self.book.metric, best)}")


def _in_order(asked: Sequence[Candidate], trials: Sequence[Trial]) -> list[Trial]:
    """The trials in the order in which their candidates were asked for."""
    place = {candidate.key: number for number, candidate in enumerate(asked)}
    return sorted(trials, key=lambda trial: place[trial.candidate.key])
