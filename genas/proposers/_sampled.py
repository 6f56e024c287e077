"""What the learned proposers share: a model's folder, counted seeds, and samples that are legal and new."""

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
    """Asks a model for samples until enough of them are legal and new, or the model repeats itself.

    A subclass sets `level` and `guidance` for the note and writes `draw`.
    """

    kind: ClassVar[str]  # as in `genas fit KIND`
    what: ClassVar[str]  # of the note: what a sample is
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
        """`n` samples as the model gives them, repeats and illegal ones included."""

    def path(self) -> Path:
        """The model's folder, given as a path or by its name in models/; MissingArtifact where there is none."""
        make = f"genas fit {self.kind} {self.space.name} LEDGER_OR_TABLE..."
        return assets.model(self.folder, make=make)

    def guided(self, guide: Guide | None) -> Self:
        """From now on `over` times as many are sampled, and those the guide scores high are likelier to be kept.

        Args:
            guide: a score per architecture, larger being better, such as a fitted predictor's; None ends it.
        """
        self._guide = guide
        return self

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer once the level is exhausted."""
        import torch

        from genas.generators.distinct import chosen, distinct

        generator = torch.Generator().manual_seed(seed_of(self.seed, self.kind, self._asked))
        random = rng(self.seed, f"{self.kind} guide", self._asked)
        self._asked += n
        seen = set(self._seen) if self._guide else self._seen
        found = distinct(
            lambda count: self.draw(count, generator), n * self.over if self._guide else n, self.space, seen
        )
        if self._guide and found:
            found = [found[i] for i in chosen(self._guide(found), n, random)]
            self._seen.update(arch.key for arch in found)
        note = f"{self.what} sample, level {self.level}, guidance {self.guidance:g}"
        return [Candidate(arch, self.kind, note=note) for arch in found]
