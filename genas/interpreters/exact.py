"""Reads plain sentences with rules: numbers with units, comparisons, wishes. Where it is not sure, it asks."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import Interpreter
from genas.core.records import Budget, Constraint, Request, Use
from genas.interpreters.limits.limits import Limits, check_limits, read_limits
from genas.interpreters.limits.names import Names, names_in
from genas.interpreters.limits.wishes import read_wishes
from genas.interpreters.subject.facts import Subject, check_facts
from genas.interpreters.subject.subject import is_table, read_subject, space_for

_FIELDS = tuple(f.name for f in fields(Request))
_LONGEST = 4000
_FROM_SCRATCH = re.compile(
    r"\b(?:from scratch|(?:no|without|not?) (?:any )?(?:pre-?trained|pre-?training|imagenet)\w*|not pre-?trained)\b",
    re.I,
)
_NEGATED = re.compile(r"(?:\b(?:not|never|without|avoid|rather than|instead of|than)|n't)(?: \w+){0,2} $", re.I)


class Exact(Interpreter):
    """Understands sentences such as "digits, under 50k parameters, accuracy first", and never makes a number up.

    Every number must be a limit, a budget, a seed, a number of classes or an image size. A number that is none of these
    is a RequestError, and so is a sentence that does not say what the network is for. "Under 50k parameters" means at
    most 49,999; limits on other metrics include their end. One MAC counts as two FLOPs; a megabyte is 10^6 bytes.
    """

    def read(self, sentence: str, **known: Any) -> Request:
        """The request that a sentence and the fields known beforehand make together; known fields win.

        Args:
            sentence: plain English, German or French; may be empty if `known` names the task.
            known: fields of Request, as records.

        Raises:
            RequestError: something is missing, unclear or contradictory; the message says what to write.
        """
        _check_known(known)
        if len(sentence) > _LONGEST:
            raise RequestError(f"The sentence has {len(sentence)} characters. Write at most {_LONGEST}.")
        if not re.search(r"\w", sentence) and "task" not in known:
            raise RequestError("Nothing is asked for. Write for example: digits, under 50k parameters, accuracy first.")
        subject = read_subject(sentence, known.get("task"), known.get("space"))
        assert subject.task is not None
        names = names_in(subject.text, subject.task)
        limits = read_limits(subject.text, names)
        check_facts(subject, subject.task)
        values = {**_read_fields(subject.task, subject, limits, names), **known}
        if _from_scratch(sentence) and "pretrained" in registry.options("spaces", values["space"].name):
            values["space"] = replace(values["space"], options={"pretrained": False, **values["space"].options})
        request = Request(**{"goal": sentence, **values})
        check_limits(request.constraints)
        _check_budget(request.budget)
        return request

    def task(self, sentence: str) -> Use:
        """The task that the sentence names; the rest of it may be anything.

        Raises:
            RequestError: the sentence names no task, or one that genas does not offer.
        """
        task = read_subject(sentence, None, None).task
        assert task is not None
        return task


def _from_scratch(sentence: str) -> bool:
    """Whether the sentence rules out pretrained parts; "do not train from scratch" does not."""
    return any(not _NEGATED.search(sentence[: match.start()]) for match in _FROM_SCRATCH.finditer(sentence))


def _read_fields(task: Use, subject: Subject, limits: Limits, names: Names) -> dict[str, Any]:
    """The request's fields as the sentence gives them."""
    values: dict[str, Any] = {
        "task": task,
        "space": subject.space or space_for(task),
        "objectives": read_wishes(limits.text, names, registry.load("tasks", task.name).metric),
        "constraints": limits.constraints(),
        "budget": limits.budget,
        "validator": _validator(task, limits.epochs),
    }
    if subject.device is not None:
        values["device"] = subject.device
    if subject.seed is not None:
        values["seed"] = subject.seed
    return values


def _validator(task: Use, epochs: int | None) -> Use:
    if not is_table(task.name):
        return Use("train", {} if epochs is None else {"epochs": epochs})
    if epochs is not None:
        raise RequestError(
            f"{task.name} is a table: nothing is trained, so {epochs} epochs have no meaning. Leave them out."
        )
    return Use("table")


def _check_known(known: dict[str, Any]) -> None:
    for key in known:
        if key not in _FIELDS:
            near = get_close_matches(key, _FIELDS, n=1)
            raise RequestError(
                f"A request has no key {key!r}. "
                + (f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_FIELDS)}.")
            )
    if not all(isinstance(c, Constraint) for c in known.get("constraints", ())):
        raise RequestError("constraints must be a list of limits, each with metric, at_most or at_least.")


def _check_budget(budget: Budget) -> None:
    for name, value in (("seconds", budget.seconds), ("trials", budget.trials), ("llm_tokens", budget.llm_tokens)):
        if value is not None and not 0 < value < float("inf"):
            raise RequestError(f"A budget of {value:g} {name} allows nothing. Write more than zero.")
