"""What a short request gets: plug-ins, a budget, a chat model, and where it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from genas.core import assets, declared, registry
from genas.core.interfaces import Task
from genas.core.llm_names import split
from genas.core.records import Request, Use

SECONDS = 600.0  # of a race, where no budget is named
TRIALS = 24  # of one whose winner's epochs are named, but no budget
_LEARNED = ("diffusion", "archlm")  # are asked first, in this order, of the learned proposers
_REFINERS = (Use("local_search"), Use("regularized_evolution", {"population": 6, "sample": 3}))


def filled(request: Request) -> Request:
    """The request with proposers, scorers, refiners and a budget where it names none."""
    return _with_budget(_with_plugins(request))


def with_model(request: Request, llm: str | None) -> Request:
    """The one place that says which chat model is asked: a plug-in's own option, else `llm`, else the embedded one."""
    name, address = split("local" if llm is None else llm)
    access: dict[str, Any] = {"model": name} | ({"base_url": address} if address else {})
    uses = [*request.proposers, *request.refiners]
    unnamed = {use.name for use in uses if registry.asks_chat_model(use.name) and "model" not in use.options}

    def named(given: Sequence[Use]) -> tuple[Use, ...]:
        return tuple(replace(u, options={**access, **u.options}) if u.name in unnamed else u for u in given)

    proposers = named(request.proposers)
    if llm is not None and not unnamed and not any(use.name == "llm" for use in uses):
        proposers += (Use("llm", access),)
    return replace(request, proposers=proposers, refiners=named(request.refiners))


def _with_plugins(request: Request) -> Request:
    space = request.space.name
    learned = _fitted(space)
    generators = [Use(name) for name in learned if name in registry.names("proposers")]
    table, modality = request.validator.name == "table", _modality(request)
    proxies = ["naswot", "synflow"] if modality in {"image", "tabular"} and _builds(request) else []
    proxies += [name for name in learned if name in registry.names("scorers")]
    timed = ["train_ms"] if request.budget.trials is None and not table else []
    more = (*proxies, *timed, *(["table"] if table else []))
    sampled = registry.load("tasks", request.task.name).measured is not Task.measured  # a table of a part of the space
    proposers = (Use("uniform", {"within": "table"}),) if sampled else (Use("uniform"), *generators)
    return replace(
        request,
        proposers=request.proposers or proposers,
        scorers=request.scorers or tuple(Use(name) for name in (*_cheap(request), *more)),
        refiners=request.refiners or ((Use("auto"),) if table else _REFINERS),
    )


def _cheap(request: Request) -> list[str]:
    """The scorers that count a network, and those of what is limited or wished for."""
    counted = {"params"} if _modality(request) == "graph" else {"params", "flops"}  # a graph network's need the graph
    counted = counted if _builds(request) else set()
    wanted = {c.metric for c in request.constraints} | {o.metric for o in request.objectives}
    named = [name for name in registry.names("scorers") if name in counted | wanted]
    judged = registry.load("tasks", request.task.name).metric.name  # by the validator, and by trainings or a table
    others = [declared.scorer_of(metric) for metric in sorted(wanted - {judged, *named})]
    return [*named, *(name for name in dict.fromkeys(others) if name is not None)]


def _modality(request: Request) -> str:
    return str(registry.load("spaces", request.space.name).modality)


def _builds(request: Request) -> bool:
    return bool(registry.load("spaces", request.space.name).builds())


def _with_budget(request: Request) -> Request:
    """Ten minutes for a race of which neither seconds nor trials are said; 24 trials where epochs are."""
    budget, trained = request.budget, request.validator.name == "train"
    if not trained or budget.seconds is not None or budget.trials is not None:
        return request
    if "epochs" in request.validator.options:
        return replace(request, budget=replace(budget, trials=TRIALS))
    return replace(request, budget=replace(budget, seconds=SECONDS))


def _fitted(space: str) -> list[str]:
    """The learners that have a model of the space in models/, shipped or fitted there later."""
    learners = dict.fromkeys((*_LEARNED, *registry.names("learners")))
    return [name for name in learners if assets.seen(f"{name}-{space}")]


def executor(request: Request) -> Use:
    """Threads, one for each core, where networks for images are trained on a CPU; else this process alone."""
    if request.validator.name != "train" or registry.load("tasks", request.task.name).modality != "image":
        return Use("serial")
    from genas.training.timing import cores, pick_device

    here = request.device if request.device in ("auto", "cpu") else "other"
    several = here != "other" and cores() > 1 and pick_device(here).type == "cpu"
    return Use("threads") if several else Use("serial")
