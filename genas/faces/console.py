"""What the terminal shows: progress bars with the time left, and tables of results."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from genas.core import pareto, registry
from genas.core.metrics import on_test
from genas.core.outside import shown
from genas.core.records import BatchRow, Report, Request, Trial
from genas.reporting.outcome import clean, heading, label, measured_text, number, quality, rungs_of

if TYPE_CHECKING:
    from genas.run.shelf import Run
    from genas.run.trained import Further


def plain(text: str, *, style: str = "") -> Text:
    """The text, cleaned, as rich takes it; markup in it has no effect."""
    return Text(shown(text), style=style)


def console(*, err: bool = False, wrap: bool = True) -> Console:
    """A console of rich that reads no markup and highlights nothing."""
    return Console(stderr=err, highlight=False, markup=False, emoji=False, soft_wrap=not wrap)


class Bars:
    """Progress bars on standard error, one a stage."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:18}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console(err=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._progress.stop()

    def stage(self, name: str, total: int) -> None:
        """A new bar; the one before it is full."""
        self._finish()
        self._progress.start()
        self._task = self._progress.add_task(shown(name), total=total, note="")

    def step(self, text: str = "") -> None:
        """One step further."""
        if self._task is not None:
            self._progress.update(self._task, advance=1, note=shown(text))

    def note(self, text: str) -> None:
        """A line of its own, above the bar."""
        self._progress.console.print(clean(f"Note: {text}"), markup=False, highlight=False, soft_wrap=True)

    def fraction(self, done: int, total: int, text: str = "") -> None:
        """Set how far the bar is."""
        if self._task is None:
            self.stage("fit", total)
        assert self._task is not None
        self._progress.update(self._task, completed=done, total=total, note=shown(text))

    def _finish(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total
            self._progress.update(self._task, completed=total)


def show_report(report: Report, folder: Path) -> None:
    """The outcome in sentences and where its files are."""
    out = console()
    out.print()
    out.print(plain(report.text))
    out.print()
    out.print(plain(f"Report: {folder / 'report.html'}"))
    if (folder / "winner" / "model.py").is_file():
        out.print(plain(f"Network: {folder / 'winner'}"))
    if rungs_of(report.request, report.winner, report.trials) is not None:
        where = shlex.quote(str(folder))
        console(wrap=False).print(
            plain(f"Any other that was trained: genas export {where} KEY; genas train goes on with it")
        )


def show_further(found: Further) -> None:
    """A network before and after its further training, and where its files are."""
    out, metric = console(wrap=False), found.after.metric
    before, after = (number(metric, m.value) for m in (found.before, found.after))
    out.print(plain(f"Validation {label(metric)} {before} before, {after} after."))
    out.print(plain(f"Test {label(metric)} {measured_text(found.test)}."))
    out.print(plain(f"Network: {found.folder}"))


def show_candidates(trials: Sequence[Trial], request: Request) -> None:
    """Candidates in the order given: the architecture, below it its scores, and the limits that it breaks."""
    made, out = registry.create("spaces", request.space), console(wrap=False)
    for rank, trial in enumerate(trials, start=1):
        scores = ", ".join(f"{m.metric} {number(m.metric, m.value)}" for m in trial.measurements)
        out.print(plain(f"{rank:3}. {made.to_text(trial.candidate.arch)}"))
        out.print(plain(f"     from {trial.candidate.origin}: {scores}", style="dim"))
        for broken in pareto.broken(trial, request.constraints):
            out.print(plain(f"     {broken}", style="red"))


def show_runs(runs: Sequence[Run]) -> None:
    """A table of runs; why one can't be read stands in place of what it was asked for."""
    table = Table("run", "written", "state", "result", "params", "asked for")
    for run in runs:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.when))
        result = "" if run.figure is None else f"{label(run.metric)} {number(run.metric, run.figure)}"
        params = "" if run.params is None else number("params", run.params)
        table.add_row(*map(plain, (str(run.folder), when, run.state, result, params, run.problem or run.goal)))
    console().print(table)


def show_batch(rows: Sequence[BatchRow]) -> None:
    """A table of a batch's tasks and results."""
    wons = [(row.report.request, row.report.winner) if row.report and row.report.winner else None for row in rows]
    judged = dict.fromkeys(quality(*won).metric for won in wons if won)
    table = Table("task", "params", *(heading(on_test(metric)) for metric in judged), "result")
    for row, won in zip(rows, wons, strict=True):
        found = [(m, won[1].value(m) if won else None) for m in ("params", *map(on_test, judged))]
        figures = ["" if value is None else number(metric, value) for metric, value in found]
        table.add_row(*map(plain, (row.goal, *figures, row.error or str(row.folder / "report.html"))))
    console().print(table)
