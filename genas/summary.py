"""A request and an outcome in plain words: the block shown before any work, and the sentences of a report."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from genas.core import pareto
from genas.core.records import Budget, Constraint, Goal, Objective, Request, Trial, Use

_UNITS = {"_ms": "ms", "_mb": "MB", "_mj": "mJ", "_j": "J", "_s": "s"}
_WIDTH = 100


def clean(text: str, most: int = 1000) -> str:
    """The text on one line, at most that long, without control characters (a terminal obeys those)."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def unit(metric: str) -> str:
    """The unit of a metric, or nothing for a plain number."""
    if metric in {"params", "seconds"}:
        return {"params": "params", "seconds": "s"}[metric]
    if metric == "flops":
        return "FLOPs"
    return next((word for suffix, word in _UNITS.items() if metric.endswith(suffix)), "")


def label(metric: str) -> str:
    """The metric as a person says it: latency for latency_ms."""
    for suffix in _UNITS:
        metric = metric.removesuffix(suffix)
    return clean(metric.replace("_", " "), 60)


def number(metric: str, value: float) -> str:
    """The value alone, in the digits that its metric deserves."""
    if metric == "params":
        return f"{value:,.0f}" if value == round(value) else f"{value:,g}"
    if metric == "flops":
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"{value / size:.4g} {letter}"
    if metric.endswith("accuracy"):
        return f"{value:.4f}"
    return f"{value:.4g}" if abs(value) < 1e5 else f"{value:,.0f}"


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
        if metric.endswith("accuracy"):
            return f"{value:g}"
        return number(metric, value) if metric == "params" else figure(metric, value)

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


class Spread(NamedTuple):
    """The mean over seeds, the standard deviation over them (None for one seed), and their number."""

    mean: float
    std: float | None
    n: int


def spread(trial: Trial, metric: str) -> Spread | None:
    """How a metric spreads over seeds at the highest fidelity measured, or None where it was not measured."""
    found = trial.all(metric)
    values = [m.value for m in found if m.fidelity == found[0].fidelity]
    if not values:
        return None
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1) if len(values) > 1 else None
    return Spread(mean, None if variance is None else math.sqrt(variance), len(values))


def spread_text(metric: str, found: Spread) -> str:
    """A spread in words: 0.9872 ± 0.0021 (n = 3)."""
    if found.std is None:
        return f"{figure(metric, found.mean)} (n = 1)"
    return f"{number(metric, found.mean)} ± {number(metric, found.std)}{_spaced(unit(metric))} (n = {found.n})"


def _spaced(word: str) -> str:
    return f" {word}" if word else ""


class Comparison(NamedTuple):
    """A winner set against a reference.

    Args:
        verdict: "beats", "does not beat" or "no clear difference".
        difference: the winner's mean less the reference's.
        margin: half the width of the 95 % interval of the difference; None where no spread is known.
    """

    verdict: str
    difference: float
    margin: float | None


def compare(winner: Spread, reference: Spread, goal: Goal = "max") -> Comparison:
    """Whether the winner's mean is clearly better, given how much both vary over seeds.

    Where no seed differs from another (few test examples, or a task too easy) nothing is known of that: no clear
    difference.

    Source: Student's two-sample test with pooled variance at 95 %, two-sided; the seeds are the samples, so the chance
    in the choice of test examples is not counted.
    """
    from scipy.stats import t

    difference = winner.mean - reference.mean
    freedom = winner.n + reference.n - 2
    if freedom < 1:
        return Comparison("no clear difference", difference, None)
    squares = sum((s.n - 1) * (s.std or 0.0) ** 2 for s in (winner, reference))
    pooled = math.sqrt(squares / freedom)
    margin = float(t.ppf(0.975, freedom)) * pooled * math.sqrt(1 / winner.n + 1 / reference.n)
    if pooled == 0 or abs(difference) <= max(margin, 1e-12):
        return Comparison("no clear difference", difference, margin)
    better = difference > 0 if goal == "max" else difference < 0
    return Comparison("beats" if better else "does not beat", difference, margin)


def quality(request: Request, winner: Trial | None) -> Objective:
    """The objective that networks are compared in: the first with a test figure, else the leading one."""
    tested = (
        [m.metric.removeprefix("test_") for m in winner.measurements if m.metric.startswith("test_")] if winner else []
    )
    for objective in request.objectives:
        if objective.metric in tested:
            return objective
    return Objective(tested[0]) if tested else request.objectives[0]


def title(trial: Trial) -> str:
    """What to call a hand-made network: its note, else its origin."""
    return clean(trial.candidate.note.removeprefix("hand-made: "), 60) or clean(trial.candidate.origin, 60)


