"""Measured architectures to learn from: read from runs' ledgers and from published tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from genas.core import phrases, registry, wire
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Candidate, Measurement, Use
from genas.core.rng import rng

if TYPE_CHECKING:
    import numpy as np

COUNTED = ("params", "flops")
MEASURED = ("latency_ms", "energy_mj")
_DRAW = (("sample", 1, 1000), ("seed", 0, 0))  # options of a table: name, least, default


class Example(NamedTuple):
    """One measured architecture.

    Args:
        task: the task with its options, as text; figures of merit are ranked within it.
        merit: the task's metric on validation data, its sign changed where less is better.
        source: where it came from.
        costs: what it costs, where that is known: params and flops as counts, and with the device's name behind them
            `latency_ms pixel3` in milliseconds and `energy_mj edgegpu` in millijoules.
        use: the task itself, where its words are to be learned from.
    """

    arch: Architecture
    task: str
    merit: float
    source: str
    costs: Mapping[str, float] = {}
    use: Use | None = None


def examples(space: SearchSpace, sources: Sequence[str], *, count: bool = False) -> list[Example]:
    """The measured architectures of the sources, one per task and architecture: the best of its recipes.

    Args:
        sources: a ledger, a run folder, or `table:<task>[:sample=1000,seed=0,devices=pixel3+edgegpu,<option>=...]`,
            which means that many architectures drawn by that seed, with what the task's table says of them.
        count: also count parameters and operations where a source does not tell them; this makes the task.

    Raises:
        RequestError: a source cannot be read or has nothing of that space.
    """
    best: dict[tuple[str, str], Example] = {}
    counter = _Counter(space)
    for source in sources:
        before = len(best)
        for example in _of_table(space, source) if source.startswith("table:") else _of_ledger(space, Path(source)):
            place = example.task, example.arch.key
            if place not in best or example.merit > best[place].merit:  # the best of several recipes
                best[place] = counter(example) if count else example
        if len(best) == before:
            raise RequestError(f"{source} adds no measured architecture of {space.name}.")
    return list(best.values())


def quantiles(found: Sequence[Example]) -> list[float]:
    """Each example's rank within its task, from 0 (worst) to 1 (best); ties share the mean."""
    from scipy.stats import rankdata

    result = [0.0] * len(found)
    for task in {e.task for e in found}:
        rows = [i for i, e in enumerate(found) if e.task == task]
        for row, rank in zip(rows, rankdata([found[i].merit for i in rows]), strict=True):
            result[row] = (float(rank) - 0.5) / len(rows)
    return result


class _Counter:
    """Adds counts that a source lacks; what cannot be counted stays unknown."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self._scorers: dict[tuple[str, str], Scorer] = {}
        self._known: dict[tuple[str, tuple[int, ...], int], dict[str, float]] = {}

    def __call__(self, example: Example) -> Example:
        missing = [metric for metric in COUNTED if metric not in example.costs]
        if not missing or example.use is None:
            return example
        task: Task = registry.create("tasks", example.use, space=self.space, device="cpu", seed=0)
        counts = self._known.setdefault((example.arch.key, task.input_shape, task.outputs), {})
        for metric in missing:
            if metric not in counts:
                scorer = self._scorers.get((example.task, metric))
                scorer = scorer or registry.create("scorers", metric, space=self.space, task=task)
                self._scorers[example.task, metric] = scorer
                try:
                    counts[metric] = scorer.score(example.arch).value
                except ScoreFailed:
                    continue  # this space or task has no such count
        return example._replace(costs={**example.costs, **counts})


def _of_table(space: SearchSpace, source: str) -> Iterator[Example]:
    table = phrases.parse_table(source)
    name, options = table.name, dict(table.options)
    count, seed = (_whole(options, key, least, default, source) for key, least, default in _DRAW)
    devices = [device for device in str(options.pop("devices", "")).split("+") if device]
    use = Use(name, options)
    task: Task = registry.create("tasks", use, space=space, device="cpu", seed=0)
    timed = {d: registry.create("tasks", Use(name, {**options, "latency_device": d}), space=space) for d in devices}
    sign = task.metric.sign
    seen: set[str] = set()
    for arch in _drawn(space, task, rng(seed, f"table:{name}"), 50 * count):
        if len(seen) == count:
            return
        if arch.key in seen or (merit := _told(task, arch, task.metric.name)) is None:
            continue  # the table lacks it; another is drawn
        seen.add(arch.key)
        costs = {metric: _told(task, arch, metric) for metric in COUNTED}
        costs |= {f"{metric} {d}": _told(of, arch, metric) for d, of in timed.items() for metric in MEASURED}
        yield Example(arch, str(use), sign * merit, source, {k: v for k, v in costs.items() if v is not None}, use)


def _drawn(space: SearchSpace, task: Task, random: np.random.Generator, most: int) -> Iterator[Architecture]:
    measured = task.measured
    if measured:
        yield from (measured[int(i)] for i in random.permutation(len(measured)))
    else:
        yield from (space.sample(random) for _ in range(most))


def _told(task: Task, arch: Architecture, metric: str) -> float | None:
    try:
        return task.lookup(arch, metric).value
    except ScoreFailed:
        return None


def _whole(options: dict[str, Any], key: str, least: int, default: int, source: str) -> int:
    value = options.pop(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise RequestError(f"{source}: {key} must be a whole number of at least {least}, not {value!r}.")
    return value


def _of_ledger(space: SearchSpace, path: Path) -> Iterator[Example]:
    """The measurements of one scorer at one fidelity, those with the most architectures: only they are comparable.

    What that scorer says has failed is as bad as its worst.
    """
    if not path.exists():
        raise RequestError(f"{path} does not exist; name a ledger, a run folder or table:<task>.")
    path = path / "ledger.jsonl" if path.is_dir() else path
    archs: dict[str, Architecture] = {}
    groups: dict[tuple[float, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    costs: dict[str, dict[str, float]] = defaultdict(dict)
    failed: dict[str, set[str]] = defaultdict(set)  # keys by scorer
    use, metric, sign = None, "accuracy", 1.0
    for event in Ledger(path, follow=True).read():
        if event.get("kind") == "request":
            use = wire.from_data(Use, event["request"]["task"])
            task: type[Task] = registry.load("tasks", use.name)
            metric, sign = task.metric.name, task.metric.sign
        elif event.get("kind") == "candidate":
            archs[event["key"]] = wire.from_data(Candidate, event["candidate"]).arch
        elif event.get("kind") == "measurement" and "measurement" in event and not event["id"].startswith("test "):
            measured = wire.from_data(Measurement, event["measurement"])
            if measured.metric in COUNTED:
                costs[event["key"]][measured.metric] = measured.value
            elif measured.metric == metric:
                groups[measured.fidelity, event["scorer"]][event["key"]].append(measured.value)
        elif event.get("kind") == "measurement" and "failure" in event:
            failed[event["scorer"]].add(event["key"])
    if groups:
        (_, scorer), chosen = max(groups.items(), key=lambda item: (len(item[1]), item[0]))
        worst = min if sign > 0 else max
        bad = worst(sum(values) / len(values) for values in chosen.values())
        chosen |= {key: [bad] for key in sorted(failed[scorer] - set(chosen))}
        for key, values in chosen.items():
            if key in archs and archs[key].space == space.name:
                merit = sign * sum(values) / len(values)
                yield Example(archs[key], str(use or path.stem), merit, str(path), costs[key], use)
