"""What earlier runs found on similar tasks: read from their ledgers, nearest tasks first by sentence vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from genas.core import registry
from genas.core.errors import LedgerCorrupt, MissingArtifact, RequestError
from genas.core.examples import examples
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture

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
    from genas.encodings.sentences import similarities

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


def _read(space: SearchSpace, path: Path) -> Past | str:
    """The run, or why it can't be used."""
    try:
        found = examples(space, [str(path)])
        if (use := found[0].use) is None:
            return "it has no request"
        task: Task = registry.create("tasks", use, space=space, device="cpu", seed=0)
    except (RequestError, MissingArtifact, LedgerCorrupt) as error:
        return str(error)
    sign = task.metric.sign
    best = [(e.arch, sign * e.merit) for e in sorted(found, key=lambda e: -e.merit)]
    return Past(task.description, task.metric.name, best)
