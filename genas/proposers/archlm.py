"""Samples architectures from a small language model, conditioned on a performance level and the best past trials."""

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

_LEAST = 5  # measured trials before the model is fine-tuned on them, or their neighbours join the pool
_POOL = 2  # samples per requested architecture that join the pool with the neighbours


class ArchLMProposer(SampledProposer):
    """Samples architectures word by word under the grammar of the space, and learns from measured trials.

    Trials enter in up to three ways. The best ones precede every architecture in the prompt, from worst to best. Their
    neighbours by one edit join the samples in a pool, from which the architectures with the highest likelihood ratio
    (with against without the level and the history) are proposed. With `steps`, the model is fine-tuned from the
    shipped weights on all trials, each at its level among the measured, at the first `ask` after a `tell`. No
    architecture is proposed twice, or after it was measured.

    Source: the level precedes the architecture, as rewards do in Chen et al., Decision transformer (2021); past trials
    from worst to best as in Yang et al., Large language models as optimizers (2023) and Chen et al., EvoPrompting
    (2023), which also fine-tunes its model on measured architectures and mutates good ones. Guidance, and the choice
    from the pool, use the density ratio that Bergstra et al., TPE (2011), maximise.

    Fine-tuning is off by default: on NAS-Bench-201 it takes seconds and finds worse cells (eval/README.md).

    Args:
        space: the search space.
        seed: with the number of architectures asked for so far and the trials, it decides the samples.
        device: where the model runs.
        limits: limits on costs that the model was fitted with condition the samples.
        task: conditions a model that was fitted on several tasks of the space, by its description; its latency_device
            selects the device of limits on latency and energy.
        objectives: the first one ranks the trials.
        level: performance level to sample: "top", "any" (unconditional), or a rank quantile from 0 (worst) to 1 (best).
        guidance: weight of classifier-free guidance: 1 samples the level as learned, larger values exaggerate it.
        temperature: sampling temperature; below 1 prefers likely architectures.
        model: one of genas by name, or a folder by a path such as ./NAME; None is archlm-<space>, else archlm.
        history: number of best trials that precede an architecture.
        near: number of best trials whose neighbours join the pool. If a guide chooses (see `guided`), there are none.
        steps: steps of fine-tuning after each `tell`; 0 turns it off.
        over: samples per returned architecture if a guide chooses.
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
        self._measured: dict[
            str, tuple[Architecture, float]
        ] = {}  # with its value (larger is better), by key, in the order of the results
        self._vector: torch.Tensor | None = None
        self._loaded: tuple[ArchLM, Grammar] | None = None
        self._tuned: ArchLM | None = None  # fine-tuned on the trials; None if there are new ones

    def path(self) -> Path:
        """The folder of the model: the named one, else the one of this space, else the one of several spaces."""
        shared = assets.models() / self.kind
        if self._named or assets.seen(self.folder) == {} or (assets.models() / self.folder).is_dir():
            return super().path()
        return shared

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from measured trials. Failed trials are only never proposed again."""
        for trial in trials:
            arch, loss = trial.candidate.arch, losses(trial, self.objectives)
            self._seen.add(arch.key)
            if trial.failure is None and loss is not None and self._measured.get(arch.key) != (arch, -loss[0]):
                self._measured[arch.key] = arch, -loss[0]
                self._tuned = None

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer once the model has no new ones and no neighbour is left."""
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
        pool = [(arch, "") for arch in samples] + list(self._neighbors(grammar, seen))
        if not pool:
            return []
        archs = [arch for arch, _ in pool]
        wish = self._wish(len(archs), model, generator)
        ratios = favour(model, grammar, archs, wish, history=self._shots(grammar))
        best = [(*pool[i], float(ratios[i])) for i in torch.argsort(ratios, descending=True, stable=True)[:n].tolist()]
        self._seen.update(arch.key for arch, _, _ in best)
        return [self._explained(*one) for one in best]

    def _neighbors(self, grammar: Grammar, seen: set[str]) -> Iterator[tuple[Architecture, str]]:
        """New neighbours of the best trials, each with the key of that trial; adds their keys to `seen`."""
        for parent, _ in reversed(self._ranked(grammar)[-self.near :]):
            for arch in self.space.neighbors(parent):
                if arch.key not in seen and grammar.fits(arch):
                    seen.add(arch.key)
                    yield arch, parent.key

    def _explained(self, arch: Architecture, parent: str, ratio: float) -> Candidate:
        what = "one edit from a good one" if parent else f"{self.what} sample"
        note = f"{what}, {ratio:.1f} nats likelier at level {self.level} and after the best than untold"
        return Candidate(arch, self.kind, (parent,) if parent else (), note)

    def _load(self) -> tuple[ArchLM, Grammar]:
        from genas.generators.language_model import load

        model, grammar = load(self.path(), self.space, self.device)
        if not grammar.frames:
            raise MissingArtifact(
                f"A model for {self.space.name} with these options ({self.folder} was fitted on other labels or sizes)",
                f"Fit one and name it by the option model: genas fit archlm {self.space.name} ... --out FOLDER",
            )
        return model, grammar

    def _ready(self) -> tuple[ArchLM, Grammar]:
        """The model, fine-tuned if there is reason to, and the grammar."""
        self._loaded = self._loaded or self._load()
        model, grammar = self._loaded
        if self._tuned is None:
            fits = len(self._ranked(grammar)) >= _LEAST and self.steps > 0
            self._tuned = self._fitted(model, grammar) if fits else model
        return self._tuned, grammar

    def _ranked(self, grammar: Grammar) -> list[tuple[Architecture, float]]:
        """Measured architectures that the grammar can write, with their values, from worst to best."""
        kept = [(arch, merit) for arch, merit in self._measured.values() if grammar.fits(arch)]
        return sorted(kept, key=lambda pair: pair[1])

    def _fitted(self, model: ArchLM, grammar: Grammar) -> ArchLM:
        """A copy of the model, fine-tuned on the measured architectures."""
        from copy import deepcopy

        import torch

        from genas.generators.conditions import Conditions
        from genas.generators.language_model import Corpus, Part, tune

        archs, merits = zip(*self._ranked(grammar), strict=True)
        tasks, vectors = ["told"] * len(archs), self._task_vector(model).expand(len(archs), -1)
        conditions = Conditions(merits, tasks, [{}] * len(archs), vectors)
        corpus = Corpus([Part(grammar, archs, merits, tasks, conditions)], self.history)
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.kind, "fit", len(archs)))
        with torch.random.fork_rng():
            return tune(deepcopy(model), corpus, generator, steps=self.steps)

    def _shots(self, grammar: Grammar) -> list[Shot]:
        """The best trials, from worst to best, each with its level among all trials."""
        from genas.generators.conditions import bucket

        ranked = self._ranked(grammar)
        levels = [bucket((place + 0.5) / len(ranked)) for place in range(len(ranked))]
        shots = [(arch, level) for (arch, _), level in zip(ranked, levels, strict=True)]
        return shots[-self.history :] if self.history else []

    def _task_vector(self, model: ArchLM) -> torch.Tensor:
        """The task vector [E]; zeros without a task, or if the model was fitted on a single task of this space."""
        import torch

        if self._vector is None:
            self._vector = torch.zeros(model.config.task_size)
            if self.task and model.config.task_size and model.config.spaces[self.space.name]["told"]:
                from genas.encodings.sentences import task_vector

                self._vector = task_vector(self.task)
        return self._vector

    def _wish(self, n: int, model: ArchLM, generator: torch.Generator) -> Wish:
        """The conditions of n samples."""
        import torch

        from genas.generators.conditions import ANY, Wish, affordable, level_of

        edges = model.config.spaces[self.space.name]["costs"]
        costs = torch.full((n, len(edges)), ANY)
        for name, levels in affordable(self.limits, edges, self.task.latency_device if self.task else None).items():
            chosen = torch.randint(len(levels), (n,), generator=generator)
            costs[:, list(edges).index(name)] = torch.tensor(levels)[chosen]
        return Wish(torch.full((n,), level_of(self.level)), costs, self._task_vector(model).expand(n, -1))

    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` raw samples of the model, which may be illegal or repeated."""
        from genas.generators.language_model import sample

        model, grammar = self._ready()
        wish, shots = self._wish(n, model, generator), self._shots(grammar)
        options = {"temperature": self.temperature, "guidance": self.guidance}
        return sample(model, grammar, wish, generator, history=shots, **options)
