"""Figures, limits, budgets and requests in words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from genas.core import declared
from genas.core.records import Budget, Constraint, Request, Use

_WIDTH = 100


def clean(text: str, most: int = 1000) -> str:
    """The text on one line of at most this length, without control characters, which a terminal would obey."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def unit(metric: str) -> str:
    """The unit of a metric, or nothing for a plain number."""
    return clean(declared.metric(metric).unit, 20)


def label(metric: str) -> str:
    """The metric as people say it: latency for latency_ms."""
    return clean(declared.metric(metric).label, 60)


def heading(metric: str) -> str:
    """The heading of a column or axis for a metric, with its unit: latency (ms)."""
    name, word = label(metric), unit(metric)
    return name + (f" ({word})" if word and word != name else "")


def number(metric: str, value: float) -> str:
    """The value alone, in the digits that its metric deserves."""
    record = declared.metric(metric)
    if record.form == "count":
        return f"{value:,.0f}" if value == round(value) else f"{value:,g}"
    if record.form == "prefix":
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"{value / size:.{record.digits}g} {letter}"
    if record.share:
        return f"{value:.{record.digits}f}"
    return f"{value:.{record.digits}g}" if abs(value) < 1e5 else f"{value:,.0f}"


def figure(metric: str, value: float) -> str:
    """The value with its unit: 49,999 params, 5 ms, 12.3 MFLOPs, 0.9870."""
    text, word = number(metric, value), unit(metric)
    return text + ("" if text[-1].isalpha() or not word else " ") + word


def duration(seconds: float) -> str:
    """Seconds as a person says them: 45 s, 4 min, 1 h 30 min."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


def limit(constraint: Constraint) -> str:
    """A limit in words: params at most 49,999."""
    metric = constraint.metric

    def tell(value: float) -> str:
        if declared.metric(metric).share:
            return f"{value:g}"
        return number(metric, value) if label(metric) == unit(metric) else figure(metric, value)

    low, high = constraint.at_least, constraint.at_most
    if low is not None and high is not None:
        return f"{label(metric)} between {tell(low)} and {tell(high)}"
    if high is not None:
        return f"{label(metric)} at most {tell(high)}"
    return f"{label(metric)} at least {tell(low)}" if low is not None else f"{label(metric)} without limit"


def amount(budget: Budget) -> list[str]:
    """The parts of a budget that are set, in words."""
    parts = []
    if budget.seconds is not None:
        parts.append(duration(budget.seconds))
    if budget.trials is not None:
        parts.append(f"{budget.trials:,} trial{'s' * (budget.trials != 1)}")
    if budget.llm_tokens is not None:
        parts.append(f"{budget.llm_tokens:,} LLM tokens")
    return parts


def rows(request: Request) -> list[tuple[str, str]]:
    """The request as pairs of a key and its reading."""
    goals = [f"{label(o.metric)} {'high' if o.goal == 'max' else 'low'}" for o in request.objectives]

    def listed(uses: Sequence[Use]) -> str:
        return ", ".join(clean(str(use)) for use in uses) or "none"

    return [
        ("Goal", clean(request.goal) or "none given"),
        ("Task", listed([request.task])),
        ("Space", listed([request.space])),
        ("Objectives", ", then ".join(goals)),
        ("Limits", "; ".join(limit(c) for c in request.constraints) or "none"),
        ("Device", clean(request.device)),
        ("Budget", ", ".join(amount(request.budget)) or "no limit"),
        ("Seed", str(request.seed)),
        ("Proposers", listed(request.proposers)),
        ("Scorers", listed(request.scorers)),
        ("Refiners", listed(request.refiners)),
        ("Validator", listed([request.validator])),
    ]


def block(request: Request) -> str:
    """The request as one readable block for the terminal: aligned keys, units, no control characters."""
    pairs = rows(request)
    indent = max(len(key) for key, _ in pairs) + 2
    lines = [
        textwrap.fill(
            text, _WIDTH, initial_indent=key.ljust(indent), subsequent_indent=" " * indent, break_on_hyphens=False
        )
        for key, text in pairs
    ]
    return "\n".join(lines)
