"""Who is ahead in a race, who stays in it, and who gets the final seconds."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from genas.core import pareto
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Request
from genas.run.book import Book

_LOSS, _FEW = 0.1, 100  # the cross-entropy's weight beside the accuracy is .1, and 100 / n more for n examples
_FAR = 8.0  # times the training so far: how much further curves are drawn
_BELIEVED, _STEEPEST = 0.25, 0.5  # of the slope that a curve has had; and the steepest that is believed
_FRESH = 0.1  # more for a network that learns everything from scratch: frozen stems learn less later
_HEIR = 0.96  # of its worth below 0 is left to one whose weights a finer one goes on from (see `genas.run.finer`)
_FRONT = 3  # members of a front that share the final seconds
_FIRST = 0.6  # of these go to the first of them, as much of the rest to the next, and so on
_KNOWING = 0.25  # of them to a leader on a pretrained stem, which leads early and learns little later


class Standings:
    """Compares the networks of a race by the results of their last legs."""

    def __init__(self, request: Request, space: SearchSpace, task: Task, book: Book) -> None:
        self.request, self.space, self.task, self.book = request, space, task, book
        self._weight = _LOSS + _FEW / len(task.data("val").labels) if task.metric.share else 0.0
        self._losses: dict[str, float] = {}
        self._slopes: dict[str, float] = {}
        self._ahead = 1.0

    def note(self, key: str, *, loss: float, slope: float) -> None:
        """Note the loss after a leg, and the exponent by which it falls with the examples seen."""
        self._losses[key], self._slopes[key] = loss, slope

    def look_ahead(self, times: float) -> None:
        """Note how many times the training so far the winner will have had; only a few times are extrapolated."""
        self._ahead = min(_FAR, times)

    def worth(self, key: str) -> float:
        """What the race ranks by: the metric expected later; for a share, minus a part of the expected loss.

        Both fall short of their best by what a power of the examples seen will shrink: a network that has stopped
        learning is not to be preferred to one that will soon pass it. Steep curves flatten: of 21 finals on seven sets
        (`eval/whole_budget.py`), errors fell by a quarter of the exponent that their cross-entropy had before, and by
        .1 more from scratch. The fewer examples judge, the more the cross-entropy counts, which is the steadier figure:
        the accuracy of the luckiest of many networks on 150 rows is some .04 too high.
        """
        value = self.book.trials[key].value(self.task.metric.name)
        if value is None:
            return float("-inf")
        metric = self.task.metric
        if metric.goal == "max" and not metric.fraction:  # nobody knows how good it can become
            return value
        sign, best = (1.0, 1.0) if metric.goal == "max" else (-1.0, 0.0)
        exponent = _BELIEVED * self._slopes.get(key, 0.0) + (0.0 if self._knows(key) else _FRESH)
        shrinks = math.pow(self._ahead, -min(_STEEPEST, exponent))
        return -sign * (best - value) * shrinks - self._weight * self._losses.get(key, 0.0) * shrinks

    def _worth_in_the_end(self, key: str, heir: bool) -> float:
        worth = self.worth(key)
        return worth * _HEIR if heir and worth < 0 else worth  # below 0, it counts errors

    def ordered(self, keys: Sequence[str]) -> list[str]:
        """The best first: by worth or, with several objectives, by fronts."""
        trials = [self.book.trials[key] for key in keys]
        if [o.metric for o in self.request.objectives] == [self.task.metric.name]:
            return sorted(keys, key=lambda key: -self.worth(key))
        ordered: list[str] = []
        while trials:
            front = pareto.front(trials, self.request.objectives) or trials
            order = self.book.best(front, len(front))
            ordered += [t.candidate.key for t in (*order, *(t for t in front if t not in order))]
            trials = [t for t in trials if t not in front]
        return ordered

    def staying(self, keys: Sequence[str], count: int) -> list[str]:
        """The best `count`, one that learns everything from scratch among them: it may overtake early leaders."""
        ordered = self.ordered(keys)
        kept, fresh = ordered[:count], [key for key in ordered if not self._knows(key)]
        if fresh and all(map(self._knows, kept)):
            kept[max(1, len(kept) - 1) :] = fresh[:1]
        return kept

    def finals(self, keys: Sequence[str], heirs: Collection[str] = ()) -> dict[str, float]:
        """Who gets a final, in this order, and which share of what is then left of the budget.

        Args:
            keys: the networks of the last rung.
            heirs: those whose weights can go on learning in a finer network (`genas.run.finer`), which errs less.
        """
        ordered = self.ordered(keys)
        if len(self.request.objectives) > 1:
            front = pareto.front([self.book.trials[key] for key in ordered], self.request.objectives)
            ahead = {trial.candidate.key for trial in front}
            chosen = [key for key in ordered if key in ahead][:_FRONT] or ordered
            return {key: 1.0 if key == chosen[-1] else _FIRST for key in chosen}
        ordered.sort(key=lambda key: -self._worth_in_the_end(key, key in heirs))
        leader, fresh = ordered[0], next((key for key in ordered if not self._knows(key)), ordered[0])
        return {leader: 1.0} if fresh == leader else {leader: _KNOWING, fresh: 1.0}

    def _knows(self, key: str) -> bool:
        """Whether a part of the network is pretrained and frozen."""
        return bool(self.space.knowledge(self.book.trials[key].candidate.arch))
