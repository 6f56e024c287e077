"""Say in sentences what a design would do and cost, and what a finished run found, as its files have it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genas.core import pareto, registry, wire
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.metrics import on_test
from genas.core.paths import own_files
from genas.core.records import Candidate, Constraint, Report, Request, Trial
from genas.reporting import outcome
from genas.reporting.rungs import Rungs
from genas.run.book import Book
from genas.run.plan import make_plan
from genas.run.schedule import RACE, Schedule, by_seconds, by_trials

_NOMINAL = 10_000  # examples of a split; only shares of them are shown
_FASTEST = 1e-4  # seconds of a training step that no machine falls below
_SHOWN = 5  # networks of each kind that are listed
_REPORT = "report.json"


def outline(request: Request) -> str:
    """Say what `design` would do and at most spend. Nothing is loaded or timed for this."""
    lines = _race_outline(request) if request.validator.name == "train" else _table_outline(request)
    asked = [use for use in (*request.proposers, *request.refiners) if registry.asks_chat_model(use.name)]
    named = [str(use.options.get("model", "local")) for use in asked]
    if named:
        lines.append(f"The chat model {outcome.clean(named[0], 60)} is asked too, which its provider may charge for.")
    return "\n".join(lines)


def _table_outline(request: Request) -> list[str]:
    plan = make_plan(request)
    cost = "seconds to minutes on this machine"
    if request.budget.seconds is not None:
        cost = f"about {outcome.duration(request.budget.seconds)} at most; the amounts are cut to fit"
    return [
        f"Plan: up to {plan.proposals} candidates that keep the limits are proposed and ranked.",
        f"Up to {plan.trials} of them are looked up in the published table; nothing is trained.",
        f"Cost: {cost}.",
    ]


def _race_outline(request: Request) -> list[str]:
    budget, children = request.budget, bool(request.refiners)
    seeds = int(request.validator.options.get("seeds", 1))
    again = f"Then it is trained again from nothing with {seeds - 1} more seed{'s' * (seeds > 2)}." if seeds > 1 else ""
    end = " ".join(["The winner is tested and exported.", again]).strip()
    if budget.trials is not None:
        default = registry.options("validators", request.validator.name)["epochs"].default
        epochs = float(request.validator.options.get("epochs", default))
        schedule = by_trials(budget.trials, epochs=epochs, examples=_NOMINAL, children=children)
        return [
            f"Plan: a race of {_networks(schedule)}.",
            *_rung_lines(schedule, epochs),
            end,
            "Cost: no time limit is set; a budget such as 20 minutes sets one.",
        ]
    if budget.seconds is None:
        return ["Plan: a race, which needs a budget: write for example '10 minutes' or '20 trials'."]
    most = by_seconds(
        budget.seconds, step=_FASTEST, examples=1, judges=_NOMINAL, batch=1, workers=1, children=children
    ).starters
    return [
        f"Plan: a race in which at most {most} networks start, hand-made ones among them; after each rung the better "
        "part is trained on, from where it is" + (", and children of the leaders join." if children else "."),
        f"About {_percent(1 - RACE)} of the training time goes to the network that is left. How many start and how "
        "long the rungs are depends on this machine's speed and the data, and is written into the ledger.",
        end,
        f"Cost: about {outcome.duration(budget.seconds)} of the clock.",
    ]


def _networks(schedule: Schedule) -> str:
    """How many networks start and join, in words."""
    new = schedule.networks - schedule.starters
    start = "1 hand-made network"
    if schedule.starters > 1:
        start = f"{schedule.starters} networks, hand-made ones among them"
    return start + (f", and {new} {'child' if new == 1 else 'children'} of the leaders that join" if new else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _rung_lines(schedule: Schedule, epochs: float) -> list[str]:
    """For each rung, how many networks are trained and which share of the winner's training they then have."""
    parts = [
        f"rung {number}: {rung.keep + rung.new}, up to {_percent(schedule.reached(number - 1) / schedule.whole)}"
        for number, rung in enumerate(schedule.rungs, start=1)
    ]
    return [
        f"Networks on each rung, and how much they have then had of what the winner gets: {'; '.join(parts)}.",
        f"The network that is left is trained to the end: {epochs:g} passes over the data in all, "
        f"{_percent(schedule.final / schedule.whole)} of them alone.",
    ]


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
    lines = [f"Run {folder.name}", outcome.block(report.request), "", report.text, ""]
    lines += _why(report)
    lines += _briefly(report)
    lines += _stopped(report)
    spent = ", ".join(outcome.amount(report.spent))
    lines.append(f"Spent: {spent}." if spent else "Spent: nothing.")
    lines += [f"Warning: {outcome.clean(str(e['text']))}" for e in events if e.get("kind") == "warning"]
    if limits:
        lines += ["", *_what_if(report, limits)]
    return "\n".join(lines)


