"""The first stage of a search: candidates within the limits, from all proposers."""

from __future__ import annotations

from genas.core.errors import RequestError
from genas.core.progress import Progress
from genas.core.records import Candidate, Trial
from genas.core.rng import rng
from genas.run.laboratory import Laboratory
from genas.run.mix import Mix, neighbors

DRY = 5  # rounds in a row without a new legal candidate that end a stage
_PATIENT = 48  # candidates in a row that break a limit before hill climbing begins
_NEIGHBORS = 64  # at a time


def propose(lab: Laboratory, proposers: Mix, count: int, progress: Progress) -> None:
    """Ask the proposers, by yield, until `count` candidates keep the limits; the book keeps all of them.

    If none does, hill-climb from the closest one for as long as that comes nearer.

    Raises:
        RequestError: no candidate keeps the limits.
    """
    book, dry = lab.book, 0  # candidates in a row that came to nothing
    progress.stage("propose", count)
    while (missing := count - len(book.alive())) > 0 and dry < _PATIENT + DRY * _NEIGHBORS:
        start = book.nearest() if dry >= _PATIENT else None
        new = lab.screen(proposers.ask(min(24, max(missing, 8))) if start is None else _near(lab, start))
        for _ in (living := [trial for trial in new if trial.failure is None])[:missing]:
            progress.step()
        nearer = start is not None and any(book.excess(trial) < book.excess(start) for trial in new)
        dry = 0 if living else dry if nearer else dry + max(len(new), 8)
        best = lab.ranked()[: max(1, len(book.trials) // 4)]
        proposers.credit(new, {trial.candidate.key for trial in best})
    if not book.alive():
        raise RequestError(book.why_empty(proposers.silent))


def _near(lab: Laboratory, trial: Trial) -> list[Candidate]:
    space = lab.context.space
    random = rng(lab.request.seed, "near", len(lab.book.trials))
    return neighbors(space, trial.candidate.arch, lab.book, _NEIGHBORS, random)
