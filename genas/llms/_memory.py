"""Retrieves what earlier runs found on similar tasks from their ledgers, the most similar tasks first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genas.core import registry
from genas.core.errors import LedgerCorrupt, MissingArtifact, RequestError
from genas.core.examples import examples
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture

_FLOOR = 0.3  # cosine similarity below which an earlier task is ignored
_EACH = 2  # architectures from one run, at most


class Past(NamedTuple):
    """What one earlier run measured.

    Args:
        task: the description of its task.
        metric: what it measured.
        best: its architectures with their figures, the best first.
    """

    task: str
    metric: str
    best: list[tuple[Architecture, float]]


def recall(
    space: SearchSpace, task: Task, sources: Sequence[str], count: int, own: Path | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """The best architectures of earlier runs in this space, those on the most similar tasks first.

    Source: retrieval of neighbours by sentence vectors (Lewis et al., Retrieval-augmented generation, NeurIPS 2020),
    here between task descriptions. Figures of the test split are never read.

    Args:
        space: the space of this run.
        task: the task of this run.
        sources: ledgers, folders of runs, or folders of these.
        count: number of architectures, at most.
        own: the ledger of this run, which is left out.

    Returns:
        Plain records (task, similarity, metric, value, line in the space's own text), and why runs were left out.

    Raises:
        RequestError: a source holds no ledger.
        LedgerCorrupt: a line of a ledger cannot be read.
    """
    from genas.encodings.sentences import similarities

    runs: list[Past] = []
    left_out = []
    for path in _ledgers(sources):
        if own is None or path.resolve() != own.resolve():
            past = _read(space, path)
            runs += [past] if isinstance(past, Past) else []
            left_out += [f"{path}: {past}"] if isinstance(past, str) else []
    near = similarities(task.description, [run.task for run in runs]) if runs else []
    order = sorted((i for i, value in enumerate(near) if value >= _FLOOR), key=lambda i: -near[i])
    retrieved = [
        {"task": runs[i].task, "similarity": round(near[i], 3), "metric": runs[i].metric, "value": value}
        | {"line": space.to_text(arch)}
        for i in order
        for arch, value in runs[i].best[:_EACH]
    ]
    return retrieved[:count], left_out


def _ledgers(sources: Iterable[str]) -> list[Path]:
    ledgers: dict[Path, None] = {}
    for source in sources:
        path = Path(source).expanduser()
        inside = sorted(path.rglob("ledger.jsonl")) if path.is_dir() else [path] if path.is_file() else []
        if not inside:
            raise RequestError(f"memory: {source} holds no ledger.jsonl. Name a run's folder, or the folder of runs.")
        ledgers |= dict.fromkeys(inside)
    return list(ledgers)


def _read(space: SearchSpace, path: Path) -> Past | str:
    """What the run measured, or why it can't be used."""
    try:
        records = examples(space, [str(path)])
        if (use := records[0].use) is None:
            return "it has no request"
        task: Task = registry.create("tasks", use, space=space, device="cpu", seed=0)
    except (RequestError, MissingArtifact, LedgerCorrupt) as error:
        return str(error)
    sign = task.metric.sign
    best = [(e.arch, sign * e.merit) for e in sorted(records, key=lambda e: -e.merit)]
    return Past(task.description, task.metric.name, best)
