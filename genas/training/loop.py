"""One training that can be stopped, judged and continued: a constant rate, with averaged weights to judge by.

Source: the weights that are judged are the polynomial-decay average of Shamir & Zhang (ICML 2013, section 4, eta 8):
over about the last tenth of the steps, whatever their number, so that a constant rate can be judged at any moment; only
the final leg lets the rate fall to zero.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genas.core import clock
from genas.core.errors import Damaged, ScoreFailed
from genas.core.interfaces import Data, Task
from genas.core.rng import seed_of
from genas.training.augment import augment, share_of_side, shrunk
from genas.training.feature_cache import FeatureCache, StemCaches
from genas.training.judging import Judged, judge, judged, parts, renew_norms, worth
from genas.training.loss import loss
from genas.training.optimizers import optimizers_of
from genas.training.recipe import Recipe
from genas.training.timing import CHANCE
from genas.training.weights import loaded_state, replace, sealed_state

_WARM = 40  # steps in which the rate rises, or a tenth of all where these are known
_PROFILE = 8  # the average reaches back over about one step in 9
_SAVED = 20.0  # seconds between checkpoints
_LOOKED_AT = 256  # training examples that the averaged weights take their batch statistics from
DECAY = 0.6  # of a whole training: the rate falls


@dataclass(frozen=True)
class Leg:
    """A part of a training, in seconds or in examples.

    Args:
        name: tells it from the training's other legs; one that was stopped is continued under the same name.
        seconds: of the clock, for this leg.
        examples: that the network sees in this leg.
        decay: whether the rate falls to zero over the leg.
        growing: whether the network sees smaller images first (`augment.share_of_side`), which cost less, if it has a
            `least_size`; none are smaller where a frozen stem's maps are kept.
        rate: the highest learning rate; None is the recipe's.
    """

    name: str
    seconds: float | None = None
    examples: int | None = None
    decay: bool = False
    growing: bool = False
    rate: float | None = None


class Training:
    """A network under way: all its state, so that it can be written down after any step.

    Args:
        network: freshly initialised, or with weights that it inherits.
        task: gives the examples.
        recipe: how to train.
        seed: of the order of examples and of their changes.
        device: where to compute.
        precision: "float32", or "bfloat16" for autocast on devices that have it.
        checkpoint: the file that the state is kept in; where it is there, the training goes on from it, and one that
            is damaged is a `Damaged`.
        limit: use only that many training examples, the same in every training; None uses all.
        caches: of frozen stems, shared with other trainings; None is its own.
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
        self._least: int | None = getattr(network, "least_size", None)  # None: images can't be smaller than they are
        self._frozen: str = getattr(network, "frozen", "")  # the name of a stem that stays as it is
        self._members = not self._frozen and hasattr(network, "each")  # that learn each by itself
        self._random = any(isinstance(m, nn.modules.dropout._DropoutNd) and m.p > 0 for m in network.modules())
        self.optimizers = optimizers_of(self.network, recipe)
        self._order: tuple[int, Tensor] | None = None  # of the pass with that number
        self.warm = _WARM
        self.spare: float | None = None  # seconds that the maps of a frozen stem may take; None is no such limit
        self.steps = self.examples = 0
        self.seconds = 0.0
        self.curve: list[tuple[int, float, float]] = []  # examples seen, value and loss on the validation split
        self._leg: dict[str, Any] = {"name": "", "seconds": 0.0, "examples": 0}
        self.done: dict[str, tuple[float, float]] = {}  # value and loss after each leg
        self._best: dict[str, Any] = {}  # of a final leg: value, loss and weights of its best point so far
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
        """Train for the leg, or for what is left of it, and judge; a leg that is done is not made again.

        Where the rate falls, an earlier point that is clearly better than the end is gone back to: a network that
        learned all it could has begun to learn its examples by heart.

        Args:
            data: what to judge on; None is the validation split.
            points: how often the averaged weights are judged on the way, for the curve.
            on_progress: called now and then with the share of the leg that is done.

        Raises:
            ScoreFailed: the loss became infinite or not a number, or memory ran out.
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
        """The steps of a leg that are left, judged on the way, with checkpoints."""
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
            if moment - self._saved > _SAVED:  # after judging, so that no point of the curve can be lost
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
        """The end of a leg, or its best point where that is better by more than half a standard error."""
        best = Judged(self._best["value"], self._best["loss"]) if self._best else found
        if self._worth(best) > self._worth(found) + 0.5 * (found.error or 0.0):
            self.averaged.load_state_dict(self._best["weights"])
            self.curve.append((self.examples, best.value, best.loss))
            found = best
        self._best = {}
        return found

    def _make_ready(self) -> None:
        """A frozen stem's maps of the training examples, once for all legs; no leg is charged with them.

        Raises:
            ScoreFailed: they would take longer than `spare` seconds.
        """
        if self._frozen:
            self._maps(self._data.inputs, views=1 if self.recipe.flips == "none" else 2)

    def judge(self, data: Data | None = None, *, sure: bool = False) -> Judged:
        """The averaged weights on the validation split (or on `data`); written into the curve.

        Args:
            sure: whether the standard error of the value is wanted too.
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
        """Whether all that it has done is among these legs."""
        return {*self.done, self._leg["name"]} <= {*legs, ""}

    @property
    def leg_seconds(self) -> float:
        """What the last leg took."""
        return float(self._leg["seconds"])

    @property
    def size(self) -> int:
        """Training examples in a pass."""
        return len(self._data.labels)

    def weights(self) -> dict[str, Tensor]:
        """The averaged weights, on the CPU."""
        return {name: value.detach().cpu().clone() for name, value in self.averaged.state_dict().items()}

    def save(self) -> None:
        """Write the state into the checkpoint's place; the file is whole or absent."""
        self._saved = clock.now()
        if self.checkpoint is None:
            return
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        whole = io.BytesIO()  # so that a full disk is an OSError, which says what it is
        torch.save(self._state(), whole)
        replace(self.checkpoint, sealed_state(whole.getvalue(), self.checkpoint.name))

    @staticmethod
    def _due(before: float, after: float, points: int) -> bool:
        """Whether one of so many points, evenly spaced within the leg, was passed."""
        return int(before * (points + 1)) < int(after * (points + 1)) < points + 1

    def _progress(self, leg: Leg) -> float:
        """The share of the leg that is done."""
        if leg.examples is not None:
            return float(self._leg["examples"] / leg.examples)
        return float(self._leg["seconds"] / leg.seconds) if leg.seconds else 1.0

    def _step(self, rate: float, size: float) -> None:
        """One step at that learning rate, on images of that share of their height and width."""
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
        """The examples of this step: each pass over the data has an order of its own."""
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
        """What the frozen stem makes of these examples."""
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
        """Where the network draws (dropout), its own chance; the global random state is left as it was."""
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
        """Give the averaged weights batch statistics of their own, from a few examples as training changes them."""
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
    """The data, or a fixed random part of them."""
    if limit is None or limit >= len(data.labels):
        return data
    chosen = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(0))[:limit]
    return Data(data.inputs[chosen], data.labels[chosen])


def train(training: Training, epochs: int, *, decay: float = DECAY) -> Judged:
    """A whole training from nothing: a constant rate, then one that falls to zero.

    Args:
        epochs: passes over the training examples.
        decay: the share of the epochs in which the rate falls.
    """
    total = epochs * training.size
    training.warm = max(2, min(_WARM, total // training.recipe.batch_size // 10))
    flat = round((1 - decay) * total)
    if flat:
        training.advance(Leg("flat", examples=flat), points=max(0, round(epochs * (1 - decay)) - 1))
    return training.advance(Leg("final", examples=total - flat, decay=True), points=max(0, round(epochs * decay) - 1))
