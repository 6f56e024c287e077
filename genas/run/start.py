"""What a race may spend, before anything is proposed: its schedule, from the budget and one timed network."""

from __future__ import annotations

from genas.core import clock
from genas.core.interfaces import Executor, SearchSpace, Task
from genas.core.records import Request
from genas.core.rng import rng
from genas.run.schedule import Schedule, by_seconds, by_trials
from genas.training.timing import build, seconds_per_example, threads

EPOCHS = 40.0  # of the winner, where the budget counts trials
_BATCH = 64  # examples of the step that is timed
_USED = 0.94  # of the seconds go to training; the rest to proposals, the test and the report


def planned(
    request: Request, space: SearchSpace, task: Task, executor: Executor, *, device: str, begin: float
) -> Schedule:
    """The schedule of a request.

    Args:
        begin: the clock when the run began; what was used since then is not there to be spent.

    Raises:
        RequestError: the budget is too small to train anything.
    """
    limit = request.validator.options.get("examples")
    total = len(task.data("train").labels)
    examples = total if limit is None else min(total, int(limit))
    children = bool(request.refiners)
    if request.budget.trials is not None:
        epochs = float(request.validator.options.get("epochs", EPOCHS))
        return by_trials(request.budget.trials, epochs=epochs, examples=examples, children=children)
    step = _step_seconds(request, space, task, executor, device)
    left = _USED * (request.budget.seconds or 0.0) - (clock.now() - begin)
    return by_seconds(
        left,
        step=step,
        examples=examples,
        judges=len(task.data("val").labels),
        batch=_BATCH,
        workers=executor.workers,
        children=children,
    )


def _step_seconds(request: Request, space: SearchSpace, task: Task, executor: Executor, device: str) -> float:
    """Seconds of a training step of the network that starts first, of those that learn everything from scratch."""
    known = space.portfolio(task, request.constraints) or space.references(task, request.constraints)
    known = [candidate for candidate in known if not space.knowledge(candidate.arch)] or known
    arch = known[0].arch if known else space.sample(rng(request.seed, "speed"))
    network = build(space, arch, task, request.seed)
    with threads(executor.threads):
        return _BATCH * seconds_per_example(network, task, device, batch_size=_BATCH, runs=3)
