"""What the terminal shows: progress bars with the time left, and tables of results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from genas.core import pareto, registry
from genas.core.records import Report, Request, Trial
from genas.summary import clean, label, measured_text, number, rungs_of

if TYPE_CHECKING:
    from genas.api import BatchRow
    from genas.trained import Further


class Bars:
    """Progress bars on standard error, one a stage."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
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
        self._task = self._progress.add_task(name, total=total, note="")

    def step(self, text: str = "") -> None:
        """One step further."""
        if self._task is not None:
            self._progress.update(self._task, advance=1, note=text)

    def note(self, text: str) -> None:
        """A line of its own, above the bar."""
        self._progress.console.print(clean(f"Note: {text}"), markup=False, highlight=False, soft_wrap=True)

    def fraction(self, done: int, total: int, text: str = "") -> None:
        """A bar that is told how far it is."""
        if self._task is None:
            self.stage("fit", total)
        assert self._task is not None
        self._progress.update(self._task, completed=done, total=total, note=text)

    def _finish(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total
            self._progress.update(self._task, completed=total)


def show_report(report: Report, folder: Path) -> None:
    """The outcome in sentences and where its files are."""
    console = Console(highlight=False)
    console.print()
    console.print(report.text, markup=False)
    console.print()
    console.print(f"Report: {folder / 'report.html'}", markup=False)
    if (folder / "winner" / "model.py").is_file():
        console.print(f"Network: {folder / 'winner'}", markup=False)
    if rungs_of(report.request, report.winner, report.trials) is not None:
        console.print(
            f"Any other that was trained: genas export {shlex.quote(str(folder))} KEY; genas train goes on with it",
            markup=False,
            soft_wrap=True,
        )


def show_further(found: Further) -> None:
    """A network before and after its further training, and where its files are."""
    console, metric = Console(highlight=False, soft_wrap=True), found.after.metric
    before, after = (number(metric, m.value) for m in (found.before, found.after))
    console.print(f"Validation {label(metric)} {before} before, {after} after.", markup=False)
    console.print(f"Test {label(metric)} {measured_text(found.test)}.", markup=False)
    console.print(f"Network: {found.folder}", markup=False)


def show_candidates(trials: Sequence[Trial], request: Request) -> None:
    """Candidates in the order given: the architecture, below it its scores, and the limits that it breaks."""
    made, console = registry.create("spaces", request.space), Console(highlight=False, soft_wrap=True)
    for rank, trial in enumerate(trials, start=1):
        scores = ", ".join(f"{m.metric} {number(m.metric, m.value)}" for m in trial.measurements)
        console.print(f"{rank:3}. {made.to_text(trial.candidate.arch)}", markup=False)
        console.print(f"     from {trial.candidate.origin}: {scores}", markup=False, style="dim")
        for broken in pareto.broken(trial, request.constraints):
            console.print(f"     {broken}", markup=False, style="red")


def show_batch(rows: Sequence[BatchRow]) -> None:
    """A table of a batch's tasks and results."""
    table = Table("task", "params", "test accuracy", "result")
    for row in rows:
        winner = row.report.winner if row.report else None
        params = winner.value("params") if winner else None
        test = winner.value("test_accuracy") if winner else None
        figures = ["" if v is None else number(m, v) for m, v in (("params", params), ("test_accuracy", test))]
        table.add_row(row.goal, *figures, row.error or str(row.folder / "report.html"))
    Console(highlight=False).print(table)
