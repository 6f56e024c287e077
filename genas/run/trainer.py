"""Trains the networks of a race leg by leg, here or in a worker; a later leg continues the earlier ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from genas.core import registry, wire
from genas.core.building import build
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Data, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Measurement, Request
from genas.run.laboratory import context_of
from genas.training.feature_cache import StemCaches
from genas.training.leg import Leg
from genas.training.loop import Training
from genas.training.recipe import effective
from genas.training.timing import keep_memory, pick_device, threads
from genas.training.weights import WeightStore, checkpoint_of, loaded_state
from genas.training.whitening import whitened

if TYPE_CHECKING:
    from genas.validators.train import TrainValidator

LOOKS = 1  # how often a network is judged on its way along a rung, whenever that is trained


class Course(NamedTuple):
    """A network's training plan: its legs so far and the one wanted now.

    Args:
        parent: whose weights it starts from, as `WeightStore` names them; "" is nobody's.
        fidelity: of the measurement after the last leg.
        judged: validation examples to judge on; None is all.
        points: how often it is judged on the way, for the curve.
        spare: seconds that the maps of a pretrained stem may take; None is no such limit.
        precision: of the arithmetic.
    """

    candidate: Candidate
    seed: int
    legs: tuple[Leg, ...]
    parent: str
    fidelity: float
    judged: int | None = None
    points: int = 0
    spare: float | None = None
    precision: str = "float32"


class Result(NamedTuple):
    """The result of a leg.

    Args:
        measured: the task's metric on the validation split.
        loss: beside it, as the task's `evaluate` says.
        slope: the exponent by which the loss fell with the examples seen, between the last two points of the curve.
        examples: that were seen in all.
    """

    measured: Measurement
    loss: float
    slope: float
    examples: int


class Trainer:
    """Keeps trainings in memory between legs, and their checkpoints in the run's store, if it has one.

    Args:
        validator: says how many examples there are, and what of recipes is fixed.
        store: the folder of checkpoints; None keeps everything in memory.
    """

    def __init__(
        self, space: SearchSpace, task: Task, validator: TrainValidator, device: str, store: Path | None
    ) -> None:
        self.space, self.task, self.validator, self.store = space, task, validator, store
        self.device = pick_device(device)
        keep_memory()
        self.weights = WeightStore(store)
        self._live: dict[str, Training] = {}
        self._caches = StemCaches()

    def run(self, course: Course, on_progress: Callable[[float], None] | None = None) -> Result | ScoreFailed:
        """Train the last leg of the course, and any earlier ones that its checkpoint lacks."""
        try:
            training = self._training(course)
            training.spare, training.precision = course.spare, course.precision
            for leg in course.legs[:-1]:
                training.advance(leg, data=self._judges(course.judged), points=LOOKS)
            judged = training.advance(
                course.legs[-1], data=self._judges(course.judged), points=course.points, on_progress=on_progress
            )
        except ScoreFailed as failure:
            return failure
        self.weights.keep(name(course.candidate, course.seed, course.legs[-1].name), training.weights())
        count = len(self._judges(course.judged).labels)
        curve = tuple(value for _, value, _ in training.curve)
        try:
            measured = Measurement(
                self.task.metric.name, judged.value, training.leg_seconds, course.fidelity, course.seed,
                curve=curve, examples=count,
            )  # fmt: skip
        except ScoreFailed as failure:
            return failure
        return Result(measured, min(judged.loss, 1e6), _slope(training.curve), training.examples)

    def forget(self, candidate: Candidate, seed: int) -> None:
        """Drop a network that left the race from memory; its checkpoint stays."""
        self._live.pop(f"{candidate.key}-{seed}", None)

    def learned(self, candidate: Candidate, seed: int, leg: str) -> dict[str, Tensor]:
        """The weights after a leg. If the store has lost them, those of a checkpoint that ends with that leg.

        Raises:
            GenasError: they are gone, or damaged.
        """
        label, checkpoint = name(candidate, seed, leg), self._checkpoint(candidate, seed)
        if self.weights.find(label) is None and checkpoint is not None and checkpoint.is_file():
            state = loaded_state(checkpoint)
            if state["leg"]["name"] == leg and leg in state["done"]:
                self.weights.keep(label, state["averaged"])
        return self.weights.get(label)

    def _checkpoint(self, candidate: Candidate, seed: int) -> Path | None:
        return None if self.store is None else self.store / checkpoint_of(candidate.key, seed)

    def _training(self, course: Course) -> Training:
        label = f"{course.candidate.key}-{course.seed}"
        checkpoint = self._checkpoint(course.candidate, course.seed)
        training = self._live.get(label) or self._begun(course, checkpoint)
        if course.parent and not training.within([leg.name for leg in course.legs]):
            # It was in the race before by itself, and begins anew with what its parent learned.
            if checkpoint is not None:
                checkpoint.unlink(missing_ok=True)
            training = self._begun(course, checkpoint)
        self._live[label] = training
        return training

    def _begun(self, course: Course, checkpoint: Path | None) -> Training:
        """The training from its checkpoint, or from its beginning if there is none."""
        network = whitened(build(self.space, course.candidate.arch, self.task, course.seed), self.task)
        if course.parent:
            inherit(network, self.weights.get(course.parent))
        recipe = effective(course.candidate.recipe, self.validator.fixes, self.task.mirror, self.task.follows)
        return Training(
            network, self.task, recipe, seed=course.seed, device=self.device, checkpoint=checkpoint,
            limit=self.validator.examples, caches=self._caches,
        )  # fmt: skip

    @lru_cache(maxsize=2)  # noqa: B019  (one trainer a run)
    def _judges(self, count: int | None) -> Data:
        data = self.task.data("val")
        if count is None or count >= len(data.labels):
            return data
        chosen = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))[:count]
        return Data(data.inputs[chosen], data.labels[chosen])


def _slope(curve: Sequence[tuple[int, float, float]]) -> float:
    """How fast the loss falls: the exponent a >= 0 of loss ~ examples ** -a (Cortes et al., NeurIPS 1993).

    Args:
        curve: examples seen, value and loss of each point.
    """
    if len(curve) < 2:
        return 0.0
    (seen, _, before), (more, _, after) = curve[-2:]
    if not 0 < seen < more or not 0 < after < before < math.inf:
        return 0.0
    return math.log(before / after) / math.log(more / seen)


def name(candidate: Candidate, seed: int, leg: str) -> str:
    """The name, in the store, of the weights after a leg."""
    return f"{candidate.key}-{seed}-{leg}"


def inherit(network: nn.Module, weights: dict[str, Tensor]) -> float:
    """Copy all weights of equal name and shape into the network; return the share of its numbers copied."""
    own = network.state_dict()
    fitting = {key: value for key, value in weights.items() if key in own and own[key].shape == value.shape}
    network.load_state_dict({**own, **fitting})
    return float(sum(v.numel() for v in fitting.values()) / max(1, sum(v.numel() for v in own.values())))


def work(place: str, course: Course) -> Result | ScoreFailed:
    """Do in a worker process what the run's own trainer would; checkpoints lie in the run's store."""
    where: dict[str, Any] = json.loads(place)
    trainer = _made(place)
    with threads(where["threads"]):
        result = trainer.run(course)
    trainer.forget(course.candidate, course.seed)  # the next leg may be another worker's
    return result


@lru_cache(maxsize=4)
def _made(place: str) -> Trainer:
    where = json.loads(place)
    request = wire.from_data(Request, where["request"])
    context = context_of(request, Ledger(Path(where["ledger"]), follow=True), where["device"])
    validator: TrainValidator = registry.create("validators", request.validator, context)
    return Trainer(context.space, context.task, validator, context.device, context.ledger.store)


def legs_until(names: Sequence[str], amounts: Sequence[float], unit: str) -> tuple[Leg, ...]:
    """One leg for each rung, at a constant rate."""
    return tuple(
        Leg(n, seconds=a if unit == "seconds" else None, examples=int(a) if unit == "examples" else None)
        for n, a in zip(names, amounts, strict=True)
    )
