"""Lists the runs below a folder: what each was asked for, how far it is and what it found."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from genas.core.errors import GenasError, RequestError
from genas.core.ledger import Ledger
from genas.core.metrics import on_test
from genas.reporting.outcome import quality
from genas.run import account

State = Literal["finished", "stopped", "running", "study", "unreadable"]


class Run(NamedTuple):
    """One run.

    Args:
        folder: of the run.
        goal: the sentence it was asked with.
        state: a stopped run goes on with the same command; a study is a search of one's own objective.
        when: the ledger was last written, in seconds since 1970.
        metric: what the winner was tested on, "" where there is none yet.
        figure: the winner's test figure.
        params: the winner's number of weights.
        problem: why the run can't be read.
    """

    folder: Path
    goal: str
    state: State
    when: float
    metric: str = ""
    figure: float | None = None
    params: float | None = None
    problem: str = ""


def runs(root: Path) -> list[Run]:
    """All runs below the folder, the newest first.

    Raises:
        RequestError: there is no such folder.
    """
    if not root.is_dir():
        raise RequestError(f"There is no folder {root}. Name the one that holds your runs, as in: genas runs FOLDER")
    return sorted((_read(ledger) for ledger in _ledgers(root)), key=lambda run: (-run.when, run.folder))


def _ledgers(root: Path) -> Iterator[Path]:
    """Ledgers of runs: what lies inside a run's own folder is a part of it."""
    found: list[Path] = []
    for ledger in sorted(root.rglob("ledger.jsonl"), key=lambda path: len(path.parts)):
        if not any(ledger.is_relative_to(folder) for folder in found):
            found.append(ledger.parent)
            yield ledger


def _read(ledger: Path) -> Run:
    folder, when = ledger.parent, ledger.stat().st_mtime
    try:
        if (folder / "report.json").is_file() and not _written_now(ledger):
            return _finished(folder, when)  # whose report and weights are as the run wrote them
        events = list(Ledger(ledger, follow=True).read())
    except GenasError as error:
        return Run(folder, "", "unreadable", when, problem=str(error))
    goal = next((str(e["request"].get("goal", "")) for e in events if e["kind"] == "request"), "")
    study = any(event["kind"] == "asked" for event in events)
    return Run(folder, goal, "running" if _written_now(ledger) else "study" if study else "stopped", when)


def _finished(folder: Path, when: float) -> Run:
    report = account.read(folder)
    if report.winner is None:
        return Run(folder, report.request.goal, "finished", when)
    metric = on_test(quality(report.request, report.winner).metric)
    figure, params = report.winner.value(metric), report.winner.value("params")
    return Run(folder, report.request.goal, "finished", when, metric, figure, params)


def _written_now(ledger: Path) -> bool:
    """Whether a run holds the ledger's lock."""
    with ledger.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
