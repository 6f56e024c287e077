"""One training that can be stopped, judged and continued: constant learning rate, evaluation with averaged weights.

Source: the averaged weights are the polynomial-decay average of Shamir & Zhang (ICML 2013, section 4, eta 8). It covers
about the last tenth of the steps so far, so that a network can be judged at any moment without decaying the rate. Only
the final leg decays the learning rate to zero.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genas.core import clock
from genas.core.building import CHANCE
from genas.core.errors import Damaged, ScoreFailed
from genas.core.interfaces import Data, Task
from genas.core.rng import seed_of
from genas.training.augment import augment, share_of_side, shrunk
from genas.training.feature_cache import FeatureCache, StemCaches
from genas.training.judging import Judged, judge, judged, parts, renew_norms, worth
from genas.training.leg import Leg
from genas.training.loss import loss
from genas.training.optimizers import optimizers_of
from genas.training.recipe import Recipe
from genas.training.weights import loaded_state, replace, sealed_state

_WARM = 40  # warm-up steps of the learning rate; a tenth of all steps if their number is known
_PROFILE = 8  # eta of the average: it covers about the last ninth of the steps
_SAVED = 20.0  # seconds between checkpoints
_LOOKED_AT = 256  # training examples for the batch statistics of the averaged weights
DECAY = 0.6  # fraction of a whole training in which the learning rate decays


class Training:
    """The training of one network, with its whole state, so that a checkpoint can be written after any step.

    Args:
        network: freshly initialised, or with inherited weights.
        task: provides the examples.
        recipe: hyperparameters of the training.
        seed: decides the order of examples, augmentation and dropout.
        device: where to compute.
        precision: "float32", or "bfloat16" for autocast on devices that support it.
        checkpoint: file of the state. If it exists, the training continues from it.
        limit: number of training examples to use, the same ones in every training; None uses all.
        caches: feature caches of frozen stems, shared with other trainings; None makes new ones.

    Attributes:
        network: the network in training.
        averaged: the averaged weights, in a network in evaluation mode.
        curve: (examples seen, value, loss) of the averaged weights on the validation split; the value is that of the
            task's metric.
        done: value and loss after each finished leg, by name.

    Raises:
        Damaged: the checkpoint is damaged, or belongs to another network.
    """

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        recipe: Recipe,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        precision: str = "float32",
        checkpoint: Path | None = None,
        limit: int | None = None,
        caches: StemCaches | None = None,
    ) -> None:
        self.task, self.recipe, self.seed = task, recipe.allowed(task.mirror, task.follows), seed
        self.device, self.precision, self.checkpoint = torch.device(device), precision, checkpoint
        images = len(task.input_shape) == 3
        self._layout = torch.channels_last if images else torch.contiguous_format
        self.network = network.to(self.device).to(memory_format=self._layout)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self._images = images
        self._data = _part(task.data("train"), limit)
        self._caches = caches or StemCaches()
        self._least: int | None = getattr(network, "least_size", None)  # None: images can't be made smaller
        self._frozen: str = getattr(network, "frozen", "")  # identifies a frozen stem
        self._members = not self._frozen and hasattr(network, "each")  # an ensemble, whose members train separately
        self._random = any(isinstance(m, nn.modules.dropout._DropoutNd) and m.p > 0 for m in network.modules())
        self.optimizers = optimizers_of(self.network, recipe)
        self._order: tuple[int, Tensor] | None = None  # number of the epoch, and its order of examples
        self.warm = _WARM
        self.spare: float | None = None  # maximum seconds to compute the maps of a frozen stem; None is unlimited
        self.steps = self.examples = 0
        self.seconds = 0.0
        self.curve: list[tuple[int, float, float]] = []  # (examples, value, loss)
        self._leg: dict[str, Any] = {"name": "", "seconds": 0.0, "examples": 0}
        self.done: dict[str, tuple[float, float]] = {}  # (value, loss) after each leg
        self._best: dict[str, Any] = {}  # value, loss and weights of the best point of the final leg so far
        self._saved = clock.now()
        if checkpoint is not None and checkpoint.is_file():
            self._load(loaded_state(checkpoint, self.device))

    def advance(
        self,
        leg: Leg,
        *,
        data: Data | None = None,
        points: int = 0,
        on_progress: Callable[[float], None] | None = None,
    ) -> Judged:
        """Train for the leg, or for the rest of it, and judge the averaged weights. A finished leg is not repeated.

        With a decaying learning rate, the averaged weights return to an earlier point that is clearly better than the
        end (early stopping), because the network has overfitted since.

        Args:
            leg: what to train.
            data: examples to judge on; None is the validation split.
            points: how many times to judge the averaged weights during the leg, for the curve.
            on_progress: called regularly with the finished fraction of the leg.

        Raises:
            ScoreFailed: the loss became infinite or nan, or memory ran out.
        """
        if leg.name in self.done:
            return Judged(*self.done[leg.name])
        if self._leg["name"] != leg.name:
            self._leg, self._best = {"name": leg.name, "seconds": 0.0, "examples": 0}, {}
            if leg.decay and points and self.steps:
                self._keep(self._look(data))
        self._make_ready()
        try:
            self._run(leg, data, points, on_progress)
        except torch.OutOfMemoryError as error:
            raise ScoreFailed("out of memory in training; a smaller batch_size may help") from error
        found = self.judge(data, sure=leg.decay)
        if leg.decay:
            found = self._settle(found)
        self.done[leg.name] = found.value, found.loss
        self.save()
        return found

    def _run(self, leg: Leg, data: Data | None, points: int, on_progress: Callable[[float], None] | None) -> None:
        """Make the remaining steps of a leg; judge and write checkpoints in between."""
        last = clock.now()
        while (progress := self._progress(leg)) < 1:
            size = share_of_side(progress) if leg.growing else 1.0
            rate = self.recipe.learning_rate if leg.rate is None else leg.rate
            self._step(rate * (1 - progress) if leg.decay else rate, size)
            moment = clock.now()
            self._leg["seconds"] += moment - last
            self.seconds += moment - last
            last = moment
            if self._due(progress, self._progress(leg), points):
                found = self.judge(data)
                if leg.decay:
                    self._keep(found)
            if moment - self._saved > _SAVED:  # after judging, so that no point of the curve is lost
                self.save()
            if on_progress is not None:
                on_progress(progress)

    def _keep(self, found: Judged) -> None:
        """Remember the averaged weights if they are the best of the leg so far."""
        if not self._best or self._worth(found) > self._worth(Judged(self._best["value"], self._best["loss"])):
            self._best = {"value": found.value, "loss": found.loss, "weights": self.weights()}

    def _worth(self, found: Judged) -> float:
        return worth(self.task, found.value, found.loss)

    def _settle(self, found: Judged) -> Judged:
        """The end of a leg, or its best point if that is better by more than half a standard error."""
        best = Judged(self._best["value"], self._best["loss"]) if self._best else found
        if self._worth(best) > self._worth(found) + 0.5 * (found.error or 0.0):
            self.averaged.load_state_dict(self._best["weights"])
            self.curve.append((self.examples, best.value, best.loss))
            found = best
        self._best = {}
        return found

    def _make_ready(self) -> None:
        """Compute the frozen stem's feature maps of all training examples, once; no leg is charged for them.

        Raises:
            ScoreFailed: this would take longer than `spare` seconds.
        """
        if self._frozen:
            self._maps(self._data.inputs, views=1 if self.recipe.flips == "none" else 2)

    def judge(self, data: Data | None = None, *, sure: bool = False) -> Judged:
        """Judge the averaged weights on the validation split (or on `data`), and add the point to the curve.

        Args:
            data: examples to judge on; None is the validation split.
            sure: whether to compute the standard error too.
        """
        found = self._look(data, sure=sure)
        self.curve.append((self.examples, found.value, found.loss))
        return found

    def _look(self, data: Data | None, *, sure: bool = False) -> Judged:
        data = self.task.data("val") if data is None else data
        self._renew_norms()
        if self._frozen:
            maps, layout = self._maps(data.inputs, views=1), torch.channels_last
            batches = (maps.batch(part).contiguous(memory_format=layout) for part in parts(len(data.labels)))
            return judged(self.averaged.eval().rest, batches, self.task, data.labels, self.device, sure=sure)
        return judge(self.averaged, self.task, data, self.device, sure=sure)

    def within(self, legs: Collection[str]) -> bool:
        """Whether all legs trained so far are among these."""
        return {*self.done, self._leg["name"]} <= {*legs, ""}

    @property
    def leg_seconds(self) -> float:
        """The seconds of the last leg."""
        return float(self._leg["seconds"])

    @property
    def size(self) -> int:
        """The number of training examples (of one epoch)."""
        return len(self._data.labels)

    def weights(self) -> dict[str, Tensor]:
        """The averaged weights, on the CPU."""
        return {name: value.detach().cpu().clone() for name, value in self.averaged.state_dict().items()}

    def save(self) -> None:
        """Write the state to the checkpoint, atomically; without a checkpoint file, do nothing."""
        self._saved = clock.now()
        if self.checkpoint is None:
            return
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        whole = io.BytesIO()  # so that a full disk raises OSError, whose message says so
        torch.save(self._state(), whole)
        replace(self.checkpoint, sealed_state(whole.getvalue(), self.checkpoint.name))

    @staticmethod
    def _due(before: float, after: float, points: int) -> bool:
        """Whether one of `points` evenly spaced points of the leg lies between two values of its progress."""
        return int(before * (points + 1)) < int(after * (points + 1)) < points + 1

    def _progress(self, leg: Leg) -> float:
        """The finished fraction of the leg."""
        if leg.examples is not None:
            return float(self._leg["examples"] / leg.examples)
        return float(self._leg["seconds"] / leg.seconds) if leg.seconds else 1.0

    def _step(self, rate: float, size: float) -> None:
        """One training step with this learning rate, on images resized to this fraction of their height and width."""
        index = self._index()
        generator = torch.Generator().manual_seed(seed_of(self.seed, "augment", self.steps))
        inputs, labels = self._batch(index, generator, size)
        rate *= min(1.0, (self.steps + 1) / self.warm)
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = rate
        with self._chance():
            wrong = self._loss(inputs, labels, generator)
            if not torch.isfinite(wrong):
                raise ScoreFailed(f"the loss became {wrong.item()} after {self.examples:,} examples")
            self.network.zero_grad(set_to_none=True)
            wrong.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.steps += 1
        self.examples += len(index)
        self._leg["examples"] += len(index)
        self._average()

    def _index(self) -> Tensor:
        """Indices of the examples of this step; each epoch has its own order."""
        total = len(self._data.labels)
        size = min(self.recipe.batch_size, total)
        passed, place = divmod(self.steps, max(1, total // size))
        generator = torch.Generator().manual_seed(seed_of(self.seed, "order", passed))
        if self._order is None or self._order[0] != passed:
            self._order = passed, torch.randperm(total, generator=generator)
        return self._order[1][place * size : (place + 1) * size]

    def _batch(self, index: Tensor, generator: torch.Generator, size: float = 1.0) -> tuple[Tensor, Tensor]:
        labels = self._data.labels[index].to(self.device)
        if self._frozen:
            maps = self._maps(self._data.inputs, views=1 if self.recipe.flips == "none" else 2)
            return maps.batch(index, generator).to(self.device).contiguous(memory_format=self._layout), labels
        inputs = self.task.prepare(self._data.inputs[index].to(self.device))
        if self._images:
            inputs = augment(inputs, self.recipe, generator)
        inputs = self.task.augment(inputs, seed_of(self.seed, "own", self.steps))
        if size < 1 and self._least is not None:
            inputs = shrunk(inputs, size, self._least)
        return inputs.contiguous(memory_format=self._layout), labels

    def _maps(self, inputs: Tensor, views: int) -> FeatureCache:
        """The feature maps of these examples, by the frozen stem."""
        network: Any = self.network
        return self._caches.of(
            network.stem,
            network.resize,
            self.task,
            inputs,
            views=views,
            name=self._frozen,
            device=self.device,
            spare=self.spare,
        )

    def _loss(self, inputs: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        self.network.train()
        whole: Any = self.network
        forward = whole.rest if self._frozen else whole.each if self._members else whole
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            return loss(forward, inputs, labels, self.recipe, generator, task=self.task, members=self._members)

    @contextmanager
    def _chance(self) -> Iterator[None]:
        """Seed the random numbers of dropout for this step; the global random state stays as it was."""
        if not self._random:
            with nullcontext():
                yield
            return
        devices = [self.device] if self.device.type == "cuda" else []
        with CHANCE, torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed_of(self.seed, "dropout", self.steps))
            yield

    def _average(self) -> None:
        keep = max(0.0, 1 - (_PROFILE + 1) / (self.steps + _PROFILE))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), 1 - keep)

    def _renew_norms(self) -> None:
        """Compute the batch statistics of the averaged weights from a few augmented training examples."""
        for own, other in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
            own.copy_(other)
        generator = torch.Generator().manual_seed(0)
        chosen = torch.randperm(self.size, generator=generator)[:_LOOKED_AT]
        parts = chosen.chunk(-(-len(chosen) // self.recipe.batch_size))
        forward = self.averaged.rest if self._frozen else self.averaged
        renew_norms(self.averaged, forward, (self._batch(part, generator)[0] for part in parts))

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(), "averaged": self.averaged.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers], "steps": self.steps,
            "examples": self.examples, "seconds": self.seconds, "curve": self.curve, "leg": self._leg,
            "done": self.done, "best": self._best,
        }  # fmt: skip

    def _load(self, state: dict[str, Any]) -> None:
        try:
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(kept)
            self.steps, self.examples, self.seconds = state["steps"], state["examples"], state["seconds"]
            self.curve, self._leg = [tuple(point) for point in state["curve"]], state["leg"]
            best = state["best"]
            self._best = {name: best[name] for name in ("value", "loss", "weights")} if best else {}
            self.done = {name: tuple(figures) for name, figures in state["done"].items()}
        except (RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(
                f"{self.checkpoint} holds the training of another network. Delete it to train again, or bring it back."
            ) from error


def _part(data: Data, limit: int | None) -> Data:
    """The data, or a fixed random subset of `limit` examples."""
    if limit is None or limit >= len(data.labels):
        return data
    chosen = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))[:limit]
    return Data(data.inputs[chosen], data.labels[chosen])


def train(training: Training, epochs: int, *, decay: float = DECAY) -> Judged:
    """A whole training from scratch: a constant learning rate, then a decay to zero.

    Args:
        training: a new training.
        epochs: passes over the training examples.
        decay: fraction of the epochs in which the learning rate decays.

    Raises:
        ScoreFailed: the loss became infinite or nan, or memory ran out.
    """
    total = epochs * training.size
    training.warm = max(2, min(_WARM, total // training.recipe.batch_size // 10))
    flat = round((1 - decay) * total)
    if flat:
        training.advance(Leg("flat", examples=flat), points=max(0, round(epochs * (1 - decay)) - 1))
    return training.advance(Leg("final", examples=total - flat, decay=True), points=max(0, round(epochs * decay) - 1))
