"""What earlier runs found on similar tasks: read from their ledgers, nearest tasks first by sentence vectors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genas.core import registry, wire
from genas.core.errors import LedgerCorrupt, MissingArtifact, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture, Candidate, Measurement, Use

_FLOOR = 0.3  # cosine similarity below which two tasks have nothing to tell each other
_EACH = 2  # architectures of one run that are told at most


class Past(NamedTuple):
    """What one earlier run measured.

    Args:
        task: its description.
        metric: what it measured.
        best: architectures with their figures, the best first.
    """

    task: str
    metric: str
    best: list[tuple[Architecture, float]]


def recall(
    space: SearchSpace, task: Task, sources: Sequence[str], count: int, own: Path | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The best architectures of earlier runs in this space, those on the most similar tasks first.

    Source: retrieval of neighbours by sentence vectors (Lewis et al., Retrieval-augmented generation, NeurIPS 2020),
    here over tasks. Figures of the test split are never read.

    Args:
        sources: ledgers, folders of runs, or folders of these.
        count: architectures at most.
        own: the ledger of the run that asks, which is left out.

    Returns:
        Plain records (task, similarity, metric, value, line in the space's own text), and why runs were left out.

    Raises:
        RequestError: a source holds no ledger.
        LedgerCorrupt: a line of a ledger cannot be read.
    """
    from genas.nn.embedding import similarities

    runs: list[Past] = []
    left_out = []
    for path in _ledgers(sources):
        if own is None or path.resolve() != own.resolve():
            found = _read(space, path)
            runs += [found] if isinstance(found, Past) else []
            left_out += [f"{path}: {found}"] if isinstance(found, str) else []
    near = similarities(task.description, [run.task for run in runs]) if runs else []
    order = sorted((i for i, value in enumerate(near) if value >= _FLOOR), key=lambda i: -near[i])
    told = [
        {"task": runs[i].task, "similarity": round(near[i], 3), "metric": runs[i].metric, "value": value}
        | {"line": space.to_text(arch)}
        for i in order
        for arch, value in runs[i].best[:_EACH]
    ]
    return told[:count], left_out


def _ledgers(sources: Iterable[str]) -> list[Path]:
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source).expanduser()
        here = sorted(path.rglob("ledger.jsonl")) if path.is_dir() else [path] if path.is_file() else []
        if not here:
            raise RequestError(f"memory: {source} holds no ledger.jsonl. Name a run's folder, or the folder of runs.")
        found |= dict.fromkeys(here)
    return list(found)


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    raw = path.read_bytes()
    for number, line in enumerate(raw[: raw.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError("an event is a table of keys")
        except ValueError as error:
            raise LedgerCorrupt(f"Line {number} of {path} cannot be read ({error}).") from error
        yield event


def _read(space: SearchSpace, path: Path) -> Past | str:
    """The run, or why it can't be used; of its figures those of the scorer and fidelity with most architectures."""
    archs: dict[str, Architecture] = {}
    figures: dict[tuple[float, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    use: Use | None = None
    for event in _events(path):
        if event.get("kind") == "request":
            use = wire.from_data(Use, event["request"]["task"])
        elif event.get("kind") == "candidate":
            archs[event["key"]] = wire.from_data(Candidate, event["candidate"]).arch
        elif event.get("kind") == "measurement" and "measurement" in event and not event["id"].startswith("test "):
            made = wire.from_data(Measurement, event["measurement"])
            figures[made.fidelity, event["scorer"], made.metric][event["key"]].append(made.value)
    if use is None:
        return "it has no request"
    if not any(arch.space == space.name for arch in archs.values()):
        return f"it has no architecture of {space.name}"
    try:
        task: Task = registry.create("tasks", use, space=space, device="cpu", seed=0)
    except (RequestError, MissingArtifact) as error:
        return f"its task can't be made here: {error}"
    groups = [(len(by_key), key) for key, by_key in figures.items() if key[2] == task.metric]
    if not groups:
        return f"it measured no {task.metric}"
    by_key = figures[max(groups)[1]]
    means = [(archs[key], sum(v) / len(v)) for key, v in by_key.items() if key in archs]
    sign = -1.0 if task.goal == "max" else 1.0
    best = sorted((pair for pair in means if pair[0].space == space.name), key=lambda pair: sign * pair[1])
    return Past(task.description, task.metric, best)
