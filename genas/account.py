"""What a run would spend, and what a run that was made says of itself: all figures from its files, none made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genas import summary
from genas.book import Book
from genas.core import pareto, registry, wire
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.records import Constraint, Report, Request, Trial
from genas.plan import make_plan

_CHATTING = {"llm", "navigator"}  # plug-ins that ask a chat model
_SHOWN = 5  # networks of each kind that are listed


def outline(request: Request) -> str:
    """What `design` would do and at most spend, in sentences; nothing is loaded or timed for it."""
    trains = request.validator.name != "table"
    plan = make_plan(request, examples=1 if trains else 0, seconds_per_example=0.0)
    lines = [f"Plan: up to {plan.proposals} candidates that keep the limits are proposed and ranked."]
    if trains:
        lines.append(
            f"Up to {plan.trials} of them are trained briefly, {plan.finalists} finalists and {plan.references} "
            f"hand-made references in full (at most {plan.epochs} epochs), and the winner and the best reference "
            f"again with {plan.seeds - 1} more seeds."
        )
    else:
        lines.append(f"Up to {plan.trials} of them are looked up in the published table; nothing is trained.")
    if request.budget.seconds is not None:
        lines.append(f"Cost: about {summary.duration(request.budget.seconds)} at most; the amounts are cut to fit.")
    elif trains:
        lines.append("Cost: no time limit is set; a budget such as 20 minutes sets one.")
    else:
        lines.append("Cost: seconds to minutes on this machine.")
    asked = [use for use in (*request.proposers, *request.refiners) if use.name in _CHATTING]
    named = [str(use.options.get("model", "local")) for use in asked]
    if named:
        lines.append(f"The chat model {summary.clean(named[0], 60)} is asked too, which its provider may charge for.")
    return "\n".join(lines)


def tell(folder: Path, limits: Sequence[Constraint] = ()) -> str:
    """A run in sentences: request, outcome, why this winner, runners-up, references, what was stopped, cost, warnings.

    Args:
        folder: of the run.
        limits: other limits to ask it about, in place of those on the same metrics; its measurements answer, nothing
            is measured anew.

    Raises:
        RequestError: there is no finished run in the folder; the message says how far it is.
    """
    report, events = read(folder), _events(folder)
    lines = [f"Run {folder.name}", summary.block(report.request), "", report.text, ""]
    lines += _why(report)
    lines += _briefly(report)
    lines += _stopped(report)
    spent = ", ".join(summary.amount(report.spent))
    lines.append(f"Spent: {spent}." if spent else "Spent: nothing.")
    lines += [f"Warning: {summary.clean(str(e['text']))}" for e in events if e.get("kind") == "warning"]
    if limits:
        lines += ["", *_what_if(report, limits)]
    return "\n".join(lines)


def read(folder: Path) -> Report:
    """The report of a finished run.

    Raises:
        RequestError: there is none in the folder; the message says how far the run is.
    """
    kinds = Counter(event.get("kind") for event in _events(folder))
    path = folder / "report.json"
    if not path.is_file():
        raise RequestError(
            f"The run {folder.name} is not finished: {kinds['candidate']} candidates and {kinds['measurement']} "
            "measurements so far. The same design call goes on with it."
        )
    return wire.from_data(Report, wire.read_file(path))


def _events(folder: Path) -> list[dict[str, Any]]:
    return list(Ledger(folder / "ledger.jsonl", follow=True).read())


def _full(report: Report) -> list[Trial]:
    """Trials measured in full, each as it was when the winner was chosen: by its first training alone."""
    metric, seed = summary.quality(report.request, report.winner).metric, report.request.seed
    full = [t for t in report.trials if any(m.fidelity == 1.0 for m in t.all(metric))]
    return [
        replace(t, measurements=tuple(m for m in t.measurements if m.metric != metric or m.seed == seed)) for t in full
    ]


def _book(report: Report, limits: Sequence[Constraint]) -> Book:
    quality = summary.quality(report.request, report.winner)
    return Book(quality.metric, quality.goal, report.request.objectives, limits)


def _line(report: Report, trial: Trial) -> str:
    """One network: name, origin, its figures on objectives and limits, and its architecture."""
    request = report.request
    quality = summary.quality(request, report.winner).metric
    figures = [
        f"{kind} {summary.label(quality)} {summary.spread_text(quality, found)}"
        for kind, metric in (("test", f"test_{quality}"), ("validation", quality))
        if (found := summary.spread(trial, metric))
    ]
    costs = [*(o.metric for o in request.objectives), *(c.metric for c in request.constraints), "params"]
    for metric in dict.fromkeys(m for m in costs if m != quality):
        if (value := trial.value(metric)) is not None:
            label = "" if metric in {"params", "flops"} else f"{summary.label(metric)} "
            figures.append(label + summary.figure(metric, value))
    who = f"{trial.candidate.key[:8]} from {summary.clean(trial.candidate.origin, 60)}"
    text = registry.create("spaces", request.space).to_text(trial.candidate.arch)
    return f"{who}: {', '.join(figures)}; architecture: {text}"


def _why(report: Report) -> list[str]:
    """The winner among the networks that were measured in full, best first, and where it came from."""
    goals = [f"{summary.label(o.metric)} {'high' if o.goal == 'max' else 'low'}" for o in report.request.objectives]
    lines = [f"Chosen by {', then '.join(goals)}, on validation figures, among networks that keep every limit."]
    if report.winner is None:
        return [*lines, "No network was chosen."]
    winner = report.winner.candidate
    if winner.note or winner.parents:
        parents = f" from {', '.join(key[:8] for key in winner.parents)}" if winner.parents else ""
        lines.append(f"The winner was made by {summary.clean(winner.origin, 60)}{parents}.")
        if winner.note:
            lines.append(f'Its maker noted: "{summary.clean(winner.note, 300)}".')
    lines.append("Measured in full, best first by their first training, which chose:")
    for trial in _book(report, ()).best(_full(report), _SHOWN):
        mark = "winner " if trial.candidate.key == winner.arch.key else ""
        broken = pareto.broken(trial, report.request.constraints)
        lines.append(f"- {mark}{_line(report, trial)}" + (f"; {'; '.join(broken)}" if broken else ""))
    shown = [f"- {summary.title(t)}: {_line(report, t)}" for t in report.references]
    return [*lines, *(["References:", *shown] if shown else [])]


def _briefly(report: Report) -> list[str]:
    """The best of those that were only measured briefly, and so were no finalists."""
    metric = summary.quality(report.request, report.winner).metric
    full = {t.candidate.key for t in _full(report)}
    brief = [
        t for t in report.trials if t.failure is None and t.candidate.key not in full and t.value(metric) is not None
    ]
    if not brief:
        return []
    best = _book(report, ()).best(brief, _SHOWN)
    return [f"Measured briefly only ({len(brief)}), best first:", *(f"- {_line(report, t)}" for t in best)]


def _stopped(report: Report) -> list[str]:
    """How many broke which limit, and what else ended trials."""
    broken: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for trial in (t for t in report.trials if t.failure is not None):
        metrics = [str(c) for c in report.request.constraints if pareto.broken(trial, [c])]
        broken.update(metrics)
        if not metrics:
            other[summary.clean(trial.failure or "", 120)] += 1
    lines = [f"Stopped for breaking {limit}: {count}." for limit, count in broken.items()]
    return lines + [f"Stopped ({count}): {reason}" for reason, count in other.most_common(3)]


def _what_if(report: Report, limits: Sequence[Constraint]) -> list[str]:
    """Which of the run's networks other limits would choose, from what was measured."""
    changed = {c.metric for c in limits}
    new = [*(c for c in report.request.constraints if c.metric not in changed), *limits]
    said = "; ".join(summary.limit(c) for c in new)
    known = {m.metric for t in report.trials for m in t.measurements}
    if missing := sorted(changed - known):
        return [f"With {said}: this run did not measure {', '.join(missing)}, so it can't say. Design with that limit."]
    book, lines = _book(report, new), [f"With {said}, from this run's measurements alone:"]
    full = [t for t in _full(report) if not pareto.broken(t, new)]
    best = book.best(full, 1)
    if best:
        same = report.winner is not None and best[0].candidate.key == report.winner.candidate.key
        lines.append(("- the same winner: " if same else "- another winner: ") + _line(report, best[0]))
    else:
        lines.append("- none of the networks measured in full keeps these limits.")
    shut = [t for t in report.trials if pareto.broken(t, report.request.constraints) and not pareto.broken(t, new)]
    unknown = [t for t in shut if t.value(book.metric) is None]
    if unknown:
        lines.append(
            f"- {len(unknown)} candidates that the run's limits had stopped would be let in; their {book.metric} was "
            "not measured. Only a new design with these limits can tell whether one is better."
        )
    return lines
