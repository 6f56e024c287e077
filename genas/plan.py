"""How much of each stage a run does: from the request's budget and one timed training of a reference network."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from genas.core.errors import RequestError
from genas.core.records import Request


@dataclass(frozen=True)
class Plan:
    """The amounts of one run; written into the ledger, so that a resumed run keeps them.

    Args:
        proposals: candidates within the limits that the proposers must bring.
        trials: candidates that the objective is measured of, refiners' ones included.
        finalists: candidates trained in full.
        seeds: trainings of the winner and of the best reference.
        short_epochs: epochs of a short training.
        examples: training examples of a short training; None is all.
        epochs: epochs of a full training.
        threads: of torch on the CPU; None is torch's own choice.
    """

    proposals: int = 60
    trials: int = 24
    finalists: int = 3
    seeds: int = 3
    short_epochs: int = 6
    examples: int | None = None
    epochs: int = 40
    threads: int | None = None

    def to_data(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


SEARCH_SHARE = 0.4  # of the seconds; the rest goes to full training
_REFERENCES = 2


def make_plan(request: Request, *, examples: int, seconds_per_example: float) -> Plan:
    """The plan for a request.

    Args:
        examples: in the training split; 0 where a table stands for the training.
        seconds_per_example: of one training step of a reference network, divided by its batch; 0 where unknown.

    Raises:
        RequestError: the budget is too small to train anything; the message says how much is needed.
    """
    plan = Plan()
    if request.budget.trials is not None:
        plan = replace(plan, trials=request.budget.trials, proposals=max(2 * request.budget.trials, 20))
        plan = replace(plan, finalists=min(plan.finalists, plan.trials))
    seconds = request.budget.seconds
    if examples == 0 and request.budget.trials is None:
        return replace(plan, trials=100, proposals=200)
    if seconds is None or seconds_per_example == 0:
        return plan
    trainings = plan.finalists + _REFERENCES + 2 * (plan.seeds - 1)
    passes = seconds * (1 - SEARCH_SHARE) / trainings / seconds_per_example / examples
    epochs = min(plan.epochs, int(passes))
    if epochs < 2:
        needed = 2 * trainings * seconds_per_example * examples / (1 - SEARCH_SHARE)
        raise RequestError(
            f"{seconds:g} seconds are too few: {trainings} trainings of 2 epochs need about {needed:.0f} seconds. "
            f"Write a budget of at least {_round_up(needed)} seconds, or use fewer images (task option limit)."
        )
    each = seconds * SEARCH_SHARE * 0.8 / plan.trials / seconds_per_example  # example passes per short training
    short = max(2, min(plan.short_epochs, epochs // 2, int(each / min(examples, 2000))))
    return replace(
        plan, epochs=max(epochs, short + 1), short_epochs=short, examples=min(examples, max(256, int(each / short)))
    )


def _round_up(seconds: float) -> int:
    return int(-(-seconds * 1.2 // 10) * 10)


def epochs_for(plan: Plan, seconds: float, epoch_seconds: Sequence[float], *, references: int) -> int:
    """The epochs of every full training that fit into the seconds left, at least one more than a short training has.

    Args:
        epoch_seconds: of each finalist; a reference is taken to be as fast as their median.
        references: hand-made networks that are trained beside them.
    """
    if not epoch_seconds:
        return plan.epochs
    again = plan.seeds - 1
    middle = statistics.median(epoch_seconds)
    each = sum(epoch_seconds) + references * middle + again * (max(epoch_seconds) + (middle if references else 0))
    return max(plan.short_epochs + 1, min(Plan.epochs, int(seconds / each)))
