"""The outcome of a run in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from genas.core import declared, pareto, registry
from genas.core.interfaces import Task
from genas.core.metrics import is_on_test, off_test, on_test
from genas.core.records import Candidate, Measurement, Objective, Request, Rival, Trial
from genas.reporting.rungs import Rungs
from genas.reporting.spread import Comparison, Spread, between, chance, compare, interval, spread
from genas.reporting.words import amount, block, clean, duration, figure, heading, label, limit, number, rows, unit

__all__ = [
    "Comparison", "Spread", "Standing", "against", "amount", "block", "clean", "compare", "duration", "figure",
    "figure_text", "heading", "kind_of", "label", "limit", "limit_lines", "measured_text", "number", "quality",
    "recipe_of", "recipe_text", "rows", "rungs_of", "short", "spread", "spread_text", "standing", "summarize", "title",
    "unit",
]  # fmt: skip

_AGAIN = {
    "race": "another recipe",
    "finer": "a closer look",
}  # what the race changed in a leader, by the origin of the child


def short(key: str) -> str:
    """A candidate's key as it is shown: enough of the architecture's, and the recipe's if it has one."""
    arch, dash, recipe = key.partition("-")
    return clean(arch[:8] + dash + recipe, 60)


def spread_text(metric: str, found: Spread) -> str:
    """A spread in words: 0.9872 ± 0.0021 (n = 3)."""
    if found.std is None:
        return f"{figure(metric, found.mean)} (n = 1)"
    word = f" {unit(metric)}" if unit(metric) else ""
    return f"{number(metric, found.mean)} ± {number(metric, found.std)}{word} (n = {found.n})"


def figure_text(trial: Trial, metric: str) -> str | None:
    """A figure and how sure it is, in words; None where it was not measured.

    One training of a test accuracy: 0.9870 [0.9680, 0.9950] on 307 examples (one training). Several, or a figure whose
    interval is not known: as `spread_text` says it.
    """
    over_seeds = spread(trial, metric)
    if over_seeds is None:
        return None
    if interval(trial, metric) is None:
        return spread_text(metric, over_seeds)
    return measured_text(trial.all(metric)[0])


def measured_text(measured: Measurement) -> str:
    """A figure of one training: 0.9870 [0.9680, 0.9950] on 307 examples (one training) if it is a test accuracy."""
    text, sure = number(measured.metric, measured.value), between(measured)
    if sure is None:
        return text
    examples = f"on {sure.examples:,} examples"
    if not is_on_test(measured.metric):
        return f"{text} {examples}"
    low, high = (number(measured.metric, bound) for bound in (sure.low, sure.high))
    source = "" if sure.source == "Wilson" else f", {sure.source}"
    return f"{text} [{low}, {high}] {examples} (one training{source})"


def quality(request: Request, winner: Trial | None) -> Objective:
    """The objective that networks are compared in: the first with a test figure, else the leading one."""
    tested = [off_test(m.metric) for m in winner.measurements if is_on_test(m.metric)] if winner else []
    for objective in request.objectives:
        if objective.metric in tested:
            return objective
    return Objective(tested[0], declared.metric(tested[0]).goal) if tested else request.objectives[0]


def title(trial: Trial) -> str:
    """What to call a hand-made network: its note, else its origin."""
    return clean(trial.candidate.note.removeprefix("hand-made: "), 60) or clean(trial.candidate.origin, 60)


def rungs_of(request: Request, winner: Trial | None, trials: Sequence[Trial]) -> Rungs | None:
    """The rungs of the run's race; None where it was none."""
    wanted = quality(request, winner)
    return Rungs.of(request, trials, wanted.metric, wanted.goal)


def kind_of(candidate: Candidate) -> str:
    """Where a network comes from: "hand-made", "portfolio", "generated" or, a leader again, what was changed in it."""
    kinds = {"reference": "hand-made", "portfolio": "portfolio", **_AGAIN}
    return kinds.get(candidate.origin, "generated")


