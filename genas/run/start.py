"""Makes the schedule of a race from its budget and one timed network, before anything is proposed."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from genas.core import clock
from genas.core.building import build
from genas.core.errors import RequestError
from genas.core.interfaces import Executor, SearchSpace, Task
from genas.core.records import Request
from genas.core.rng import rng
from genas.run.laboratory import Laboratory
from genas.run.schedule import Schedule, by_seconds, by_trials
from genas.training.timing import seconds_per_example, threads
from genas.validators.train import TrainValidator

EPOCHS = 40.0  # of the winner, where the budget counts trials
_BATCH = 64  # examples of the step that is timed
_USED = 0.94  # of the seconds go to training; the rest to proposals, the test and the report


def scheduled(lab: Laboratory, validator: TrainValidator, *, begin: float) -> Schedule:
    """The schedule of a race: the one in the ledger, or a new one, which is written there.

    Args:
        lab: knows the request, and what is trained where.
        validator: bounds the race by its options.
        begin: the clock when the run began; what was used since then is not there to be spent.

    Raises:
        RequestError: there is no budget, or it is too small to train anything.
    """
    budget = lab.request.budget
    if budget.seconds is None and budget.trials is None:
        raise RequestError("A race needs a budget: write for example '10 minutes' or '20 trials'.")
    if (event := lab.ledger.find("schedule")) is None:
        space, task, device = lab.context.space, lab.context.task, lab.context.device
        made = _made(lab.request, space, task, lab.executor, validator, device=device, begin=begin)
        spent = clock.now() - begin
        event = {"kind": "schedule", "id": "schedule", "schedule": made.to_data(), "clock": spent}
        lab.ledger.append(event)
    return Schedule.from_data(event["schedule"])


def _made(
    request: Request,
    space: SearchSpace,
    task: Task,
    executor: Executor,
    validator: TrainValidator,
    *,
    device: str,
    begin: float,
) -> Schedule:
    total = len(task.data("train").labels)
    examples = min(total, validator.examples or total)
    children = bool(request.refiners)
    if request.budget.trials is not None:
        epochs = float(request.validator.options.get("epochs", EPOCHS))
        made = by_trials(request.budget.trials, epochs=epochs, examples=examples, children=children)
        return replace(made, precision=validator.sure_precision)
    network = _usual(request, space, task)
    with threads(executor.threads):
        precision = validator.precision_of(network, device)
        step = _BATCH * seconds_per_example(network, task, device, batch_size=_BATCH, runs=3, precision=precision)
    left = _USED * (request.budget.seconds or 0.0) - (clock.now() - begin)
    made = by_seconds(
        left,
        step=step,
        examples=examples,
        judges=len(task.data("val").labels),
        batch=_BATCH,
        workers=executor.workers,
        children=children,
    )
    return replace(made, precision=precision)


def _usual(request: Request, space: SearchSpace, task: Task) -> nn.Module:
    """The network that starts first, of those that learn everything from scratch."""
    usual = space.portfolio(task, request.constraints) or space.references(task, request.constraints)
    usual = [candidate for candidate in usual if not space.knowledge(candidate.arch)] or usual
    arch = usual[0].arch if usual else space.sample(rng(request.seed, "speed"))
    return build(space, arch, task, request.seed)
