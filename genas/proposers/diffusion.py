"""Samples architectures from a discrete graph-diffusion model, conditioned on a performance level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genas.core.errors import MissingArtifact
from genas.core.interfaces import SearchSpace, Task
from genas.core.ranges import Amount, Count
from genas.core.records import Architecture, Constraint
from genas.core.rng import seed_of
from genas.proposers._sampled import SampledProposer

if TYPE_CHECKING:
    import torch

    from genas.encodings.tensors import Codec
    from genas.generators.conditions import Wish
    from genas.generators.diffusion import ArchDiffusionPipeline


class DiffusionProposer(SampledProposer):
    """Samples new architectures from a learned distribution, never the same one twice.

    Source: see `genas.generators.diffusion`.

    Args:
        space: the search space.
        seed: with the number of architectures asked for so far, it decides the samples.
        device: where the model runs.
        limits: limits on costs that the model was fitted with condition the samples.
        task: conditions a model that was fitted on several tasks, by its description; its latency_device selects the
            device of limits on latency and energy.
        level: performance level to sample: "top", "any" (unconditional), or a rank quantile from 0 (worst) to 1 (best).
        guidance: weight of classifier-free guidance: 1 samples the level as learned, larger values exaggerate it.
        steps: number of denoising steps; at most one per open label and edge is used.
        temperature: sampling temperature; below 1 prefers likely architectures.
        model: one of genas by name, or a folder by a path such as ./NAME; None is diffusion-<space>.
        over: samples per returned architecture if a guide chooses (see `guided`).
    """

    kind: ClassVar[str] = "diffusion"
    what: ClassVar[str] = "diffusion"

    def __init__(
        self,
        space: SearchSpace,
        seed: int = 0,
        device: str = "cpu",
        limits: Sequence[Constraint] = (),
        task: Task | None = None,
        *,
        level: float | str = "top",
        guidance: Amount = 2.0,
        steps: Count = 8,
        temperature: Amount = 1.0,
        model: str | None = None,
        over: Count = 4,
    ) -> None:
        super().__init__(space, seed, model, over)
        self.device, self.limits, self.task = device, tuple(limits), task
        self.level, self.guidance, self.steps, self.temperature = level, guidance, steps, temperature
        self._edited = 0
        self._vector: torch.Tensor | None = None
        self._loaded: tuple[ArchDiffusionPipeline, Codec] | None = None

    def _load(self) -> tuple[ArchDiffusionPipeline, Codec]:
        from genas.encodings.tensors import Codec
        from genas.generators.diffusion import load

        pipeline = load(self.path(), self.device)
        config = pipeline.denoiser.config
        codec = Codec(self.space, config.ops, config.max_nodes)
        if not codec.sizes():
            raise MissingArtifact(
                f"A model for {self.space.name} with these options ({self.folder} was fitted on other labels or sizes)",
                f"Fit one and name it by the option model: genas fit diffusion {self.space.name} ... --out FOLDER",
            )
        return pipeline, codec

    def _wish(self, n: int, pipeline: ArchDiffusionPipeline, generator: torch.Generator) -> Wish:
        """The conditions of n samples."""
        import torch

        from genas.encodings.sentences import task_vector
        from genas.generators.conditions import ANY, Wish, affordable, level_of

        config = pipeline.denoiser.config
        costs = torch.full((n, len(config.costs)), ANY)
        levels_of = affordable(self.limits, config.costs, self.task.latency_device if self.task else None)
        for name, levels in levels_of.items():
            chosen = torch.randint(len(levels), (n,), generator=generator)
            costs[:, list(config.costs).index(name)] = torch.tensor(levels)[chosen]
        task = torch.zeros(config.task_size)
        if config.task_size and self.task:
            task = self._vector = task_vector(self.task) if self._vector is None else self._vector
        return Wish(torch.full((n,), level_of(self.level)), costs, task.expand(n, -1))

    def _options(self, codec: Codec) -> dict[str, Any]:
        options = {"guidance": self.guidance, "temperature": self.temperature, "num_inference_steps": self.steps}
        return {**options, "wirings": codec.wirings}

    def draw(self, n: int, generator: torch.Generator) -> list[Architecture]:
        """`n` raw samples of the model, which may be illegal or repeated."""
        self._loaded = self._loaded or self._load()
        pipeline, codec = self._loaded
        wish = self._wish(n, pipeline, generator)
        nodes = pipeline.node_counts(wish, generator, codec.sizes())
        start, allowed = codec.blank(nodes), codec.allowed(nodes)
        return codec.decode(pipeline(start, allowed, wish, generator=generator, **self._options(codec)).graphs)

    def edit(self, arch: Architecture, n: int, *, keep: Sequence[int] | None = None) -> list[Architecture]:
        """Mutate an architecture: mask a part of it and sample this part again at the performance level.

        Returns up to n legal architectures, different from `arch` and from each other.

        Args:
            arch: an architecture of this space.
            n: how many to return at most.
            keep: nodes to keep, with the edges among them; all others are sampled again. None masks a random third of
                the open nodes and edges.
        """
        import torch

        from genas.generators.distinct import distinct

        self._loaded = self._loaded or self._load()
        pipeline, codec = self._loaded
        generator = torch.Generator().manual_seed(seed_of(self.seed, "edit", self._edited))
        self._edited += n

        def draw(count: int) -> list[Architecture]:
            nodes = [len(arch.ops)] * count
            graphs, blank, allowed = codec.encode([arch] * count), codec.blank(nodes), codec.allowed(nodes)
            stay = torch.rand(graphs.nodes.shape, generator=generator) > 1 / 3  # [B, N]
            join = torch.rand(graphs.edges.shape, generator=generator) > 1 / 3  # [B, N, N]
            if keep is not None:
                stay = torch.isin(torch.arange(codec.max_nodes), torch.tensor(keep)).expand(count, -1)
                join = stay[:, :, None] & stay[:, None, :]
            wish = self._wish(count, pipeline, generator)
            options = self._options(codec)
            edited = pipeline.edit(graphs, allowed, wish, (stay, join), blank, generator=generator, **options)
            return codec.decode(edited.graphs)

        return distinct(draw, n, self.space, {arch.key}, rounds=8)