def recipe_of(request: Request, candidate: Candidate) -> dict[str, Any]:
    """The whole recipe that a network is trained by: its own values, defaults, and what request and task fix.

    Nothing where the run trains nothing by recipes.
    """
    if request.validator.name != "train":
        return {}
    from genas.training.recipe import effective

    here = request.task.name in registry.names("tasks")
    task: type[Task] = registry.load("tasks", request.task.name) if here else Task
    mirror = request.task.options.get("mirror")
    mirror = task.mirror if mirror is None else mirror
    return effective(candidate.recipe, request.validator.options, mirror, task.follows).to_data()


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """A recipe in words: learning rate 0.004, weight decay 0.02, ..."""
    return ", ".join(f"{clean(name.replace('_', ' '), 60)} {clean(str(value), 60)}" for name, value in recipe.items())


class Standing(NamedTuple):
    """The winner compared with another network on the last rung that both completed.

    Args:
        lead: how much better the winner's figure was there; below 0 it was worse.
        rung: in words.
        clear: whether it is more than the choice of validation examples may make.
    """

    lead: float
    rung: str
    clear: bool


def standing(rungs: Rungs, winner: Trial, other: Trial) -> Standing | None:
    """Compare the winner with another network after the same rung; None if they share none."""
    shared = rungs.shared(winner, other)
    if shared is None:
        return None
    difference = shared.one.value - shared.other.value
    examples = min(shared.one.examples or 0, shared.other.examples or 0)
    shares = all(0 <= value <= 1 for value in (shared.one.value, shared.other.value))
    shares = shares and declared.metric(rungs.metric).share
    clear = bool(examples) and shares and abs(difference) > chance(shared.one.value, shared.other.value, examples)
    return Standing(difference if rungs.goal == "max" else -difference, rungs.name(rungs.number(shared.share)), clear)


def summarize(
    request: Request,
    winner: Trial | None,
    references: Sequence[Trial],
    trials: Sequence[Trial],
    *,
    rivals: Sequence[Rival] = (),
    recipe: Mapping[str, Any] | None = None,
    knowledge: str = "",
) -> str:
    """The outcome in plain sentences, one a line: the winner's figures, the limits, each reference, what was tried.

    Args:
        rivals: models that are no networks, on the same split.
        recipe: the winner's whole recipe; None reads it from the request and the winner.
        knowledge: what the winner knew before it was trained, in words.
    """
    rungs = rungs_of(request, winner, trials)
    tried = _tried(trials) + ("" if rungs is None else f" {rungs.trained(trials)}.")
    if winner is None:
        return "\n".join([*_nothing(request, trials), *(_rival_line(request, None, r) for r in rivals), tried])
    lines = [_figures(request, winner, rungs)] if rungs is None else _won(request, winner, trials, rungs)
    lines += limit_lines(request, winner)
    lines += _reference_lines(request, winner, references, trials, rungs)
    if not references:
        lines.append("There is no reference network to compare with.")
    lines += [_rival_line(request, winner, rival) for rival in rivals]
    if rungs is not None:
        lines.append(f"It stands on {knowledge or 'nothing but this training: all weights were learned from scratch'}.")
        lines.append(f"The winner's recipe: {recipe_text(recipe or recipe_of(request, winner.candidate))}.")
    return "\n".join([*lines, tried])


def _rival_line(request: Request, winner: Trial | None, rival: Rival) -> str:
    """Compare a model that is no network with the winner, on the test split."""
    wanted, name = quality(request, winner), clean(rival.name, 60)
    shown = (
        f"test {label(wanted.metric)} {number(wanted.metric, rival.test)}, validation "
        f"{number(wanted.metric, rival.validation)}, {duration(rival.seconds)}"
    )
    test = None if winner is None else winner.value(on_test(wanted.metric))
    if test is None:
        return f"For comparison, {name}, which is no network: {shown}."
    gap = (test - rival.test) * (1.0 if wanted.goal == "max" else -1.0)
    if gap < 0:
        return f"The winner is {number(wanted.metric, -gap)} behind {name}, which is no network ({shown}): prefer that."
    if gap == 0:
        return f"The winner is level with {name}, which is no network ({shown})."
    return f"The winner is {number(wanted.metric, gap)} ahead of {name}, which is no network ({shown})."


