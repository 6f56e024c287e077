"""A discrete graph diffusion that generates architectures of one space, for the proposer `diffusion`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.learner import Learner, Lessons

if TYPE_CHECKING:
    from torch import Generator, Tensor


class DiffusionLearner(Learner):
    """Fits a graph transformer that fills in hidden labels and edges.

    It can then be asked for a performance level, for counts and device costs that the examples tell, and for a task in
    words where the examples are of several.

    Source: see `genas.generators.diffusion`.
    """

    what: ClassVar[str] = "A discrete graph-diffusion model that generates architectures at a wished performance level"
    loss: ClassVar[str] = "mean cross-entropy of a hidden entry, in nats"
    library: ClassVar[str] = "diffusers"
    epochs: ClassVar[int] = 200
    counts: ClassVar[bool] = True

    def learn(self, lessons: Lessons) -> float:
        """Write a diffusers pipeline."""
        from genas.encodings.tensors import Codec
        from genas.generators import diffusion
        from genas.generators.graph_transformer import GraphTransformer
        from genas.learners._conditions import conditions

        (space,), archs, wishes = lessons.spaces, [e.arch for e in lessons.examples], conditions(lessons.examples)
        nodes = [len(arch.ops) for arch in archs]
        codec = Codec(space, space.ops, space.max_nodes)
        denoiser = GraphTransformer(space.name, list(space.ops), space.max_nodes, wishes.edges, wishes.task.shape[1])
        scheduler = diffusion.AbsorbingScheduler()
        data = diffusion.Examples(codec.encode(archs), codec.blank(nodes), codec.allowed(nodes))

        def loss(rows: Tensor, generator: Generator) -> Tensor:
            wish = wishes.draw(rows, generator)
            return diffusion.denoising_loss(denoiser, scheduler, data.rows(rows), wish, generator)

        held_out = lessons.train(denoiser, loss)
        diffusion.ArchDiffusionPipeline(denoiser.eval().to("cpu"), scheduler).save_pretrained(lessons.folder)
        return held_out