def against(request: Request, winner: Trial, reference: Trial) -> Comparison | None:
    """Winner against reference on the test split, else on validation; None where one of them lacks a figure."""
    objective = quality(request, winner)
    for metric in (f"test_{objective.metric}", objective.metric):
        ours, theirs = spread(winner, metric), spread(reference, metric)
        if ours and theirs:
            return compare(ours, theirs, objective.goal)
    return None


def summarize(request: Request, winner: Trial | None, references: Sequence[Trial], trials: Sequence[Trial]) -> str:
    """The outcome in plain sentences, one a line: the winner's figures, the limits, each reference, what was tried."""
    if winner is None:
        return "\n".join([*_nothing(request, trials), _tried(trials)])
    lines = [_figures(request, winner)]
    lines += limit_lines(request, winner)
    lines += [_against_line(request, winner, reference) for reference in references]
    if not references:
        lines.append("There is no reference network to compare with.")
    return "\n".join([*lines, _tried(trials)])


def _figures(request: Request, winner: Trial) -> str:
    metric = quality(request, winner).metric
    test, val = spread(winner, f"test_{metric}"), spread(winner, metric)
    parts = []
    if test:
        parts.append(f"test {label(metric)} {spread_text(metric, test)}")
    if val:
        fidelity = winner.all(metric)[0].fidelity
        cheap = "" if fidelity >= 1 else f", measured at fidelity {fidelity:g} only"
        parts.append(f"validation {label(metric)} {spread_text(metric, val)}{cheap}")
    who = f"The winner is {winner.candidate.key[:8]} from {clean(winner.candidate.origin, 60)}"
    shown = "; ".join(parts) or f"its {label(metric)} was not measured"
    return f"{who}: {shown}." + ("" if test else " The test split was not read.")


def limit_lines(request: Request, trial: Trial) -> list[str]:
    """For each kind of outcome (kept, broken, not measured) the limits that have it."""
    found: dict[str, list[str]] = {"Limits kept": [], "Limits BROKEN": [], "Limits not measured": []}
    for constraint in request.constraints:
        value = trial.value(constraint.metric)
        if value is None:
            found["Limits not measured"].append(limit(constraint))
        else:
            kind = "Limits kept" if constraint.holds(value) else "Limits BROKEN"
            found[kind].append(f"{figure(constraint.metric, value)} ({limit(constraint)})")
    return [f"{kind}: {'; '.join(parts)}." for kind, parts in found.items() if parts]


def _against_line(request: Request, winner: Trial, reference: Trial) -> str:
    name, metric = title(reference), quality(request, winner).metric
    if reference.failure:
        return f'The reference "{name}" failed: {clean(reference.failure, 200)}'
    found = against(request, winner, reference)
    if found is None:
        return f'The reference "{name}" has no figure that the winner has too, so they cannot be compared.'
    tested = spread(winner, f"test_{metric}") and spread(reference, f"test_{metric}")
    theirs = spread(reference, f"test_{metric}" if tested else metric)
    assert theirs is not None
    split = "test" if tested else "validation"
    shown = f"{split} {label(metric)} {spread_text(metric, theirs)}"
    gap = f"difference {'-' if found.difference < 0 else '+'}{number(metric, abs(found.difference))}"
    if found.margin is None:
        return f'No clear difference from the reference "{name}" ({shown}): {gap}, and one seed each shows no spread.'
    if found.margin == 0:
        return f'No clear difference from the reference "{name}" ({shown}): {gap}, but the seeds show no spread at all.'
    gap += f" ± {number(metric, found.margin)} (95 % interval over seeds)"
    if found.verdict == "no clear difference":
        return f'No clear difference from the reference "{name}" ({shown}): {gap}.'
    return f'The winner {found.verdict} the reference "{name}" ({shown}): {gap}.'


def _nothing(request: Request, trials: Sequence[Trial]) -> list[str]:
    over = [bool(pareto.broken(t, request.constraints)) for t in trials]
    failures = Counter(clean(t.failure, 160) for t, o in zip(trials, over, strict=True) if t.failure and not o)
    broken = sum(over)
    lines = ["No network was found that is legal, keeps the limits and could be measured."]
    if broken:
        limits = "; ".join(limit(c) for c in request.constraints)
        lines.append(f"{broken} of {len(trials)} trials broke a limit ({limits}): loosen it, or raise the budget.")
    lines += [f"{count} failed: {reason}" for reason, count in failures.most_common(3)]
    return lines


def _tried(trials: Sequence[Trial]) -> str:
    if not trials:
        return "Nothing was tried."
    origins = Counter(clean(t.candidate.origin, 60) for t in trials)
    failed = sum(t.failure is not None for t in trials)
    parts = ", ".join(f"{origin} {count}" for origin, count in origins.most_common())
    return f"{len(trials)} candidates were tried ({parts}); {failed} went no further than a limit or a failure."
