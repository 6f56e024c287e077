"""The tables of a report: winner beside references, all trials, where candidates came from, what was spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from genas.core import pareto
from genas.core.metrics import on_test
from genas.core.records import Report, Rival, Trial
from genas.reporting import outcome
from genas.reporting.palette import css
from genas.reporting.rungs import Rungs
from genas.reporting.spread import interval

_VERDICTS = {
    "beats": "beaten by the winner",
    "does not beat": "better than the winner",
    "no clear difference": "no clear difference",
}
TONES = {"beats": "good", "does not beat": "bad", "no clear difference": "even"}


def comparison(report: Report, rungs: Rungs | None) -> dict[str, Any]:
    """Winner and references side by side: costs, validation and test figures, verdict."""
    request, winner = report.request, report.winner
    metric = outcome.quality(request, winner).metric
    measured = {m.metric for t in (winner, *report.references) if t for m in t.measurements}
    limited = [c.metric for c in request.constraints]
    shown = [m for m in dict.fromkeys([on_test(metric), metric, *limited, "params"]) if m in measured]
    lines = []
    others = [r for r in report.references if winner is None or r.candidate.key != winner.candidate.key]
    for trial in ([winner] if winner else []) + others:
        cells = [_told(trial, m, rungs) for m in shown]
        name = "winner" if trial is winner else outcome.title(trial)
        if trial is winner and outcome.kind_of(trial.candidate) == "hand-made":
            name = f"winner: {outcome.title(trial)}"
        verdict = _outcome(report, trial, rungs) if winner and trial is not winner else None
        lines.append({"name": name, "cells": cells, "verdict": verdict, "failure": trial.failure})
    lines += [_rival(rival, shown, metric) for rival in report.rivals]
    headings = [f"validation {outcome.heading(m)}" if m == metric else outcome.heading(m) for m in shown]
    return {"metrics": headings, "lines": lines, "race": rungs is not None}


def _rival(rival: Rival, metrics: Sequence[str], metric: str) -> dict[str, Any]:
    """A model that is no network, in the comparison."""
    figures = {metric: rival.validation, on_test(metric): rival.test}
    cells = [outcome.number(m, figures[m]) if m in figures else "–" for m in metrics]
    return {"name": f"{rival.name} (no network)", "cells": cells, "verdict": None, "failure": None}


def _outcome(report: Report, rival: Trial, rungs: Rungs | None) -> dict[str, str] | None:
    """A pill for the winner against a reference: after the same rung of a race, else by their figures over seeds."""
    winner = report.winner
    assert winner is not None
    test = on_test(outcome.quality(report.request, winner).metric)
    if rungs is not None and not (winner.all(test) and rival.all(test)):
        standing = outcome.standing(rungs, winner, rival)
        shown = None if standing is None else led(standing, rungs.metric)
        return None if shown is None else {**shown, "text": f"the winner {_was(shown['text'])}"}
    compared = outcome.against(report.request, winner, rival)
    return {"text": _VERDICTS[compared.verdict], "tone": TONES[compared.verdict]} if compared else None


def _was(text: str) -> str:
    return text if text.startswith("led") else f"was {text}"


def led(found: outcome.Standing, metric: str, name: str = "") -> dict[str, str]:
    """A standing as a pill: who led on which rung, green or red only where it can hardly be chance."""
    gap = outcome.number(metric, abs(found.lead))
    if found.lead == 0:
        return {"text": f"level{' with' * bool(name)}{name} on {found.rung}", "tone": "even"}
    text = f"led{name} by {gap}" if found.lead > 0 else f"{gap} behind{name}"
    tone = "even" if not found.clear else "good" if found.lead > 0 else "bad"
    return {"text": f"{text} on {found.rung}", "tone": tone}


def _told(trial: Trial, metric: str, rungs: Rungs | None) -> str:
    """A figure of the comparison, with the training it was measured after and how sure it is."""
    spread = outcome.spread(trial, metric)
    if spread is None:
        return "–"
    if rungs is not None and metric == rungs.metric and (share := trial.all(metric)[0].fidelity) < 1:
        return f"{outcome.number(metric, spread.mean)} after {rungs.name(rungs.number(share))}"
    if spread.n > 1:
        return outcome.spread_text(metric, spread)
    text = outcome.figure_text(trial, metric) if interval(trial, metric) else None
    return text or outcome.number(metric, spread.mean)


def cell(trial: Trial, metric: str, rungs: Rungs | None) -> tuple[str, str]:
    """The figure and a small note: at which fidelity and over how many seeds."""
    figures = trial.all(metric)
    if not figures:
        return ("", "")
    same = [m for m in figures if m.fidelity == figures[0].fidelity]
    notes = [f"at {figures[0].fidelity:.2g}"] if figures[0].fidelity < 1 else []
    if notes and rungs is not None and metric == rungs.metric:
        notes = [f"after {rungs.name(rungs.number(figures[0].fidelity))}"]
    notes += [f"{len(same)} seeds"] if len(same) > 1 else []
    return (outcome.number(metric, sum(m.value for m in same) / len(same)), ", ".join(notes))


def row(
    number: int,
    trial: Trial,
    metrics: Sequence[str],
    *,
    tones: Mapping[str, str],
    marks: Mapping[str, str],
    rungs: Rungs | None,
) -> dict[str, Any]:
    """One trial: its figures, how far it came, and why it stopped.

    Args:
        number: its place in the table.
        metrics: the columns.
        tones: the colour of each origin.
        marks: "winner" and "front", by key.
        rungs: of the race, if the run was one.
    """
    candidate = trial.candidate
    return {
        "number": number,
        "key": outcome.short(candidate.key),
        "origin": candidate.origin,
        "colour": css(tones[candidate.origin]),
        "mark": marks.get(candidate.key, "") if trial.failure is None else "",
        "cells": [cell(trial, m, rungs) for m in metrics],
        "rung": "" if rungs is None or not rungs.last(trial) else rungs.name(rungs.last(trial)),
        "stop": "" if rungs is None else rungs.stop(trial),
        "note": candidate.note,
        "parents": [outcome.short(p) for p in candidate.parents],
        "failure": trial.failure,
        "ops": " ".join(candidate.arch.ops),
    }


def sources(report: Report, tones: Mapping[str, str], rungs: Rungs | None) -> list[dict[str, Any]]:
    """Per origin: how many candidates reached each stage, the best of them, and the share in the front."""
    leading, constraints = report.request.objectives[0], report.request.constraints
    in_front = Counter(t.candidate.origin for t in report.front)
    rows, lines = ranked(report), []
    for origin, colour in tones.items():
        own = [t for t in rows if t.candidate.origin == origin]
        legal = [t for t in own if t.failure is None or t.measurements]
        within = [t for t in legal if not pareto.broken(t, constraints)]
        measured = [t for t in within if t.failure is None and t.value(leading.metric) is not None]
        lines.append({
            "origin": origin,
            "colour": css(colour),
            "counts": [len(own), len(legal), len(within), len(measured)],
            "best": cell(measured[0], leading.metric, rungs) if measured else ("–", ""),
            "share": f"{in_front[origin]} of {len(report.front)}",
        })  # fmt: skip
    return lines


def spent(report: Report) -> list[tuple[str, str, str]]:
    """What was spent of each budget, beside what was allowed."""
    spent, allowed = report.spent, report.request.budget
    lines = []
    if spent.seconds is not None:
        limit = outcome.duration(allowed.seconds) if allowed.seconds is not None else "no limit"
        lines.append(("time", outcome.duration(spent.seconds), limit))
    for name, used, most in (
        ("trials", spent.trials, allowed.trials),
        ("LLM tokens", spent.llm_tokens, allowed.llm_tokens),
    ):
        if used is not None:
            lines.append((name, f"{used:,}", "no limit" if most is None else f"{most:,}"))
    return lines


def costs(events: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """For each scorer its figures, failures and seconds; for each chat model its answers and tokens, too."""
    made: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    answers: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for event in events:
        if event.get("kind") == "measurement":
            scorer = str(event.get("scorer", "unknown"))
            made[scorer] += 1
            failed[scorer] += "failure" in event
            seconds[scorer] = seconds.get(scorer, 0.0) + float(event.get("measurement", {}).get("seconds", 0.0))
        elif event.get("kind") == "completion":
            model = str(event.get("model", "chat model"))
            answers[model] += 1
            failed[model] += "failure" in event
            tokens[model] += int(event.get("tokens", 0))
            seconds[model] = seconds.get(model, 0.0) + float(event.get("seconds", 0.0))
    order = sorted(made, key=lambda s: -seconds[s])
    lines = [(s, f"{made[s]:,}", str(failed[s]), outcome.duration(seconds[s])) for s in order]
    return lines + [
        (model, f"{count:,} answers, {tokens[model]:,} tokens", str(failed[model]), outcome.duration(seconds[model]))
        for model, count in answers.items()
    ]


def ranked(report: Report) -> list[Trial]:
    """Best first: the winner, then fully measured trials, cheaply measured ones, unmeasured ones, failures."""
    objectives = report.request.objectives
    winner = report.winner.candidate.key if report.winner else None

    def order(trial: Trial) -> tuple[Any, ...]:
        found, point = trial.all(objectives[0].metric), pareto.losses(trial, objectives)
        leading = point or ((-found[0].value if objectives[0].goal == "max" else found[0].value,) if found else ())
        won = trial.candidate.key == winner and trial.failure is None
        return (not won, trial.failure is not None, -(found[0].fidelity if found else 0.0), leading)

    return sorted(report.trials, key=order)
