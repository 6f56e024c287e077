"""The task's metric on the validation split after a few epochs of the full recipe, learning-rate decay included."""

from __future__ import annotations

from typing import ClassVar

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.metrics import ACCURACY, Metric
from genas.core.ranges import Count, Examples, Positive
from genas.core.records import Architecture, Measurement


class ShortTrainScorer(Scorer):
    """Trains for `epochs` epochs, the rate falling to zero, and reports what the validation split then shows.

    Args:
        epochs: passes over the training examples at fidelity 1.0.
        of: epochs of the full training; `epochs / of` is the fidelity that is reported.
        examples: use only that many training examples.
        batch_size: examples per step.
        learning_rate: the peak of the schedule.
    """

    metric: ClassVar[Metric] = ACCURACY
    cost: ClassVar = 60.0

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        device: str = "auto",
        *,
        epochs: Count = 6,
        of: Count = 60,
        examples: Examples | None = None,
        batch_size: Count = 64,
        learning_rate: Positive = 4e-3,
    ) -> None:
        self.space, self.task, self.device = space, task, device
        self.epochs, self.of, self.examples = epochs, of, examples
        self.batch_size, self.learning_rate = batch_size, learning_rate
        vars(self).update(metric=task.metric)  # over that of the class

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The measurement at `fidelity` times the short training."""
        from genas.core.building import build
        from genas.training.loop import Training, train
        from genas.training.recipe import Recipe
        from genas.training.timing import pick_device
        from genas.training.whitening import whitened

        epochs = max(1, round(self.epochs * fidelity))
        if epochs >= self.of:
            raise ScoreFailed(f"{epochs} epochs are no short training of {self.of}")
        recipe = Recipe(learning_rate=self.learning_rate, batch_size=self.batch_size)
        network, device = whitened(build(self.space, arch, self.task, seed), self.task), pick_device(self.device)
        training = Training(network, self.task, recipe, seed=seed, device=device, limit=self.examples)
        done = train(training, epochs, decay=1.0)
        curve = tuple(value for _, value, _ in training.curve)
        return Measurement(self.metric.name, done.value, training.seconds, epochs / self.of, seed, curve=curve)
