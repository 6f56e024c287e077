"""What a run found, as one self-contained page and as data."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from genas import drawings, summary
from genas.core import pareto, wire
from genas.core.records import Measurement, Report, Trial
from genas.summary import block, summarize

__all__ = ["block", "environment", "render", "summarize", "write"]

_TEMPLATE = "report.html.j2"
_PACKAGES = ("genas", "torch", "torch-geometric", "transformers", "diffusers", "numpy", "onnxruntime")
_DRAWN = 4  # networks pictured
_OPEN_ROWS = 25  # rows of the trial table that are shown unfolded
_VERDICTS = {
    "beats": "beaten by the winner",
    "does not beat": "better than the winner",
    "no clear difference": "no clear difference",
}
_TONES = {"beats": "good", "does not beat": "bad", "no clear difference": "even"}


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
    (folder / "report.html").write_text(render(report, events), encoding="utf-8", errors="replace")


def render(report: Report, events: Iterable[Mapping[str, Any]] = ()) -> str:
    """The page as HTML: no network, no script; every text that came from outside is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return jinja.get_template(_TEMPLATE).render(_page(report, list(events)))


def environment() -> dict[str, str]:
    """The machine and the versions that a run is made with, by name."""
    root = Path(__file__).resolve().parent.parent
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    found["machine"] = f"{_processor()}, {os.cpu_count()} CPUs"
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        try:
            found["commit"] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            found["commit"] = f"unknown ({type(error).__name__})"
    return found


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _page(report: Report, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    request, winner = report.request, report.winner
    ranked = _ranked(report)
    metrics = _metrics(report)
    tones = drawings.colours([t.candidate.origin for t in report.trials])
    marks = {t.candidate.key: "front" for t in report.front}
    if winner:
        marks[winner.candidate.key] = "winner"
    return {
        "goal": summary.clean(request.goal) or "No sentence was given",
        "rows": summary.rows(request)[1:],
        "lines": [line for line in report.text.splitlines() if line.strip()],
        "verdict": _verdict(report),
        "tiles": _tiles(report),
        "comparison": _comparison(report),
        "pareto": drawings.draw_pareto(
            report.trials,
            request.objectives,
            request.constraints,
            front=report.front,
            references=report.references,
            winner=winner,
        ),
        "pictures": _pictures(report, ranked),
        "curves": drawings.draw_curves(_curves(report), metric=summary.quality(request, winner).metric),
        "metrics": [_heading(m) for m in metrics],
        "trials": [_row(i, t, metrics, tones, marks) for i, t in enumerate(ranked, start=1)],
        "open_rows": _OPEN_ROWS,
        "sources": _sources(report, tones),
        "spent": _spent(report),
        "costs": _costs(events),
        "environment": environment(),
        "warnings": _warnings(report, events),
    }


def _ranked(report: Report) -> list[Trial]:
    """Best first: the winner, then fully measured trials, cheaply measured ones, unmeasured ones, failures."""
    objectives = report.request.objectives
    winner = report.winner.candidate.key if report.winner else None

    def order(trial: Trial) -> tuple[Any, ...]:
        found, point = trial.all(objectives[0].metric), pareto.losses(trial, objectives)
        leading = point or ((-found[0].value if objectives[0].goal == "max" else found[0].value,) if found else ())
        won = trial.candidate.key == winner and trial.failure is None
        return (not won, trial.failure is not None, -(found[0].fidelity if found else 0.0), leading)

    return sorted(report.trials, key=order)


def _metrics(report: Report) -> list[str]:
    objectives = [o.metric for o in report.request.objectives]
    first = objectives + [f"test_{m}" for m in objectives] + [c.metric for c in report.request.constraints]
    measured = {m.metric for t in (*report.trials, *report.references) for m in t.measurements}
    ordered = [m for m in dict.fromkeys(first) if m in measured or m in objectives]
    return ordered + sorted(measured - set(ordered))


def _heading(metric: str) -> str:
    word = summary.unit(metric)
    return summary.label(metric) + (f" ({word})" if word and word != metric else "")


def _verdict(report: Report) -> dict[str, str]:
    """The outcome against the best reference in two or three words, with the tone to show it in."""
    if report.winner is None:
        return {"text": "no network found", "tone": "bad"}
    if pareto.broken(report.winner, report.request.constraints):
        return {"text": "a limit is broken", "tone": "bad"}
    rivals = [(found, r) for r in report.references if (found := summary.against(report.request, report.winner, r))]
    if not rivals:
        return {"text": "no reference to compare with", "tone": "even"}
    leading = summary.quality(report.request, report.winner)
    sign = 1.0 if leading.goal == "max" else -1.0
    tested = [pair for pair in rivals if pair[1].all(f"test_{leading.metric}")]
    found, strongest = min(tested or rivals, key=lambda pair: sign * pair[0].difference)
    joint = " from" if found.verdict == "no clear difference" else ""
    return {"text": f"{found.verdict}{joint} “{summary.title(strongest)}”", "tone": _TONES[found.verdict]}


def _tiles(report: Report) -> list[dict[str, str]]:
    """The few figures to see first."""
    tiles = []
    if report.winner:
        metric = summary.quality(report.request, report.winner).metric
        for name, shown in ((f"test_{metric}", "test "), (metric, "validation ")):
            if found := summary.spread(report.winner, name):
                small = "one seed" if found.std is None else f"± {summary.number(metric, found.std)}, {found.n} seeds"
                tiles.append(
                    {"name": shown + summary.label(metric), "big": summary.number(metric, found.mean), "small": small}
                )
        costs = (
            [c.metric for c in report.request.constraints] + [o.metric for o in report.request.objectives] + ["params"]
        )
        for cost in dict.fromkeys(costs):
            if cost != metric and (value := report.winner.value(cost)) is not None:
                limits = [summary.limit(c) for c in report.request.constraints if c.metric == cost]
                tiles.append({"name": _heading(cost), "big": summary.number(cost, value), "small": "; ".join(limits)})
    failed = sum(t.failure is not None for t in report.trials)
    tiles.append({"name": "candidates", "big": f"{len(report.trials):,}", "small": f"{failed} dropped or failed"})
    return tiles


def _comparison(report: Report) -> dict[str, Any]:
    """Winner and references side by side: costs, validation and test figures, verdict."""
    request, winner = report.request, report.winner
    metric = summary.quality(request, winner).metric
    measured = {m.metric for t in (winner, *report.references) if t for m in t.measurements}
    limited = [c.metric for c in request.constraints]
    shown = [m for m in dict.fromkeys([f"test_{metric}", metric, *limited, "params"]) if m in measured]
    lines = []
    for trial in ([winner] if winner else []) + list(report.references):
        cells = [
            summary.spread_text(m, s) if (s := summary.spread(trial, m)) and s.n > 1 else _single(trial, m)
            for m in shown
        ]
        found = summary.against(request, winner, trial) if winner and trial is not winner else None
        name = "winner" if trial is winner else summary.title(trial)
        verdict = {"text": _VERDICTS[found.verdict], "tone": _TONES[found.verdict]} if found else None
        lines.append({"name": name, "cells": cells, "verdict": verdict, "failure": trial.failure})
    headings = [f"validation {_heading(m)}" if m == metric else _heading(m) for m in shown]
    return {"metrics": headings, "lines": lines}


def _single(trial: Trial, metric: str) -> str:
    value = trial.value(metric)
    return "–" if value is None else summary.number(metric, value)


def _pictures(report: Report, ranked: Sequence[Trial]) -> list[dict[str, str]]:
    """The winner, then the best others (fully trained ones first), each with its figures and drawing."""
    chosen: dict[str, Trial] = {}
    for trial in ([report.winner] if report.winner else []) + list(ranked):
        if trial.failure is None and trial.value(report.request.objectives[0].metric) is not None:
            chosen.setdefault(trial.candidate.key, trial)
    pictures = []
    for key, trial in list(chosen.items())[:_DRAWN]:
        wanted = [m for m in _metrics(report) if m in {o.metric for o in report.request.objectives} or m == "params"]
        cells = [(summary.label(m), *_cell(trial, m)) for m in wanted]
        figures = [f"{name} {value}" + (f" ({note})" if note else "") for name, value, note in cells if value]
        won = report.winner is not None and trial is report.winner
        pictures.append({
            "name": "Winner" if won else f"Runner-up {key[:8]}",
            "text": ", ".join([f"from {trial.candidate.origin}", *figures]),
            "note": trial.candidate.note,
            "svg": drawings.draw_architecture(trial.candidate.arch),
            "ops": " ".join(trial.candidate.arch.ops),
        })  # fmt: skip
    return pictures


def _curves(report: Report) -> dict[str, list[Measurement]]:
    metric = summary.quality(report.request, report.winner).metric
    named = [("winner", report.winner)] if report.winner else []
    curves: dict[str, list[Measurement]] = {}
    for name, trial in [*named, *((summary.title(r), r) for r in report.references)]:
        curves.setdefault(name, []).extend(m for m in trial.all(metric) if m.fidelity >= 1)
    return curves


def _row(
    number: int, trial: Trial, metrics: Sequence[str], tones: Mapping[str, str], marks: Mapping[str, str]
) -> dict[str, Any]:
    candidate = trial.candidate
    return {
        "number": number,
        "key": candidate.key,
        "origin": candidate.origin,
        "colour": drawings.css(tones[candidate.origin]),
        "mark": marks.get(candidate.key, "") if trial.failure is None else "",
        "cells": [_cell(trial, m) for m in metrics],
        "note": candidate.note,
        "parents": [p[:8] for p in candidate.parents],
        "failure": trial.failure,
        "ops": " ".join(candidate.arch.ops),
    }


def _cell(trial: Trial, metric: str) -> tuple[str, str]:
    """The figure and, small beside it, at what fidelity and over how many seeds."""
    found = trial.all(metric)
    if not found:
        return ("", "")
    same = [m for m in found if m.fidelity == found[0].fidelity]
    notes = [f"at {found[0].fidelity:.2g}"] if found[0].fidelity < 1 else []
    notes += [f"{len(same)} seeds"] if len(same) > 1 else []
    return (summary.number(metric, sum(m.value for m in same) / len(same)), ", ".join(notes))


def _sources(report: Report, tones: Mapping[str, str]) -> list[dict[str, Any]]:
    """Per origin: how many candidates reached each stage, the best of them, and the share in the front."""
    leading, constraints = report.request.objectives[0], report.request.constraints
    in_front = Counter(t.candidate.origin for t in report.front)
    ranked, lines = _ranked(report), []
    for origin, colour in tones.items():
        own = [t for t in ranked if t.candidate.origin == origin]
        legal = [t for t in own if t.failure is None or t.measurements]
        within = [t for t in legal if not pareto.broken(t, constraints)]
        measured = [t for t in within if t.failure is None and t.value(leading.metric) is not None]
        lines.append({
            "origin": origin,
            "colour": drawings.css(colour),
            "counts": [len(own), len(legal), len(within), len(measured)],
            "best": _cell(measured[0], leading.metric) if measured else ("–", ""),
            "share": f"{in_front[origin]} of {len(report.front)}",
        })  # fmt: skip
    return lines


def _spent(report: Report) -> list[tuple[str, str, str]]:
    """What was spent of each budget, beside what was allowed."""
    spent, allowed = report.spent, report.request.budget
    lines = []
    if spent.seconds is not None:
        limit = summary.duration(allowed.seconds) if allowed.seconds is not None else "no limit"
        lines.append(("time", summary.duration(spent.seconds), limit))
    for name, used, most in (
        ("trials", spent.trials, allowed.trials),
        ("LLM tokens", spent.llm_tokens, allowed.llm_tokens),
    ):
        if used is not None:
            lines.append((name, f"{used:,}", "no limit" if most is None else f"{most:,}"))
    return lines


def _costs(events: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Per scorer the figures made, the failures and the seconds; per chat model answers, tokens and the same."""
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
    lines = [(s, f"{made[s]:,}", str(failed[s]), summary.duration(seconds[s])) for s in order]
    return lines + [
        (model, f"{count:,} answers, {tokens[model]:,} tokens", str(failed[model]), summary.duration(seconds[model]))
        for model, count in answers.items()
    ]


def _warnings(report: Report, events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader must know before trusting the figures: said by the run, or seen in the records."""
    found = [str(e["text"]) for e in events if e.get("kind") == "warning"]
    request, winner = report.request, report.winner
    if winner:
        metric = summary.quality(request, winner).metric
        test = summary.spread(winner, f"test_{metric}")
        if test is None:
            found.append(
                "The test split was not read: the winner's figure is the one it was chosen by, so it flatters."
            )
        elif test.n < 3:
            found.append(f"The test figure rests on {test.n} seed(s): too few to tell luck from merit.")
        found += pareto.broken(winner, request.constraints)
        found += [line for line in summary.limit_lines(request, winner) if line.startswith("Limits not measured")]
    failed = sum(t.failure is not None and not pareto.broken(t, request.constraints) for t in report.trials)
    if failed > len(report.trials) / 2:
        found.append(f"{failed} of {len(report.trials)} trials failed for other reasons than a limit.")
    return list(dict.fromkeys(found))
