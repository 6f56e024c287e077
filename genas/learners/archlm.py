"""A small language model that writes architectures of one space or of several, for the proposer `archlm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.learner import Learner, Lessons

if TYPE_CHECKING:
    from torch import Generator, Tensor

SHOTS = 4  # past trials before an architecture, at most


class ArchLMLearner(Learner):
    """Fits a causal language model whose words are the labels and edges of the spaces.

    It reads the best past trials before an architecture, and can be asked for what the diffusion can be asked for.

    Source: see `genas.generators.language_model`.
    """

    what: ClassVar[str] = "A small causal language model that writes architectures at a wished level, after past trials"
    loss: ClassVar[str] = "mean cross-entropy of a word the grammar leaves open, in nats"
    library: ClassVar[str] = "transformers"
    rate: ClassVar[float] = 1e-3
    weight_decay: ClassVar[float] = 0.1
    several: ClassVar[bool] = True

    def learn(self, lessons: Lessons) -> float:
        """Write a transformers model with its vocabulary."""
        import torch

        from genas.generators import language_model
        from genas.generators.grammar import Grammar, words
        from genas.learners._conditions import conditions

        of_space = [[e for e in lessons.examples if e.arch.space == space.name] for space in lessons.spaces]
        wishes = [conditions(examples) for examples in of_space]
        size = max(wish.task.shape[1] for wish in wishes)
        vocabulary = words(lessons.spaces, [name for wish in wishes for name in wish.edges])
        parts, known = [], {}
        for space, examples, wish in zip(lessons.spaces, of_space, wishes, strict=True):
            tasks, grammar = wish.task.shape[1], Grammar(space, vocabulary)
            wish.task = wish.task if tasks == size else torch.zeros(len(examples), size)
            known[space.name] = {"slots": grammar.slots, "costs": wish.edges, "told": tasks > 0}
            archs, merits = [e.arch for e in examples], [e.merit for e in examples]
            parts.append(language_model.Part(grammar, archs, merits, [e.task for e in examples], wish))
        model = language_model.new_model(vocabulary, known, size)
        corpus = language_model.Corpus(parts, SHOTS)
        corpus.learned(lessons.rows)

        def loss(rows: Tensor, generator: Generator) -> Tensor:
            return language_model.lm_loss(model, corpus.lesson(rows, generator), corpus.masks, generator)

        held_out = lessons.train(model, loss)
        language_model.save(model.eval().to("cpu"), vocabulary, lessons.folder)
        return held_out
