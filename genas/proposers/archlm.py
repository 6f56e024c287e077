"""Architectures written by a small language model of our own, at a wished performance level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core import assets
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate, Constraint
from genas.core.rng import seed_of

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

    from genas.nn.arch_lm import Grammar


class ArchLMProposer(Proposer):
    """Writes new architectures as sentences under the grammar of the space; never the same one twice.

    Source: the level goes before the architecture, as rewards do in Chen et al., Decision transformer (2021).

    Args:
        space: what is generated.
        seed: with the number asked so far it decides the samples.
        device: where the model runs.
        limits: those on params and size_mb choose the sizes that are asked of the model.
        level: "top", "any", or a rank quantile from 0 (worst) to 1 (best).
        guidance: 1 samples the level as learned, more exaggerates it.
        temperature: below 1 prefers the likely.
        model: name of a folder in models/ or a path; None is archlm-<space>.
    """

    def __init__(
        self,
        space: SearchSpace,
        seed: int = 0,
        device: str = "cpu",
        limits: Sequence[Constraint] = (),
        *,
        level: float | str = "top",
        guidance: float = 2.0,
        temperature: float = 1.0,
        model: str | None = None,
    ) -> None:
        self.space, self.seed, self.device, self.limits = space, seed, device, tuple(limits)
        self.level, self.guidance, self.temperature = level, guidance, temperature
        self.folder = model or f"archlm-{space.name}"
        self._asked = 0
        self._seen: set[str] = set()
        self._loaded: tuple[LlamaForCausalLM, Grammar] | None = None

    def _load(self) -> tuple[LlamaForCausalLM, Grammar]:
        from genas.nn.arch_lm import load

        make = f"genas fit archlm {self.space.name} LEDGER_OR_TABLE..."
        path = Path(self.folder) if Path(self.folder).is_dir() else assets.model(self.folder, make=make)
        return load(path, self.space, self.device)

    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` samples as the model gives them, repeats and illegal ones included."""
        import torch

        from genas.nn.arch_lm import sample
        from genas.nn.conditions import affordable, level_of

        self._loaded = self._loaded or self._load()
        model, grammar = self._loaded
        choices = torch.tensor(affordable(self.limits, model.config.size_edges))
        size = choices[torch.randint(len(choices), (n,), generator=generator)]
        wish = torch.full_like(size, level_of(self.level)), size
        return sample(model, grammar, wish, generator, temperature=self.temperature, guidance=self.guidance)

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer once the level is exhausted."""
        import torch

        from genas.nn.generation import distinct

        generator = torch.Generator().manual_seed(seed_of(self.seed, "archlm", self._asked))
        self._asked += n
        found = distinct(lambda count: self.draw(count, generator), n, self.space, self._seen)
        note = f"language-model sample, level {self.level}, guidance {self.guidance:g}"
        return [Candidate(arch, "archlm", note=note) for arch in found]