def _won(request: Request, winner: Trial, trials: Sequence[Trial], rungs: Rungs) -> list[str]:
    """Who won the race, against how many, and with what figures."""
    others = [t for t in trials if t.candidate.key != winner.candidate.key and rungs.last(t)]
    counts = Counter(kind_of(t.candidate) for t in others)
    parts = [f"{counts[kind]} {kind}" for kind in ("generated", "hand-made", "portfolio") if counts[kind]]
    networks = sum(counts[kind] for kind in ("generated", "hand-made", "portfolio"))
    listed = f"{_joined(parts)} network{'s' * (networks != 1)}" if parts else ""
    for kind in _AGAIN.values():
        if leaders := counts[kind]:
            listed += (", and " if listed else "") + f"{leaders} leader{'s' * (leaders != 1)} with {kind}"
    against = f"won the race against {listed}" if listed else "was the only network that could be trained"
    return [f"{_described(winner, trials)}: it {against}.", _figures(request, winner, rungs)]


def _described(winner: Trial, trials: Sequence[Trial]) -> str:
    """What kind of network the winner is, and who made it."""
    root, known, changes = winner, {t.candidate.key: t for t in trials}, []
    while root.candidate.origin in _AGAIN and root.candidate.parents and root.candidate.parents[0] in known:
        changes.append(kind_of(root.candidate))
        root = known[root.candidate.parents[0]]
    changed = f", with {_joined(sorted(set(changes)))} that the race tried" if changes else ""
    candidate = root.candidate
    if kind_of(candidate) == "hand-made":
        return f"The winner is a hand-made {title(root)}{changed}"
    if kind_of(candidate) == "portfolio":
        return f"The winner is from the portfolio of networks that do well on many data sets ({title(root)}){changed}"
    parents = f" from {_joined([short(key) for key in candidate.parents])}" if candidate.parents else ""
    return f"The winner was generated by {clean(candidate.origin, 60)}{parents}{changed}"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _figures(request: Request, winner: Trial, rungs: Rungs | None) -> str:
    metric = quality(request, winner).metric
    test, val = figure_text(winner, on_test(metric)), figure_text(winner, metric)
    parts = [] if test is None else [f"test {label(metric)} {test}"]
    if val is not None:
        share = winner.all(metric)[0].fidelity
        short_of = f"at fidelity {share:g}" if rungs is None else f"after {rungs.name(rungs.number(share))}"
        parts.append(f"validation {label(metric)} {val}" + ("" if share >= 1 else f", measured {short_of} only"))
    name = short(winner.candidate.key)
    who = (
        f"The winner is {name} from {clean(winner.candidate.origin, 60)}" if rungs is None else f"Its figures ({name})"
    )
    shown = "; ".join(parts) or f"its {label(metric)} was not measured"
    return f"{who}: {shown}." + ("" if test else " The test split was not read.")


def limit_lines(request: Request, trial: Trial) -> list[str]:
    """For each kind of outcome (kept, broken, not measured) the limits that have it."""
    groups: dict[str, list[str]] = {"Limits kept": [], "Limits BROKEN": [], "Limits not measured": []}
    for constraint in request.constraints:
        value = trial.value(constraint.metric)
        if value is None:
            groups["Limits not measured"].append(limit(constraint))
        else:
            kind = "Limits kept" if constraint.holds(value) else "Limits BROKEN"
            groups[kind].append(f"{figure(constraint.metric, value)} ({limit(constraint)})")
    return [f"{kind}: {'; '.join(parts)}." for kind, parts in groups.items() if parts]


def against(request: Request, winner: Trial, reference: Trial) -> Comparison | None:
    """Compare the winner with a reference on the test split, else on validation; None if one lacks a figure."""
    objective = quality(request, winner)
    for metric in (on_test(objective.metric), objective.metric):
        ours, theirs = spread(winner, metric), spread(reference, metric)
        if ours and theirs:
            return compare(ours, theirs, objective.goal)
    return None


def _reference_lines(
    request: Request, winner: Trial, references: Sequence[Trial], trials: Sequence[Trial], rungs: Rungs | None
) -> list[str]:
    """A sentence for each reference but the winner; of a race also for the best generated network and the runner-up."""
    others = [rival for rival in references if rival.candidate.key != winner.candidate.key]
    lines = [
        _against_line(request, winner, rival)
        if rungs is None or _both_tested(request, winner, rival)
        else _race_line(rungs, winner, rival, f"the hand-made {title(rival)}")
        for rival in others
    ]
    if rungs is None:
        return lines
    said = {winner.candidate.key, *(rival.candidate.key for rival in others)}
    ordered = [t for t in _farthest(trials, rungs) if t.candidate.key not in said]
    made = [t for t in ordered if kind_of(t.candidate) == "generated"]
    if made and kind_of(winner.candidate) != "generated":
        lines.append(_race_line(rungs, winner, made[0], f"the best generated network ({_named(made[0])})"))
        said.add(made[0].candidate.key)
    runner_up = next((t for t in _farthest(trials, rungs) if t.candidate.key != winner.candidate.key), None)
    if runner_up is not None and runner_up.candidate.key not in said:
        lines.append(_race_line(rungs, winner, runner_up, f"the runner-up ({_named(runner_up)})"))
    return lines


