"""Writes the report of a run: one self-contained page, and data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genas.core import pareto, wire
from genas.core.metrics import is_on_test, on_test
from genas.core.records import Measurement, Report, Trial
from genas.core.secrets import masked
from genas.reporting import charts, outcome, tables
from genas.reporting.architecture_picture import draw_architecture
from genas.reporting.environment import environment
from genas.reporting.outcome import block, summarize
from genas.reporting.palette import colours
from genas.reporting.rungs import Rungs
from genas.reporting.spread import interval

__all__ = ["block", "render", "summarize", "write"]

_TEMPLATE = "page.html.j2"
_DRAWN = 4  # networks pictured
_OPEN_ROWS = 25  # rows of the trial table that are shown unfolded


def write(report: Report, folder: Path, *, events: Iterable[Mapping[str, Any]] = ()) -> None:
    """Write `report.json` and `report.html` into the folder.

    Args:
        report: what the run found.
        folder: the run's folder; made where it does not exist.
        events: the ledger's events. Used are measurements (what each scorer cost), completions (per model) and events
            of kind "warning", whose "text" is shown on the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(wire.to_data(report), indent=1) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(masked(render(report, events)), encoding="utf-8", errors="replace")


def render(report: Report, events: Iterable[Mapping[str, Any]] = ()) -> str:
    """The page as HTML, without scripts or network access; every text from outside is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return jinja.get_template(_TEMPLATE).render(_page(report, list(events)))


def _page(report: Report, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    request, winner = report.request, report.winner
    rungs = outcome.rungs_of(request, winner, report.trials)
    ranked = tables.ranked(report)
    metrics = _metrics(report)
    tones = colours([t.candidate.origin for t in report.trials])
    marks = {t.candidate.key: "front" for t in report.front}
    if winner:
        marks[winner.candidate.key] = "winner"
    return {
        "goal": outcome.clean(request.goal) or "No sentence was given",
        "rows": outcome.rows(request)[1:],
        "lines": [line for line in report.text.splitlines() if line.strip()],
        "verdict": _verdict(report, rungs),
        "tiles": _tiles(report),
        "comparison": tables.comparison(report, rungs),
        "recipe": {} if rungs is None or winner is None else _recipe(report, winner),
        "race": None if rungs is None else charts.draw_race(report.trials, rungs, winner=winner),
        "rungs": None if rungs is None else rungs.trained(report.trials),
        "pareto": charts.draw_pareto(
            report.trials,
            request.objectives,
            request.constraints,
            front=report.front,
            references=report.references,
            winner=winner,
        ),
        "pictures": _pictures(report, ranked, rungs),
        "curves": charts.draw_curves(
            _curves(report),
            metric=outcome.quality(request, winner).metric,
            across="epoch" if rungs is None else "look at the validation split",
        ),
        "metrics": [outcome.heading(m) for m in metrics],
        "trials": [
            tables.row(i, t, metrics, tones=tones, marks=marks, rungs=rungs) for i, t in enumerate(ranked, start=1)
        ],
        "open_rows": _OPEN_ROWS,
        "sources": tables.sources(report, tones, rungs),
        "spent": tables.spent(report),
        "costs": tables.costs(events),
        "environment": environment(),
        "warnings": _warnings(report, events),
    }


def _metrics(report: Report) -> list[str]:
    objectives = [o.metric for o in report.request.objectives]
    first = objectives + [on_test(m) for m in objectives] + [c.metric for c in report.request.constraints]
    measured = {m.metric for t in (*report.trials, *report.references) for m in t.measurements}
    ordered = [m for m in dict.fromkeys(first) if m in measured or m in objectives]
    return ordered + sorted(measured - set(ordered))


def _recipe(report: Report, winner: Trial) -> dict[str, str]:
    """The winner's whole recipe, as it is shown."""
    recipe = report.recipe or outcome.recipe_of(report.request, winner.candidate)
    return {name.replace("_", " "): str(value) for name, value in recipe.items()}


def _verdict(report: Report, rungs: Rungs | None) -> dict[str, str]:
    """The outcome against the best reference in a few words, with the tone to show it in."""
    winner = report.winner
    if winner is None:
        return {"text": "no network found", "tone": "bad"}
    if pareto.broken(winner, report.request.constraints):
        return {"text": "a limit is broken", "tone": "bad"}
    if rungs is not None and outcome.kind_of(winner.candidate) == "hand-made":
        return {"text": f"a hand-made network won the race: “{outcome.title(winner)}”", "tone": "even"}
    leading = outcome.quality(report.request, winner)
    test = on_test(leading.metric)
    tested = [r for r in report.references if r.all(test) and winner.all(test)]
    if rungs is not None and not tested:
        return _race_verdict(report.references, winner, rungs)
    rivals = [(found, r) for r in tested or report.references if (found := outcome.against(report.request, winner, r))]
    if not rivals:
        return {"text": "no reference to compare with", "tone": "even"}
    sign = 1.0 if leading.goal == "max" else -1.0
    found, strongest = min(rivals, key=lambda pair: sign * pair[0].difference)
    joint = " from" if found.verdict == "no clear difference" else ""
    return {"text": f"{found.verdict}{joint} “{outcome.title(strongest)}”", "tone": tables.TONES[found.verdict]}


