"""The base class of learned proposers: finds the model's folder and returns samples that are legal and new."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from genas.core import assets
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate
from genas.core.rng import rng, seed_of

if TYPE_CHECKING:
    import torch

Guide = Callable[[Sequence[Architecture]], Sequence[float]]


class SampledProposer(Proposer):
    """Samples from a model until enough samples are legal and new, or the model only repeats itself.

    A subclass writes `draw`, and sets `level` and `guidance`, which the note of each candidate names.

    Args:
        space: the search space.
        seed: with the number of architectures asked for so far, it decides the samples.
        model: one of genas by name, or a folder by a path such as ./NAME; None is <kind>-<space>.
        over: samples per returned architecture if a guide chooses (see `guided`).
    """

    kind: ClassVar[str]  # of model, as in `genas fit KIND`
    what: ClassVar[str]  # what the note of a candidate calls a sample
    level: float | str
    guidance: float

    def __init__(self, space: SearchSpace, seed: int, model: str | None, over: int = 4) -> None:
        self.space, self.seed, self.over = space, seed, over
        self._guide: Guide | None = None
        self.folder = model or f"{self.kind}-{space.name}"
        self._asked = 0
        self._seen: set[str] = set()

    @abstractmethod
    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` raw samples of the model, which may be illegal or repeated."""

    def path(self) -> Path:
        """The folder of the model, given as a path or by its name in models/.

        Raises:
            MissingArtifact: there is no such folder.
        """
        make = f"genas fit {self.kind} {self.space.name} LEDGER_OR_TABLE..."
        return assets.model(self.folder, make=make)

    def guided(self, guide: Guide | None) -> Self:
        """From now on, sample `over` times as many architectures and prefer those that the guide scores high.

        Args:
            guide: returns a score per architecture, larger is better, such as that of a fitted predictor; None removes
                the guide.
        """
        self._guide = guide
        return self

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer once the model has no new ones at this level."""
        import torch

        from genas.generators.distinct import chosen, distinct

        generator = torch.Generator().manual_seed(seed_of(self.seed, self.kind, self._asked))
        random = rng(self.seed, f"{self.kind} guide", self._asked)
        self._asked += n
        seen = set(self._seen) if self._guide else self._seen
        count = n * self.over if self._guide else n
        archs = distinct(lambda number: self.draw(number, generator), count, self.space, seen)
        if self._guide and archs:
            archs = [archs[i] for i in chosen(self._guide(archs), n, random)]
            self._seen.update(arch.key for arch in archs)
        note = f"{self.what} sample, level {self.level}, guidance {self.guidance:g}"
        return [Candidate(arch, self.kind, note=note) for arch in archs]
