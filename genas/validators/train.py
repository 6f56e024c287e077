"""Full training from scratch: the epoch is chosen on the validation split, the test split is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.interfaces import SearchSpace, Task, Validator
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Measurement

if TYPE_CHECKING:
    from torch import Tensor


class TrainValidator(Validator):
    """Trains each architecture by one recipe and keeps its weights in the run's store.

    Args:
        epochs: passes over the training examples.
        batch_size: examples per step.
        learning_rate: the peak of the schedule.
        precision: "float32", or "bfloat16" for autocast on GPUs that have it.
        examples: use only that many training examples, and a quarter as many (1,000 at least) to validate.
    """

    metric: ClassVar = "accuracy"
    cost: ClassVar = 600.0

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        ledger: Ledger,
        device: str = "auto",
        *,
        epochs: int = 60,
        batch_size: int = 64,
        learning_rate: float = 4e-3,
        precision: str = "float32",
        examples: int | None = None,
    ) -> None:
        from genas.nn.train import Recipe
        from genas.nn.weight_store import WeightStore

        self.space, self.task, self.device, self.store = space, task, device, ledger.store
        self._weights = WeightStore(ledger.store)
        val = None if examples is None else max(1000, examples // 4)
        self.recipe = Recipe(
            epochs, batch_size, learning_rate, examples=examples, val_examples=val, precision=precision
        )

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """Validation accuracy of the best epoch of a full training; fidelity is always 1."""
        from genas.nn.train import build, train

        name = f"{arch.key}-{seed}"
        checkpoint = None if self.store is None else self.store / f"{name}.checkpoint"
        network = build(self.space, arch, self.task, seed)
        done = train(network, self.task, self.recipe, seed=seed, device=self.device, checkpoint=checkpoint)
        self._weights.keep(name, done.weights)
        return Measurement(self.metric, done.accuracy, done.seconds, 1.0, seed, curve=done.curve)

    def test(self, arch: Architecture, *, seed: int = 0) -> Measurement:
        """Accuracy of those weights on the test split."""
        from genas.nn.train import accuracy, build, pick_device

        device = pick_device(self.device)
        network = build(self.space, arch, self.task, seed)
        network.load_state_dict(self.weights(arch, seed=seed))
        value = accuracy(network.to(device), self.task, self.task.data("test"), device)
        return Measurement("test_accuracy", value, 0.0, 1.0, seed)

    def weights(self, arch: Architecture, *, seed: int = 0) -> dict[str, Tensor]:
        """The weights kept by `score`; trained again (to the same end) where they are gone."""
        name = f"{arch.key}-{seed}"
        if (found := self._weights.find(name)) is None:
            self.score(arch, seed=seed)
            found = self._weights.find(name)
        assert found is not None
        return found