def _race_verdict(references: Sequence[Trial], winner: Trial, rungs: Rungs) -> dict[str, str]:
    """How the winner stood against the reference that came farthest, where that one stopped."""
    rivals = [(found, r) for r in references if (found := outcome.standing(rungs, winner, r))]
    if not rivals:
        return {"text": "no reference to compare with", "tone": "even"}
    found, strongest = max(rivals, key=lambda pair: (rungs.last(pair[1]), -pair[0].lead))
    return {**tables.led(found, rungs.metric, f" “{outcome.title(strongest)}”")}


def _tiles(report: Report) -> list[dict[str, str]]:
    """The few figures to see first."""
    tiles = []
    if report.winner:
        metric = outcome.quality(report.request, report.winner).metric
        for name, shown in ((on_test(metric), "test "), (metric, "validation ")):
            if found := outcome.spread(report.winner, name):
                small = _sureness(report.winner, name, found)
                tiles.append(
                    {"name": shown + outcome.label(metric), "big": outcome.number(metric, found.mean), "small": small}
                )
        costs = (
            [c.metric for c in report.request.constraints] + [o.metric for o in report.request.objectives] + ["params"]
        )
        for cost in dict.fromkeys(costs):
            if cost != metric and (value := report.winner.value(cost)) is not None:
                limits = [outcome.limit(c) for c in report.request.constraints if c.metric == cost]
                tiles.append(
                    {
                        "name": outcome.heading(cost),
                        "big": outcome.number(cost, value),
                        "small": "; ".join(limits),
                    }
                )
    failed = sum(t.failure is not None for t in report.trials)
    tiles.append({"name": "candidates", "big": f"{len(report.trials):,}", "small": f"{failed} dropped or failed"})
    return tiles


def _sureness(trial: Trial, metric: str, found: outcome.Spread) -> str:
    """How sure a figure is: its spread over seeds, else its interval over examples."""
    if found.std is not None:
        return f"± {outcome.number(metric, found.std)}, {found.n} seeds"
    between = interval(trial, metric)
    if between is None:
        return "one seed"
    bounds = f"[{outcome.number(metric, between.low)}, {outcome.number(metric, between.high)}] "
    return f"{bounds if is_on_test(metric) else ''}on {between.examples:,} examples, one training"


def _pictures(report: Report, ranked: Sequence[Trial], rungs: Rungs | None) -> list[dict[str, str]]:
    """The winner, then the best others (fully trained ones first), each with its figures and drawing."""
    chosen: dict[str, Trial] = {}
    for trial in ([report.winner] if report.winner else []) + list(ranked):
        if trial.failure is None and trial.value(report.request.objectives[0].metric) is not None:
            chosen.setdefault(trial.candidate.key, trial)
    pictures = []
    for key, trial in list(chosen.items())[:_DRAWN]:
        wanted = [m for m in _metrics(report) if m in {o.metric for o in report.request.objectives} or m == "params"]
        cells = [(outcome.label(m), *tables.cell(trial, m, rungs)) for m in wanted]
        figures = [f"{name} {value}" + (f" ({note})" if note else "") for name, value, note in cells if value]
        won = report.winner is not None and trial is report.winner
        pictures.append({
            "name": "Winner" if won else f"Runner-up {outcome.short(key)}",
            "text": ", ".join([f"from {trial.candidate.origin}", *figures]),
            "note": trial.candidate.note,
            "svg": draw_architecture(trial.candidate.arch),
            "ops": " ".join(trial.candidate.arch.ops),
        })  # fmt: skip
    return pictures


def _curves(report: Report) -> dict[str, list[Measurement]]:
    metric = outcome.quality(report.request, report.winner).metric
    named = [("winner", report.winner)] if report.winner else []
    curves: dict[str, list[Measurement]] = {}
    for name, trial in [*named, *((outcome.title(r), r) for r in report.references)]:
        if name == "winner" or report.winner is None or trial.candidate.key != report.winner.candidate.key:
            curves.setdefault(name, []).extend(m for m in trial.all(metric) if m.fidelity >= 1)
    return curves


def _warnings(report: Report, events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader must know before trusting the figures: the run's warnings, and what its records show."""
    warnings = [str(e["text"]) for e in events if e.get("kind") == "warning"]
    request, winner = report.request, report.winner
    if winner:
        metric = outcome.quality(request, winner).metric
        test = outcome.spread(winner, on_test(metric))
        if test is None:
            warnings.append(
                "The test split was not read: the winner's figure is the one it was chosen by, so it flatters."
            )
        elif test.n == 1 and interval(winner, on_test(metric)):
            warnings.append(
                "The test figure is of one training: its interval counts the chance in the test examples, not that in "
                "the training. --seeds 3 trains the winner again."
            )
        elif test.n < 3 and request.validator.name != "table":
            warnings.append(
                f"The test figure rests on {test.n} training{'s' * (test.n > 1)}: too few to tell luck from merit."
            )
        warnings += pareto.broken(winner, request.constraints)
        warnings += [line for line in outcome.limit_lines(request, winner) if line.startswith("Limits not measured")]
    failed = sum(t.failure is not None and not pareto.broken(t, request.constraints) for t in report.trials)
    if failed > len(report.trials) / 2:
        warnings.append(f"{failed} of {len(report.trials)} trials failed for other reasons than a limit.")
    return list(dict.fromkeys(warnings))
