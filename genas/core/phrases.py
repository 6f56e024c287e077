"""Parses short phrases of the command line, files and Python: plug-ins, executors, tables and budgets."""

from __future__ import annotations

import json
import re
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Budget, Use

# The most that anybody can mean: networks, seconds, tokens.
_TRIALS, _LONGEST, _TOKENS = 1_000_000, 10 * 366 * 86400.0, 10**12
_TIME = re.compile(r"(?<![0-9.,+*/^-])([0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][0-9]{1,2})?|\.[0-9]+)\s*([A-Za-z]+)\.?")
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("week", "weeks"), 604800.0),
    **dict.fromkeys(("month", "months"), 30.4375 * 86400.0),
    **dict.fromkeys(("year", "years"), 365.25 * 86400.0),
}


def parse_use(text: str) -> Use:
    """A plug-in with its options from "navigator" or "navigator:batch=8,partition=1"; every value stays text.

    Raises:
        RequestError: an option has no value.
    """
    name, _, rest = text.partition(":")
    pairs = [part.partition("=") for part in rest.split(",") if part]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise RequestError(f"{name}: write {wrong[0]}=VALUE, in {text!r}.")
    return Use(name, {key.strip(): value.strip() for key, _, value in pairs})


def parse_executor(text: str) -> Use:
    """An executor from "processes", "processes:4", "ray:10.0.0.5:6379" or "processes:workers=4,threads=2".

    Raises:
        RequestError: there is none of that name, or it has no such option.
    """
    name, _, rest = text.partition(":")
    cls = registry.load("executors", name)
    if rest and "=" not in rest:
        if cls.short is None:
            raise RequestError(f"{name} takes options by name only, such as {name}:threads=1; not {rest!r}.")
        return Use(name, {cls.short: rest})
    return parse_use(text)


def parse_table(source: str) -> Use:
    """The task of a benchmark table from "table:nasbench201:dataset=cifar10,sample=64"; numbers are read as numbers.

    Raises:
        RequestError: it names no table, or an option has no value.
    """
    kind, _, rest = source.partition(":")
    use = parse_use(rest)
    if kind != "table" or not use.name:
        raise RequestError(f"{source!r} is no table. Write table:TASK, or table:nasbench201:dataset=cifar10.")
    return Use(use.name, {key: _value(text) for key, text in use.options.items()})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def parse_budget(text: str) -> Budget:
    """A budget from "20 minutes", "1 hour 30 min", "240 s" or "30 trials".

    Raises:
        RequestError: it is none, or more or less than anybody can mean.
    """
    if match := re.fullmatch(r"\s*([0-9]{1,40}|[0-9]{1,3}(?:,[0-9]{3}){1,12})\s*(trials?|networks?)\s*", text):
        return affordable(Budget(trials=int(match[1].replace(",", ""))))
    if text.lstrip().startswith("-"):
        raise RequestError(f"A budget must be more than nothing, not {text[:100]!r}.")
    parts = list(_TIME.finditer(text)) if len(text) <= 100 else []
    between = _TIME.sub(" ", text) if parts else "?"
    if re.fullmatch(r"[\s,]*(?:and\s*)?", between) is None or any(part[2].lower() not in _UNITS for part in parts):
        raise RequestError(
            f"{text[:100]!r} is no budget. Write for example '20 minutes', '1 hour 30 min', '240 s' or '30 trials'."
        )
    return affordable(Budget(seconds=sum(float(p[1].replace(",", "")) * _UNITS[p[2].lower()] for p in parts)))


def affordable(budget: Budget) -> Budget:
    """The budget, or RequestError if nobody can mean it. Every budget, wherever it was written, is checked here."""
    if budget.seconds is not None and not 0 < budget.seconds <= _LONGEST:
        raise RequestError(f"A budget is more than nothing and at most ten years ({_LONGEST:,.0f} seconds).")
    if budget.trials is not None and not 1 <= budget.trials <= _TRIALS:
        raise RequestError(f"A budget is from 1 to {_TRIALS:,} trials.")
    if budget.llm_tokens is not None and not 1 <= budget.llm_tokens <= _TOKENS:
        raise RequestError(f"A budget is from 1 to {_TOKENS:,} llm_tokens.")
    return budget
