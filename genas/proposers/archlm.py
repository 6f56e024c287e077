"""Architectures written by a small language model of our own, at a wished performance level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Constraint
from genas.proposers._sampled import SampledProposer

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

    from genas.nn.arch_lm import Grammar


class ArchLMProposer(SampledProposer):
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

    kind: ClassVar[str] = "archlm"
    what: ClassVar[str] = "language-model"

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
        super().__init__(space, seed, model)
        self.device, self.limits = device, tuple(limits)
        self.level, self.guidance, self.temperature = level, guidance, temperature
        self._loaded: tuple[LlamaForCausalLM, Grammar] | None = None

    def _load(self) -> tuple[LlamaForCausalLM, Grammar]:
        from genas.nn.arch_lm import load

        return load(self.path(), self.space, self.device)

    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` samples as the model gives them, repeats and illegal ones included."""
        import torch

        from genas.nn.arch_lm import sample
        from genas.nn.conditions import ANY, affordable, level_of

        self._loaded = self._loaded or self._load()
        model, grammar = self._loaded
        known = {"params": model.config.size_edges} if model.config.size_edges else {}
        choices = torch.tensor(affordable(self.limits, known).get("params", [ANY]))
        size = choices[torch.randint(len(choices), (n,), generator=generator)]
        wish = torch.full_like(size, level_of(self.level)), size
        return sample(model, grammar, wish, generator, temperature=self.temperature, guidance=self.guidance)