def _farthest(trials: Sequence[Trial], rungs: Rungs) -> list[Trial]:
    """The unfailed networks of a race, those that came farthest first and, within a rung, the best first."""
    sign = 1.0 if rungs.goal == "max" else -1.0
    trained = [t for t in trials if t.failure is None and rungs.last(t)]
    return sorted(trained, key=lambda t: (-rungs.last(t), -sign * (t.value(rungs.metric) or 0.0)))


def _named(trial: Trial) -> str:
    return f"{short(trial.candidate.key)} from {clean(trial.candidate.origin, 60)}"


def _both_tested(request: Request, winner: Trial, other: Trial) -> bool:
    metric = on_test(quality(request, winner).metric)
    return bool(winner.all(metric)) and bool(other.all(metric))


def _race_line(rungs: Rungs, winner: Trial, other: Trial, name: str) -> str:
    """Compare the winner with another network of its race after the same rung, so that both had equal training."""
    last = rungs.last(other)
    failed = "" if other.failure is None else f", failed: {clean(other.failure, 200)}"
    if last == 0:
        return f"{name[0].upper()}{name[1:]} was not trained{failed}."
    shared = rungs.shared(winner, other)
    if shared is None:
        return (
            f"{name[0].upper()}{name[1:]} stopped after {rungs.name(last)}{failed}, before the winner joined "
            f"{rungs.entry(winner)}, so they cannot be compared."
        )
    both = standing(rungs, winner, other)
    assert both is not None
    metric, gap = rungs.metric, abs(both.lead)
    led = f"led {name} by {number(metric, gap)}" if both.lead > 0 else f"was {number(metric, gap)} behind {name}"
    alike = rungs.first(winner) == rungs.first(other)
    same = "after the same training" if alike else f"though it joined {rungs.entry(winner)} only"
    stopped = ", where that one stopped" if rungs.number(shared.share) == last else ""
    text = (
        f"The winner {led if gap else f'was level with {name}'} {same} ({both.rung}{stopped}{failed}): validation "
        f"{label(metric)} {number(metric, shared.one.value)} against {number(metric, shared.other.value)}."
    )
    examples = min(shared.one.examples or 0, shared.other.examples or 0)
    if examples and gap and not both.clear and declared.metric(metric).share:
        text += f" On {examples:,} validation examples so small a difference may be chance."
    return text


def _against_line(request: Request, winner: Trial, reference: Trial) -> str:
    name, metric = title(reference), quality(request, winner).metric
    if reference.failure:
        return f'The reference "{name}" failed: {clean(reference.failure, 200)}'
    comparison = against(request, winner, reference)
    if comparison is None:
        return f'The reference "{name}" has no figure that the winner has too, so they cannot be compared.'
    tested = spread(winner, on_test(metric)) and spread(reference, on_test(metric))
    theirs = spread(reference, on_test(metric) if tested else metric)
    assert theirs is not None
    split = "test" if tested else "validation"
    shown = f"{split} {label(metric)} {spread_text(metric, theirs)}"
    gap = f"difference {'-' if comparison.difference < 0 else '+'}{number(metric, abs(comparison.difference))}"
    if comparison.margin is None:
        return f'No clear difference from the reference "{name}" ({shown}): {gap}, and one seed each shows no spread.'
    if comparison.margin == 0:
        return f'No clear difference from the reference "{name}" ({shown}): {gap}, but the seeds show no spread at all.'
    gap += f" ± {number(metric, comparison.margin)} (95 % interval over seeds)"
    if comparison.verdict == "no clear difference":
        return f'No clear difference from the reference "{name}" ({shown}): {gap}.'
    return f'The winner {comparison.verdict} the reference "{name}" ({shown}): {gap}.'


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
