"""The task's metric after a few epochs that start from the weights of the network it was grown from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from genas.core import wire
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.metrics import ACCURACY, Metric
from genas.core.ranges import Count, Examples, Positive
from genas.core.records import Architecture, Candidate, Measurement

if TYPE_CHECKING:
    from torch import Tensor, nn

_LOOKED_AT = 256  # training images that new normalisations take their statistics from


class InheritedTrainScorer(Scorer):
    """Trains for `epochs` epochs from the parent's weights, where they fit, and reports the validation accuracy.

    A candidate's parent serves where this scorer measured it before (same fidelity and seed) and a network morphism
    leads from it to the candidate (`genas/training/morphism.py`); all others start fresh, as with `short_train`. Each
    training is one cycle of a falling rate, so a line of descendants is trained with warm restarts.

    Source: Elsken et al., "Simple and Efficient Architecture Search for Convolutional Neural Networks" (2017); SGDR:
    Loshchilov & Hutter (ICLR 2017). Here it trains as a race does, each cycle has a short warm-up, and a child goes
    on from its parent's last averaged weights. Beware: a late descendant has had all of its ancestors' epochs, so
    figures of different generations compare lines, not architectures; full training from scratch decides.

    Args:
        epochs: passes over the training examples at fidelity 1.0.
        of: epochs of the full training; `epochs / of` is the fidelity that is reported.
        examples: use only that many training examples.
        batch_size: examples per step.
        learning_rate: the peak of the schedule of a fresh network.
        restart: the peak where weights were inherited.
    """

    metric: ClassVar[Metric] = ACCURACY
    cost: ClassVar = 60.0

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        ledger: Ledger,
        device: str = "auto",
        *,
        epochs: Count = 6,
        of: Count = 60,
        examples: Examples | None = None,
        batch_size: Count = 64,
        learning_rate: Positive = 4e-3,
        restart: Positive = 4e-3,
    ) -> None:
        from genas.training.weights import WeightStore

        self.space, self.task, self.ledger, self.device = space, task, ledger, device
        self.epochs, self.of, self.examples = epochs, of, examples
        self.batch_size, self.learning_rate, self.restart = batch_size, learning_rate, restart
        self._store = WeightStore(ledger.store)
        vars(self).update(metric=task.metric)  # over that of the class

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The measurement at `fidelity` times the short training; the averaged weights are kept."""
        from genas.core.building import build
        from genas.training.loop import Training, train
        from genas.training.recipe import Recipe
        from genas.training.timing import pick_device

        epochs = self._epochs(fidelity)
        network = build(self.space, arch, self.task, seed)
        parent = self.parent(arch, fidelity=fidelity, seed=seed)
        spent = 0.0 if parent is None else self._inherit(network, parent, fidelity, seed)
        peak = self.learning_rate if parent is None else self.restart
        recipe = Recipe(learning_rate=peak, batch_size=self.batch_size)
        training = Training(network, self.task, recipe, seed=seed, device=pick_device(self.device), limit=self.examples)
        done = train(training, epochs, decay=1.0)
        self._store.keep(self._called(arch, epochs, seed), training.weights())
        curve = tuple(value for _, value, _ in training.curve)
        seconds = spent + training.seconds
        return Measurement(self.metric.name, done.value, seconds, epochs / self.of, seed, curve=curve)

    def parent(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Architecture | None:
        """The parent whose weights `score` starts from: the candidate's first one that fits, or None."""
        from genas.training.morphism import obstacle, skeleton

        child = self._candidate(arch.key)
        if child is None or not child.parents:
            return None
        before = self._measured_before(arch.key, self._epochs(fidelity) / self.of, seed)
        for known in (self._candidate(key) for key in child.parents if key in before):
            if known is not None:
                ends = [skeleton(self.space, a, self.task) for a in (known.arch, arch)]
                if obstacle(*ends) is None:
                    return known.arch
        return None

    def weights(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> dict[str, Tensor]:
        """The weights that `score` kept; where they are gone, trained again to the same end."""
        name = self._called(arch, self._epochs(fidelity), seed)
        if (weights := self._store.find(name)) is None:
            self.score(arch, fidelity=fidelity, seed=seed)
            weights = self._store.find(name)
        assert weights is not None
        return weights

    def _epochs(self, fidelity: float) -> int:
        epochs = max(1, round(self.epochs * fidelity))
        if epochs >= self.of:
            raise ScoreFailed(f"{epochs} epochs are no short training of {self.of}")
        return epochs

    def _candidate(self, key: str) -> Candidate | None:
        event = self.ledger.find(f"candidate {key}")
        return None if event is None else wire.from_data(Candidate, event["candidate"])

    def _measured_before(self, key: str, fidelity: float, seed: int) -> set[str]:
        """What this scorer measured before that architecture: the same whenever it is asked, as a resumed run needs."""
        before: set[str] = set()
        for event in self.ledger.read():
            if event.get("scorer") == self.name and "measurement" in event:
                made = wire.from_data(Measurement, event["measurement"])
                if (made.fidelity, made.seed) == (fidelity, seed):
                    if event["key"] == key:
                        break
                    before.add(event["key"])
        return before

    def _inherit(self, network: nn.Module, parent: Architecture, fidelity: float, seed: int) -> float:
        """Give the network its parent's function; the seconds that took, the parent's own training left out."""
        from genas.core.building import build
        from genas.networks.conv_net import ConvNet
        from genas.training.morphism import inherit

        weights = self.weights(parent, fidelity=fidelity, seed=seed)
        start = time.perf_counter()
        source = build(self.space, parent, self.task, seed)
        assert isinstance(source, ConvNet)
        assert isinstance(network, ConvNet)
        source.load_state_dict(weights)
        inherit(source, network, self.task.batch(_LOOKED_AT, seed)[0])
        return time.perf_counter() - start

    def _called(self, arch: Architecture, epochs: int, seed: int) -> str:
        return f"{arch.key}-{seed}-{self.name}-{epochs}"