def read(folder: Path) -> Report:
    """The report of a finished run.

    Raises:
        RequestError: there is none in the folder; the message says how far the run is.
        GenasError: the report or the winner's weights are not as the run wrote them.
    """
    from genas.training.weights import verified

    events = _events(folder)
    kinds = Counter(event["kind"] for event in events)
    path, weights = folder / _REPORT, folder / "winner" / "weights.safetensors"
    if not path.is_file() or not kinds["report"]:
        raise RequestError(
            f"The run {folder.name} is not finished: {kinds['candidate']} candidates and {kinds['measurement']} "
            "measurements so far. The same design call goes on with it."
        )
    last = [event["digest"] for event in events if event["kind"] == "report"][-1]
    if last != _digest(path):
        raise RequestError(f"{path} is not as the run wrote it. The same design call writes it again from the ledger.")
    if weights.is_file():
        verified(weights)
    return wire.from_data(Report, wire.read_file(path))


def seal(folder: Path, ledger: Ledger) -> None:
    """Write the digest of a run's report into its ledger, so that a report that was changed is found."""
    digest = _digest(folder / _REPORT)
    if ledger.find(f"report {digest}") is None:
        ledger.append({"kind": "report", "id": f"report {digest}", "digest": digest})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _events(folder: Path) -> list[dict[str, Any]]:
    return list(Ledger(own_files(folder) / "ledger.jsonl", follow=True).read())


def _rungs(report: Report) -> Rungs | None:
    return outcome.rungs_of(report.request, report.winner, report.trials)


def _full(report: Report) -> list[Trial]:
    """Trials measured in full, each as it was when the winner was chosen: by its first training alone."""
    metric, seed = outcome.quality(report.request, report.winner).metric, report.request.seed
    full = [t for t in report.trials if any(m.fidelity == 1.0 for m in t.all(metric))]
    return [
        replace(t, measurements=tuple(m for m in t.measurements if m.metric != metric or m.seed == seed)) for t in full
    ]


def _book(report: Report, limits: Sequence[Constraint]) -> Book:
    quality = outcome.quality(report.request, report.winner)
    return Book(quality.metric, quality.goal, report.request.objectives, limits)


def _line(report: Report, trial: Trial) -> str:
    """One network: name, origin, its figures on objectives and limits, and its architecture."""
    request = report.request
    quality = outcome.quality(request, report.winner).metric
    figures = [
        f"{kind} {outcome.label(quality)} {shown}"
        for kind, metric in (("test", on_test(quality)), ("validation", quality))
        if (shown := outcome.figure_text(trial, metric))
    ]
    costs = [*(o.metric for o in request.objectives), *(c.metric for c in request.constraints), "params"]
    for metric in dict.fromkeys(m for m in costs if m != quality):
        if (value := trial.value(metric)) is not None:
            named = outcome.unit(metric).casefold() == outcome.label(metric)  # 49,999 params
            label = "" if named else f"{outcome.label(metric)} "
            figures.append(label + outcome.figure(metric, value))
    who = f"{outcome.short(trial.candidate.key)} from {outcome.clean(trial.candidate.origin, 60)}"
    text = registry.create("spaces", request.space).to_text(trial.candidate.arch)
    return f"{who}: {', '.join(figures)}; architecture: {text}"


def _why(report: Report) -> list[str]:
    """Where the winner came from, and the networks that were measured in full, best first."""
    goals = [f"{outcome.label(o.metric)} {'high' if o.goal == 'max' else 'low'}" for o in report.request.objectives]
    lines = [f"Chosen by {', then '.join(goals)}, on validation figures, among networks that keep every limit."]
    if report.winner is None:
        return [*lines, "No network was chosen."]
    winner = report.winner.candidate
    if winner.note or winner.parents:
        parents = f" from {', '.join(outcome.short(key) for key in winner.parents)}" if winner.parents else ""
        if outcome.kind_of(winner) not in {"hand-made", "portfolio"}:
            lines.append(f"The winner was made by {outcome.clean(winner.origin, 60)}{parents}.")
        if winner.note:
            lines.append(f'Its maker noted: "{outcome.clean(winner.note, 300)}".')
    if _rungs(report) is None:
        lines.append("Measured in full, best first by their first training, which chose:")
    else:
        lines.append(f"Its recipe: {outcome.recipe_text(_recipe(report, winner))}.")
        lines.append("Trained to the end, best first by the first training, which chose:")
    for trial in _book(report, ()).best(_full(report), _SHOWN):
        mark = "winner " if trial.candidate.key == winner.key else ""
        broken = pareto.broken(trial, report.request.constraints)
        lines.append(f"- {mark}{_line(report, trial)}" + (f"; {'; '.join(broken)}" if broken else ""))
    others = [t for t in report.references if t.candidate.key != winner.key]
    shown = [f"- {outcome.title(t)}: {_line(report, t)}" + _stop(report, t) for t in others]
    return [*lines, *(["References:", *shown] if shown else [])]


