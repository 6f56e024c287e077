"""Architectures written by a small language model of our own, at a wished level, after the best measured ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import MissingArtifact
from genas.core.interfaces import SearchSpace, Task
from genas.core.pareto import losses
from genas.core.ranges import Amount, Count, Whole
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.core.rng import seed_of
from genas.proposers._sampled import SampledProposer

if TYPE_CHECKING:
    import torch

    from genas.generators.conditions import Wish
    from genas.generators.grammar import Grammar
    from genas.generators.language_model import ArchLM, Shot

_LEAST = 5  # measured trials before the model is fitted to them, or their neighbours are looked at
_POOL = 2  # samples per architecture asked for that stand beside the neighbours


class ArchLMProposer(SampledProposer):
    """Writes new architectures as sentences under the grammar of the space; learns from what it is told of them.

    What was measured comes back in up to three ways: the best trials stand before every architecture, from worst to
    best; their neighbours by one edit stand beside the samples, and of both those are asked for that the wished level
    and the past make most likelier; and with `steps` the model is fitted to all trials at the first ask after a tell,
    from the shipped weights on, each at its level among the measured. An architecture that was asked for or told is
    never asked for again.

    Source: the level goes before the architecture, as rewards do in Chen et al., Decision transformer (2021); past
    trials from worst to best as in Yang et al., Large language models as optimizers (2023) and Chen et al.,
    EvoPrompting (2023), which also tunes its model on what was measured and mutates what served. Guidance towards a
    level and away from any, and the choice among samples and neighbours, are by the ratio of densities that Bergstra
    et al., TPE (2011), maximise.

    Fitting is off unless asked for: on NAS-Bench-201 it costs seconds and found worse cells (eval/README.md).

    Args:
        space: what is generated.
        seed: with the number asked so far and what was told it decides the samples.
        device: where the model runs.
        limits: those on costs that the model knows choose the levels that are asked of it.
        task: its words are told to a model that was fitted on several tasks of the space, and its latency_device to one
            that knows that device.
        objectives: the first one is what trials are ranked by.
        level: "top", "any", or a rank quantile from 0 (worst) to 1 (best).
        guidance: 1 samples the level as learned, more exaggerates it.
        temperature: below 1 prefers the likely.
        model: one of genas by name, or a folder by a path such as ./NAME; None is archlm-<space>, or else archlm.
        history: of the best trials stand before an architecture; 0 is none.
        near: of the best trials, so many, the neighbours by one edit stand beside the samples; 0 is none. Where a guide
            chooses (see `guided`) it is given samples alone.
        steps: of fitting to what was measured, each time; 0 is none.
        over: samples per architecture kept where a guide chooses.
    """

    kind: ClassVar[str] = "archlm"
    what: ClassVar[str] = "language-model"

    def __init__(  # noqa: PLR0917
        self,
        space: SearchSpace,
        seed: int = 0,
        device: str = "cpu",
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        objectives: Sequence[Objective] = (Objective("accuracy"),),
        *,
        level: float | str = "top",
        guidance: Amount = 3.0,
        temperature: Amount = 1.0,
        model: str | None = None,
        history: Whole = 2,
        near: Whole = 5,
        steps: Whole = 0,
        over: Count = 4,
    ) -> None:
        super().__init__(space, seed, model, over)
        self.device, self.limits, self.task, self.objectives = device, tuple(limits), task, tuple(objectives[:1])
        self.level, self.guidance, self.temperature = level, guidance, temperature
        self.history, self.near, self.steps, self._named = history, near, steps, model is not None
        self._measured: dict[str, tuple[Architecture, float]] = {}  # by key, with the merit, in the order told
        self._vector: torch.Tensor | None = None
        self._loaded: tuple[ArchLM, Grammar] | None = None
        self._tuned: ArchLM | None = None  # fitted to what was measured; None is to be made

    def path(self) -> Path:
        """The model's folder: the named one, that of this space, or that of several spaces."""
        shared = assets.models() / self.kind
        if self._named or assets.seen(self.folder) == {} or (assets.models() / self.folder).is_dir():
            return super().path()
        return shared

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from what was measured; failed trials are only not asked for again."""
        for trial in trials:
            arch, loss = trial.candidate.arch, losses(trial, self.objectives)
            self._seen.add(arch.key)
            if trial.failure is None and loss is not None and self._measured.get(arch.key) != (arch, -loss[0]):
                self._measured[arch.key] = arch, -loss[0]
                self._tuned = None

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer once the level is exhausted and no neighbour is left."""
        if self._guide is not None or self.near < 1 or len(self._measured) < _LEAST:
            return super().ask(n)
        import torch

        from genas.generators.distinct import distinct
        from genas.generators.language_model import favour

        generator = torch.Generator().manual_seed(seed_of(self.seed, self.kind, self._asked))
        self._asked += n
        model, grammar = self._ready()
        seen = set(self._seen)
        samples = distinct(lambda count: self.draw(count, generator), _POOL * n, self.space, seen)
        found = [(arch, "") for arch in samples] + list(self._neighbors(grammar, seen))
        if not found:
            return []
        archs = [arch for arch, _ in found]
        wish = self._wish(len(archs), model, generator)
        worth = favour(model, grammar, archs, wish, history=self._shots(grammar))
        best = [(*found[i], float(worth[i])) for i in torch.argsort(worth, descending=True, stable=True)[:n].tolist()]
        self._seen.update(arch.key for arch, _, _ in best)
        return [self._explained(*one) for one in best]

    def _neighbors(self, grammar: Grammar, seen: set[str]) -> Iterator[tuple[Architecture, str]]:
        """What is one edit away from the best trials and new, with the key of that trial; `seen` grows by them."""
        for parent, _ in reversed(self._ranked(grammar)[-self.near :]):
            for arch in self.space.neighbors(parent):
                if arch.key not in seen and grammar.fits(arch):
                    seen.add(arch.key)
                    yield arch, parent.key

    def _explained(self, arch: Architecture, parent: str, worth: float) -> Candidate:
        what = "one edit from a good one" if parent else f"{self.what} sample"
        note = f"{what}, {worth:.1f} nats likelier at level {self.level} and after the best than untold"
        return Candidate(arch, self.kind, (parent,) if parent else (), note)

    def _load(self) -> tuple[ArchLM, Grammar]:
        from genas.generators.language_model import load

        model, grammar = load(self.path(), self.space, self.device)
        if not grammar.frames:
            raise MissingArtifact(
                f"A model for {self.space.name} with these options ({self.folder} knows other labels or sizes)",
                f"Fit one and name it by the option model: genas fit archlm {self.space.name} ... --out FOLDER",
            )
        return model, grammar

    def _ready(self) -> tuple[ArchLM, Grammar]:
        """The model as it is now, and the grammar."""
        self._loaded = self._loaded or self._load()
        model, grammar = self._loaded
        if self._tuned is None:
            fits = len(self._ranked(grammar)) >= _LEAST and self.steps > 0
            self._tuned = self._fitted(model, grammar) if fits else model
        return self._tuned, grammar

    def _ranked(self, grammar: Grammar) -> list[tuple[Architecture, float]]:
        """What was measured and the model can write, from worst to best."""
        kept = [(arch, merit) for arch, merit in self._measured.values() if grammar.fits(arch)]
        return sorted(kept, key=lambda pair: pair[1])

    def _fitted(self, model: ArchLM, grammar: Grammar) -> ArchLM:
        """A copy of the model, fitted to what was measured."""
        from copy import deepcopy

        import torch

        from genas.generators.conditions import Conditions
        from genas.generators.language_model import Corpus, Part, tune

        archs, merits = zip(*self._ranked(grammar), strict=True)
        tasks, vectors = ["told"] * len(archs), self._task_vector(model).expand(len(archs), -1)
        given = Conditions(merits, tasks, [{}] * len(archs), vectors)
        corpus = Corpus([Part(grammar, archs, merits, tasks, given)], self.history)
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.kind, "fit", len(archs)))
        with torch.random.fork_rng():
            return tune(deepcopy(model), corpus, generator, steps=self.steps)

    def _shots(self, grammar: Grammar) -> list[Shot]:
        """The best trials, from worst to best, each with its level among all."""
        from genas.generators.conditions import bucket

        ranked = self._ranked(grammar)
        levels = [bucket((place + 0.5) / len(ranked)) for place in range(len(ranked))]
        shots = [(arch, level) for (arch, _), level in zip(ranked, levels, strict=True)]
        return shots[-self.history :] if self.history else []

    def _task_vector(self, model: ArchLM) -> torch.Tensor:
        """The task in numbers [E]; zeros where there is none or the model knows no two of this space."""
        import torch

        if self._vector is None:
            self._vector = torch.zeros(model.config.task_size)
            if self.task and model.config.task_size and model.config.spaces[self.space.name]["told"]:
                from genas.encodings.sentences import task_vector

                self._vector = task_vector(self.task)
        return self._vector

    def _wish(self, n: int, model: ArchLM, generator: torch.Generator) -> Wish:
        """What to ask of the model in each of n samples."""
        import torch

        from genas.generators.conditions import ANY, Wish, affordable, level_of

        known = model.config.spaces[self.space.name]["costs"]
        costs = torch.full((n, len(known)), ANY)
        for name, levels in affordable(self.limits, known, self.task.latency_device if self.task else None).items():
            chosen = torch.randint(len(levels), (n,), generator=generator)
            costs[:, list(known).index(name)] = torch.tensor(levels)[chosen]
        return Wish(torch.full((n,), level_of(self.level)), costs, self._task_vector(model).expand(n, -1))

    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` samples as the model gives them, repeats and illegal ones included."""
        from genas.generators.language_model import sample

        model, grammar = self._ready()
        wish, shots = self._wish(n, model, generator), self._shots(grammar)
        options = {"temperature": self.temperature, "guidance": self.guidance}
        return sample(model, grammar, wish, generator, history=shots, **options)
