"""One run of a request: puts its parts together over a ledger and reports. The search itself is one of the parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core import clock, registry, wire
from genas.core.errors import GenasError, NotWritten, RequestError
from genas.core.interfaces import Executor
from genas.core.ledger import Ledger
from genas.core.paths import own_files
from genas.core.progress import Progress, Silence
from genas.core.records import Architecture, Budget, Candidate, Report, Request, Rival, Trial, Use
from genas.reporting.outcome import summarize
from genas.run.book import Book
from genas.run.cautions import cautions
from genas.run.claim import claim, dear, know_data, mend, need_data, tell
from genas.run.laboratory import Laboratory, context_of
from genas.run.mix import mixes
from genas.run.plan import placed, planned
from genas.run.proposing import propose
from genas.run.table_search import TableSearch

if TYPE_CHECKING:
    from genas.run.race_search import RaceSearch


class Designer:
    """One run of one request; made again over the same ledger, it goes on where it was stopped.

    Args:
        request: what is wanted, with proposers, scorers and refiners filled in.
        ledger: the memory of the run.
        progress: told about each stage and step.
        executor: where trainings run; None is this process.

    Raises:
        RequestError: the request does not fit together, or the ledger belongs to another one.
    """

    def __init__(
        self, request: Request, ledger: Ledger, progress: Progress | None = None, executor: Executor | None = None
    ) -> None:
        begin = clock.now()
        request = placed(request)
        self.request, self.ledger, self.progress = request, ledger, progress or Silence()
        self.executor: Executor = executor or registry.create("executors", "serial")
        claim(request, ledger)
        from genas.training.timing import pick_device

        context = context_of(request, ledger, str(pick_device(request.device)))
        self.task = context.task
        self.space = context.space
        if self.space.modality != self.task.modality:
            raise RequestError(
                f"The space {request.space.name} makes networks for {self.space.modality} tasks, but "
                f"{request.task.name} has {self.task.modality} data. Name another space."
            )
        if self.trains and not self.space.builds():
            raise RequestError(
                f"The space {request.space.name} builds no networks, so that its architectures can only be looked up: "
                "name the validator table, or another space."
            )
        self.plan = planned(request, ledger)
        self.book = Book(self.task.metric.name, self.task.metric.goal, request.objectives, request.constraints)
        self.winner: str | None = None
        for name, text in cautions(request, self.task):
            self.ledger.warn(name, text)
        tell(self.task.notes, ledger, self.progress)
        self.lab = Laboratory(request, self.book, context, self.executor)
        self.proposers, self.refiners = mixes(request, context)
        self.search = self._search(begin)

    def _search(self, begin: float) -> RaceSearch | TableSearch:
        """A race where networks are trained for the answer, else a search that looks figures up."""
        if self.trains and self.request.validator.name == "train":
            from genas.run.race_search import RaceSearch

            return RaceSearch(
                self.lab, proposers=self.proposers, refiners=self.refiners, progress=self.progress, begin=begin
            )
        return TableSearch(
            self.plan, self.lab, proposers=self.proposers, refiners=self.refiners, progress=self.progress
        )

    @property
    def trains(self) -> bool:
        """Whether networks can be trained, rather than looked up in a table or only counted."""
        return self.request.validator.name != "table" and self.task.here

    # A whole design

    def check(self) -> None:
        """Find what is wrong with the data or the budget of a design before anything is measured or written.

        Raises:
            RequestError: nothing can be trained, the time is too short, or the data changed since the run began.
        """
        self._need_data()
        know_data(self.task, self.ledger)
        self.search.check()

    def run(self) -> Report:
        """All stages.

        Raises:
            RequestError: nothing can be trained, or no candidate keeps the limits.
        """
        self.check()
        self._begin()
        self.winner = self.search.run()
        return self.report()

    def report(self) -> Report:
        """What the run found, so far."""
        winner = None if self.winner is None else self.book.trials[self.winner]
        trials, references = tuple(self.book.trials.values()), tuple(self.book.references)
        tokens = sum(int(e.get("tokens", 0)) for e in self.ledger.read() if e.get("kind") == "completion")
        spent = Budget(round(self.book.seconds, 3), len(self.book.measured()), tokens)
        event = self.ledger.find("rivals") or {"rivals": []}
        rivals = tuple(wire.from_data(Rival, rival) for rival in event["rivals"])
        recipe = {} if winner is None else self.search.recipe(winner)
        knowledge = "" if winner is None else self.space.knowledge(winner.candidate.arch)
        text = summarize(self.request, winner, references, trials, rivals=rivals, recipe=recipe, knowledge=knowledge)
        front = tuple(self.book.front())
        warnings = tuple(str(event["text"]) for event in self.ledger.read() if event["kind"] == "warning")
        return Report(self.request, winner, front, references, trials, spent, text, rivals, recipe, warnings)

    def export(self, folder: Path) -> None:
        """Write the winner as files that need no genas; nothing where there is none, or where it was not trained."""
        weights = None if self.winner is None else self.search.weights(self.winner)
        if self.winner is None or weights is None:
            return
        from genas.core.building import build
        from genas.export.folder import export

        winner = self.book.trials[self.winner]
        network = build(self.space, winner.candidate.arch, self.task, self.request.seed)
        network.load_state_dict(weights)
        export(network, winner.candidate.arch, self.task, folder, recipe=self.search.recipe(winner))

    # Single stages

    def candidates(self, n: int) -> list[Trial]:
        """Only the first stage: at most n candidates within the limits, the most promising first."""
        self._remember()
        propose(self.lab, self.proposers, n, self.progress)
        return self.lab.ranked()[:n]

    def given(self, archs: Sequence[str | Architecture]) -> list[Candidate]:
        """Architectures of the user's own, or their text form, as candidates.

        Raises:
            InvalidArchitecture: one is not of the space; the message says what is wrong.
        """
        made = [self.space.from_text(arch) if isinstance(arch, str) else self.space.check(arch) for arch in archs]
        return [Candidate(arch, "given") for arch in made]

    def figures(self, given: Sequence[Candidate]) -> list[Trial]:
        """Only the cheap figures of the given candidates, even if they break limits."""
        self._remember()
        self.progress.stage("score", len(given))
        trials = []
        for candidate in given:
            trials.append(self.lab.figures(candidate))
            self.progress.step()
        return trials

    def validated(self, given: Sequence[Candidate], seeds: int = 3) -> list[Trial]:
        """Only the last stage: train each given candidate from scratch with all seeds, then test it."""
        self._need_data()
        self._remember()
        from genas.training.timing import threads

        keys = dict.fromkeys(self.book.keep(self.lab.figures(candidate)).candidate.key for candidate in given)
        numbers = [self.request.seed + i for i in range(seeds if self.trains else 1)]
        self.progress.stage("train", len(keys) * len(numbers))
        with threads(self.executor.threads):
            self.lab.train([self.book.trials[key] for key in keys], numbers, self.progress.step)
            for key in keys:
                if (trial := self.book.trials[key]).failure is None:
                    self.lab.test(trial, numbers)
        return [self.book.trials[key] for key in keys]

    # The ledger

    def _need_data(self) -> None:
        need_data(self.request, self.task)
        if self.trains:
            notes = self.task.examine()
            advice = self.space.advice(self.task)
            notes = [*(note for note in notes if note not in self.task.notes), *([advice] if advice else [])]
            tell(notes, self.ledger, self.progress)

    def _begin(self) -> None:
        """Start keeping the run: write the events held back so far and set damaged weights aside."""
        self.ledger.begin()
        mend(self.ledger, self.progress)

    def _remember(self) -> None:
        """Start a single stage. With a folder, the ledger also keeps which data were measured on."""
        if self.ledger.path is not None:
            know_data(self.task, self.ledger)
        self._begin()


@contextmanager
def designing(
    request: Request, folder: Path | None, executor: Use, progress: Progress | None = None
) -> Iterator[Designer]:
    """A designer of the request, over the ledger in the folder, or over one in memory where there is none.

    A request that is refused before any training or chat model's answer leaves nothing in the folder.

    Raises:
        RequestError: see `Designer`; or files of the folder lead out of it.
    """
    ledger = Ledger(None if folder is None else own_files(folder) / "ledger.jsonl", held=True)
    designer: Designer | None = None
    try:
        with registry.create("executors", executor) as workers:
            designer = Designer(request, ledger, progress, workers)
            yield designer
    except GenasError as error:
        if not isinstance(error, NotWritten) and (designer is None or not dear(ledger, designer.book.metric)):
            ledger.discard()
        raise
    finally:
        ledger.close()
