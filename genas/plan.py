"""How much of each stage a run does: from the request's budget and one timed training of a reference network."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Request, Use

_COMPUTES = re.compile(r"(auto|cpu|cuda|mps|xpu)(:\d+)?")


def placed(request: Request) -> Request:
    """The request with a listed device handed to the table that has its figures; networks then run where they can.

    Raises:
        RequestError: the device is none that computes here, and the task is no table of devices.
    """
    if _COMPUTES.fullmatch(request.device):
        return request
    if "latency_device" not in registry.options("tasks", request.task.name):
        raise RequestError(
            f"Networks can't be run on {request.device!r} from here. Write auto, cpu, cuda or mps; figures of other "
            "devices are known for benchmark tables only, such as nasbench201 on pixel3 or edgegpu."
        )
    task = Use(request.task.name, {"latency_device": request.device, **request.task.options})
    return replace(request, task=task, device="auto")


@dataclass(frozen=True)
class Plan:
    """The amounts of one run; written into the ledger, so that a resumed run keeps them.

    Args:
        proposals: candidates within the limits that the proposers must bring.
        trials: candidates that the objective is measured of, refiners' ones included.
        finalists: candidates trained in full.
        references: hand-made networks trained in full; where that is fewer than there are, short trainings choose.
        seeds: trainings of the winner and of the best reference.
        short_epochs: epochs of a short training.
        examples: training examples of a short training; None is all.
        epochs: epochs of a full training.
        train_examples: training examples of a full training; None is all.
        threads: of torch on the CPU; None is torch's own choice.
        train_ms: milliseconds of training per example above which a network is too slow; None is no such limit.
    """

    proposals: int = 60
    trials: int = 24
    finalists: int = 3
    references: int = 2
    seeds: int = 3
    short_epochs: int = 6
    examples: int | None = None
    epochs: int = 40
    train_examples: int | None = None
    threads: int | None = None
    train_ms: float | None = None

    def to_data(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


_SCREENED = 0.15  # seconds that the cheap figures of one proposal may take
_SCREENING = 0.1  # of the seconds go to these; there are 20 proposals in any case
SEARCH_SHARE = 0.4  # of the seconds; the rest goes to full training
_SEARCHED = 0.8  # of the search's seconds go to short trainings
_SLOWER = 1.5  # times the reference's time per example: such networks are tried in any case
_FEW = 4  # epochs: where fewer would fit, full trainings use a part of the examples instead
_OVERHEAD = 1.15  # of a full training over its steps: validation and the reading of examples
_LEAST = 500  # examples: where fewer would fit, the budget is too small


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
    affordable = max(20, int(_SCREENING * seconds / _SCREENED))
    plan = replace(plan, proposals=min(plan.proposals, affordable), trials=min(plan.trials, affordable))
    total = seconds * (1 - SEARCH_SHARE) / seconds_per_example  # example passes of all full trainings together
    if total < _FEW * examples * _trainings(plan):
        plan = replace(plan, finalists=min(2, plan.finalists), references=1)
    trainings = _trainings(plan)
    passes = total / trainings
    least = _FEW * min(examples, _LEAST)
    if passes < least:
        needed = least * trainings * seconds_per_example / (1 - SEARCH_SHARE)
        raise RequestError(
            f"{seconds:g} seconds are too few: {trainings} trainings of {least} example passes need about "
            f"{needed:.0f} seconds. Write a budget of at least {_round_up(needed)} seconds."
        )
    plan = _spend(plan, passes, examples)
    each = seconds * SEARCH_SHARE * _SEARCHED / plan.trials / seconds_per_example  # example passes per short training
    short = max(2, min(plan.short_epochs, plan.epochs // 2, int(each / min(examples, 2000))))
    return replace(
        plan,
        epochs=max(plan.epochs, short + 1),
        short_epochs=short,
        examples=min(plan.train_examples or examples, max(256, int(each / short))),
    )


def affordable_ms(plan: Plan, seconds: float, *, examples: int, seconds_per_example: float) -> float:
    """Milliseconds of training per example above which a network is too slow to be tried within the seconds.

    At that speed half of the trials and a third of the epochs fit; both give way when they meet slow networks. It is
    no less than 1.5 times the reference's.

    Args:
        examples: in the training split.
        seconds_per_example: of the reference network.
    """
    epochs = max(plan.short_epochs + 1, plan.epochs // 3)
    short = plan.trials / 2 * plan.short_epochs * (plan.examples or examples)  # example passes
    full = _trainings(plan) * epochs * (plan.train_examples or examples)
    each = min(_SEARCHED * SEARCH_SHARE * seconds / short, (1 - SEARCH_SHARE) * seconds / _OVERHEAD / full)
    return 1e3 * max(_SLOWER * seconds_per_example, each)


def _trainings(plan: Plan) -> int:
    return plan.finalists + plan.references + 2 * (plan.seeds - 1)


def _spend(plan: Plan, passes: float, examples: int) -> Plan:
    """The plan with full trainings of that many example passes: all examples for 4 to 40 epochs, or a part for 4."""
    epochs = int(passes / examples)
    if epochs >= _FEW:
        return replace(plan, epochs=min(epochs, Plan.epochs), train_examples=None)
    return replace(plan, epochs=_FEW, train_examples=min(examples, max(min(examples, _LEAST), int(passes / _FEW))))


def _round_up(seconds: float) -> int:
    return int(-(-seconds * 1.2 // 10) * 10)


def plan_again(plan: Plan, seconds: float, speeds: Sequence[float], *, references: int, examples: int) -> Plan:
    """The plan with full trainings that fit into the seconds left.

    Args:
        speeds: seconds per training example of each finalist; a reference is taken to be as fast as their median.
        references: hand-made networks that are trained beside them.
        examples: in the training split.
    """
    if not speeds:
        return plan
    again, middle = plan.seeds - 1, statistics.median(speeds)
    each = sum(speeds) + references * middle + again * (max(speeds) + (middle if references else 0))
    plan = _spend(plan, seconds / each / _OVERHEAD, examples)
    return replace(plan, epochs=max(plan.epochs, plan.short_epochs + 1))
