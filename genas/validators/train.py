"""Full training from scratch; the test split is read once, afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import RequestError
from genas.core.interfaces import SearchSpace, Task, Validator
from genas.core.ledger import Ledger
from genas.core.metrics import ACCURACY, Metric, on_test
from genas.core.ranges import Count, Examples, Positive
from genas.core.records import Architecture, Measurement

if TYPE_CHECKING:
    from torch import Tensor, nn

    from genas.training.recipe import Recipe


class TrainValidator(Validator):
    """Trains each architecture by one recipe and keeps its weights in the run's store.

    In a design the race trains (`genas/run/race.py`), and these options bound it: its winner sees `epochs` passes where
    the budget is in trials, and what is written of the recipe holds for every network instead of being searched.

    Args:
        epochs: passes over the training examples.
        seeds: trainings of a design's winner; more than one are made after the answer is safe.
        batch_size: examples per step; None leaves it to the recipe.
        learning_rate: the highest rate; None leaves it to the recipe.
        precision: "float32", "bfloat16" (autocast), or "auto": where the budget of a design is in seconds, whichever
            of the two trains faster on the device, and else float32.
        examples: use only that many training examples.

    Raises:
        RequestError: there is no such precision, or a number is out of its range.
    """

    metric: ClassVar[Metric] = ACCURACY
    cost: ClassVar = 600.0

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        ledger: Ledger,
        device: str = "auto",
        *,
        epochs: Count = 40,
        seeds: Count = 1,
        batch_size: Count | None = None,
        learning_rate: Positive | None = None,
        precision: str = "auto",
        examples: Examples | None = None,
    ) -> None:
        from genas.training.recipe import Recipe, fixed
        from genas.training.timing import PRECISIONS
        from genas.training.weights import WeightStore

        if precision not in (*PRECISIONS, "auto"):
            raise RequestError(f"There is no precision {precision!r}; write float32, bfloat16 or auto.")
        for name, value in {"epochs": epochs, "seeds": seeds, "examples": examples}.items():
            if value is not None and value < 1:
                raise RequestError(f"train needs {name} of at least 1, not {value}.")
        self.space, self.task, self.device, self.store = space, task, device, ledger.store
        self.weights_of = WeightStore(ledger.store)
        self.epochs, self.seeds, self.precision, self.examples = epochs, seeds, precision, examples
        self.fixes = fixed({"batch_size": batch_size, "learning_rate": learning_rate})
        Recipe.from_data(self.fixes)
        vars(self).update(metric=task.metric)  # over that of the class

    @property
    def sure_precision(self) -> str:
        """The precision where none is measured."""
        return "float32" if self.precision == "auto" else self.precision

    def precision_of(self, network: nn.Module, device: str) -> str:
        """The precision where it may be measured: the one in which the network trains faster on the device now."""
        from genas.training.timing import fastest_precision

        return fastest_precision(network, self.task, device) if self.precision == "auto" else self.precision

    @property
    def recipe(self) -> Recipe:
        """The default recipe with what the options fix."""
        from genas.training.recipe import Recipe

        return Recipe.from_data(self.fixes)

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The task's metric on the validation split after a full training; fidelity is always 1."""
        from genas.core.building import build
        from genas.training.loop import Training, train
        from genas.training.timing import pick_device
        from genas.training.whitening import whitened

        name = f"{arch.key}-{seed}"
        training = Training(
            whitened(build(self.space, arch, self.task, seed), self.task), self.task, self.recipe, seed=seed,
            device=pick_device(self.device), precision=self.sure_precision, limit=self.examples,
            checkpoint=None if self.store is None else self.store / f"{name}.checkpoint",
        )  # fmt: skip
        done = train(training, self.epochs)
        self.weights_of.keep(name, training.weights())
        if training.checkpoint is not None:
            training.checkpoint.unlink(missing_ok=True)
        count = len(self.task.data("val").labels)
        curve = tuple(value for _, value, _ in training.curve)
        return Measurement(self.metric.name, done.value, training.seconds, 1.0, seed, curve=curve, examples=count)

    def test(self, arch: Architecture, *, seed: int = 0) -> Measurement:
        """The task's metric of those weights on the test split."""
        return tested(self.space, arch, self.task, self.weights(arch, seed=seed), device=self.device, seed=seed)[0]

    def weights(self, arch: Architecture, *, seed: int = 0) -> dict[str, Tensor]:
        """The weights kept by `score`; trained again (to the same end) where they are gone."""
        name = f"{arch.key}-{seed}"
        if (weights := self.weights_of.find(name)) is None:
            self.score(arch, seed=seed)
            weights = self.weights_of.find(name)
        assert weights is not None
        return weights


def tested(
    space: SearchSpace, arch: Architecture, task: Task, weights: dict[str, Tensor], *, device: str, seed: int
) -> list[Measurement]:
    """What the task says of a network with these weights on the test split: its own metric first.

    A metric that is no share of the examples comes with its standard error, as `std`.
    """
    from genas.core.building import build
    from genas.training.judging import judge
    from genas.training.timing import pick_device

    where = pick_device(device)
    network = build(space, arch, task, seed)
    network.load_state_dict(weights)
    data = task.data("test")
    judged = judge(network.to(where), task, data, where, sure=not task.metric.share)
    figures = [(task.metric.name, judged.value, judged.error), *((name, value, None) for name, value in judged.others)]
    return [
        Measurement(on_test(name), value, 0.0, 1.0, seed, std=error, examples=len(data.labels))
        for name, value, error in figures
    ]