def _recipe(report: Report, candidate: Candidate) -> Mapping[str, Any]:
    return report.recipe or outcome.recipe_of(report.request, candidate)


def _stop(report: Report, trial: Trial) -> str:
    """Why a network of a race was not trained further."""
    rungs = _rungs(report)
    stop = "" if rungs is None else rungs.stop(trial)
    return f"; {stop}" if stop else ""


def _briefly(report: Report) -> list[str]:
    """The best of those that were measured after less training, rung by rung where the run was a race."""
    metric, rungs = outcome.quality(report.request, report.winner).metric, _rungs(report)
    full = {t.candidate.key for t in _full(report)}
    brief = [
        t for t in report.trials if t.failure is None and t.candidate.key not in full and t.value(metric) is not None
    ]
    if rungs is None:
        return _best_of(report, brief, "Measured briefly only")
    lines = []
    for number in range(len(rungs.shares), 0, -1):
        ended = [t for t in brief if rungs.last(t) == number]
        lines += _best_of(report, ended, f"Stopped after {rungs.name(number)}")
    return lines


def _best_of(report: Report, trials: Sequence[Trial], name: str) -> list[str]:
    if not trials:
        return []
    best = _book(report, ()).best(trials, _SHOWN)
    return [f"{name} ({len(trials)}), best first:", *(f"- {_line(report, t)}" for t in best)]


def _stopped(report: Report) -> list[str]:
    """How many broke which limit, and what else ended trials."""
    broken: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for trial in (t for t in report.trials if t.failure is not None):
        metrics = [str(c) for c in report.request.constraints if pareto.broken(trial, [c])]
        broken.update(metrics)
        if not metrics:
            other[outcome.clean(trial.failure or "", 120)] += 1
    lines = [f"Stopped for breaking {limit}: {count}." for limit, count in broken.items()]
    return lines + [f"Stopped ({count}): {reason}" for reason, count in other.most_common(3)]


def _farthest(report: Report, limits: Sequence[Constraint]) -> list[str]:
    """The network of a race that keeps these limits and came farthest, and how to train it further."""
    rungs = _rungs(report)
    kept = [t for t in report.trials if t.failure is None and not pareto.broken(t, limits)]
    if rungs is None or not (last := max((rungs.last(t) for t in kept), default=0)):
        return []
    best = _book(report, limits).best([t for t in kept if rungs.last(t) == last], 1)
    return [
        f"- of those that keep them this one came farthest: {_line(report, t)}; {rungs.stop(t)}. "
        f"`genas train RUN {outcome.short(t.candidate.key)} --budget ...` goes on with it."
        for t in best
    ]


def _what_if(report: Report, limits: Sequence[Constraint]) -> list[str]:
    """Which of the run's networks would win under other limits, judged by what was measured."""
    changed = {c.metric for c in limits}
    new = [*(c for c in report.request.constraints if c.metric not in changed), *limits]
    said = "; ".join(outcome.limit(c) for c in new)
    measured = {m.metric for t in report.trials for m in t.measurements}
    if missing := sorted(changed - measured):
        return [f"With {said}: this run did not measure {', '.join(missing)}, so it can't say. Design with that limit."]
    book, lines = _book(report, new), [f"With {said}, from this run's measurements alone:"]
    full = [t for t in _full(report) if not pareto.broken(t, new)]
    best = book.best(full, 1)
    if best:
        same = report.winner is not None and best[0].candidate.key == report.winner.candidate.key
        lines.append(("- the same winner: " if same else "- another winner: ") + _line(report, best[0]))
    else:
        lines.append("- none of the networks measured in full keeps these limits.")
        lines += _farthest(report, new)
    shut = [t for t in report.trials if pareto.broken(t, report.request.constraints) and not pareto.broken(t, new)]
    unknown = [t for t in shut if t.value(book.metric) is None]
    if unknown:
        lines.append(
            f"- {len(unknown)} candidates that the run's limits had stopped would be let in; their {book.metric} was "
            "not measured. Only a new design with these limits can tell whether one is better."
        )
    return lines
