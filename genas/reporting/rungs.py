"""Reads the rungs of a race off its measurements: how far each network came and why it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from genas.core.records import Goal, Measurement, Request, Trial


class Shared(NamedTuple):
    """The last rung that two networks both completed: its share of the winner's training, and the figure of each."""

    share: float
    one: Measurement
    other: Measurement


@dataclass(frozen=True)
class Rungs:
    """The rungs of a race, as its measurements show them.

    Args:
        metric: the task's metric, by which the race is decided.
        goal: what is good of it.
        shares: for each rung, the share of the winner's whole training that a network has had after it.
        sizes: how many networks were trained on each rung, and last how many to the end.
        continued: how many of each rung went on.
    """

    metric: str
    goal: Goal
    shares: tuple[float, ...]
    sizes: tuple[int, ...]
    continued: tuple[int, ...]

    @staticmethod
    def of(request: Request, trials: Sequence[Trial], metric: str, goal: Goal) -> Rungs | None:
        """The rungs of a run's race; None where the run was none, as over a table."""
        had = [{m.fidelity for m in trial.all(metric)} for trial in trials]
        shares = sorted({share for found in had for share in found if share < 1})
        if request.validator.name != "train" or not shares:
            return None
        steps = [*shares, 1.0]
        sizes = tuple(sum(share in found for found in had) for share in steps)
        continued = tuple(sum(a in found and b in found for found in had) for a, b in pairwise(steps))
        return Rungs(metric, goal, tuple(shares), sizes, continued)

    def first(self, trial: Trial) -> int:
        """The rung that the network joined on, counted from 1; 0 where it was not trained."""
        figures = trial.all(self.metric)
        return self.number(figures[-1].fidelity) if figures else 0

    def last(self, trial: Trial) -> int:
        """The last rung that the network completed, counted from 1; the end is one more, 0 means it was not trained."""
        figures = trial.all(self.metric)
        return self.number(figures[0].fidelity) if figures else 0

    def number(self, share: float) -> int:
        """The rung after which a network has had this share of the winner's training."""
        return len(self.shares) + 1 if share >= 1 else self.shares.index(share) + 1

    def name(self, number: int) -> str:
        """A rung in words: "rung 2 of 3", "the end"."""
        return f"rung {number} of {len(self.shares)}" if number <= len(self.shares) else "the end"

    def entry(self, trial: Trial) -> str:
        """Where it joined, in words: "on rung 2 of 3", "for the final"."""
        first = self.first(trial)
        return "for the final" if first > len(self.shares) else f"on {self.name(first)}"

    def stop(self, trial: Trial) -> str:
        """Why the network went no further, in words; nothing for one that failed, whose failure says it."""
        last = self.last(trial)
        if trial.failure is not None:
            return f"stopped after {self.name(last)}" if last else ""
        if last == 0:
            return f"did not start: the first rung had room for {self.sizes[0]}, and others promised more"
        joined = f"joined {self.entry(trial)}; " if self.first(trial) > 1 else ""
        if last > len(self.shares):
            return joined + "trained to the end"
        went, size = self.continued[last - 1], self.sizes[last - 1]
        return joined + f"stopped after {self.name(last)}: {went} of {size} went on"

    def shared(self, one: Trial, other: Trial) -> Shared | None:
        """The last rung that both completed, or None."""
        first = {m.fidelity: m for m in reversed(one.all(self.metric))}
        second = {m.fidelity: m for m in reversed(other.all(self.metric))}
        share = max(first.keys() & second.keys(), default=None)
        return None if share is None else Shared(share, first[share], second[share])

    def trained(self, trials: Sequence[Trial]) -> str:
        """How many networks were trained how far, in words."""
        total = sum(self.last(trial) > 0 for trial in trials)
        parts = [f"{size} on {self.name(number)}" for number, size in enumerate(self.sizes[:-1], start=1)]
        return f"{total} were trained: {', '.join(parts)}, {self.sizes[-1]} to the end"
