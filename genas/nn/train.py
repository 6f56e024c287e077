"""The one training loop: AdamW with warm-up and cosine, the best epoch chosen on the validation split."""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, SearchSpace, Task
from genas.core.records import Architecture
from genas.core.rng import seed_of


@dataclass(frozen=True)
class Recipe:
    """How to train; the same for every network that is compared.

    Args:
        epochs: passes over the training examples.
        batch_size: examples per step.
        learning_rate: the peak, reached after a tenth of the steps, then a half cosine to zero.
        weight_decay: of AdamW, on weights with two and more dimensions.
        smoothing: label smoothing in [0, 1).
        examples: use only that many training examples, the same for every network; None uses all.
        val_examples: look at only that many validation examples after each epoch; None looks at all.
        precision: "float32", or "bfloat16" for autocast on GPUs that have it.
    """

    epochs: int
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    smoothing: float = 0.1
    examples: int | None = None
    val_examples: int | None = None
    precision: str = "float32"


@dataclass(frozen=True)
class Trained:
    """A trained network's weights (on the CPU) at its best epoch, its accuracy there, all accuracies, and the cost."""

    weights: dict[str, Tensor]
    accuracy: float
    curve: tuple[float, ...]
    seconds: float


def pick_device(device: str) -> torch.device:
    """The torch device that a name stands for; "auto" takes a GPU if there is one. RequestError if absent."""
    found = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    if device == "auto":
        device = found[0]
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise RequestError(
            f"The device {device!r} can't be used here: networks are trained and timed on this machine, which has "
            f"{' and '.join(found)}. Write one of these, or leave the device out. "
            "Latencies of other devices are looked up in tables, such as that of the nasbench201 benchmark "
            "(docs/requests.md names its devices)."
        ) from error
    return torch.device(device)


def build(space: SearchSpace, arch: Architecture, task: Task, seed: int) -> nn.Module:
    """A network initialised by seed alone; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, "init"))
        return space.build(arch, task)


def train(
    network: nn.Module,
    task: Task,
    recipe: Recipe,
    *,
    seed: int = 0,
    device: str = "auto",
    checkpoint: Path | None = None,
    on_epoch: Callable[[int, float], None] | None = None,
) -> Trained:
    """Train a network on a task's training split.

    Source: AdamW (Loshchilov & Hutter 2019), linear warm-up and cosine decay (Loshchilov & Hutter 2017).

    Args:
        checkpoint: file that the state is kept in; a run that finds it goes on from there, to the same end.
        on_epoch: called with the number of epochs done and the validation accuracy.

    Raises:
        ScoreFailed: the loss became infinite or not a number, or memory ran out.
    """
    try:
        return _Training(network, task, recipe, seed=seed, device=pick_device(device), checkpoint=checkpoint).run(
            on_epoch
        )
    except torch.OutOfMemoryError as error:
        raise ScoreFailed("out of memory in training; a smaller batch_size may help") from error


class _Training:
    """One training under way: all its state, so that it can be written down after any epoch."""

    def __init__(
        self,
        network: nn.Module,
        task: Task,
        recipe: Recipe,
        *,
        seed: int,
        device: torch.device,
        checkpoint: Path | None,
    ) -> None:
        self.task, self.recipe, self.seed, self.device, self.checkpoint = task, recipe, seed, device, checkpoint
        images = len(task.input_shape) == 3
        self.format = torch.channels_last if images else torch.contiguous_format
        self.network = network.to(device).to(memory_format=self.format)  # type: ignore[call-overload]
        self.train_data, val = task.data("train"), task.data("val")
        self.chosen = _some(len(self.train_data.labels), recipe.examples)
        kept = _some(len(val.labels), recipe.val_examples)
        self.val_data = Data(val.inputs[kept], val.labels[kept])
        decayed = [p for p in network.parameters() if p.ndim > 1]
        other = [p for p in network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": other, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate)
        steps = max(2, recipe.epochs * -(-len(self.chosen) // recipe.batch_size))
        warm = max(0.1, 1.5 / steps)  # OneCycleLR divides by the warm-up less one step
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, recipe.learning_rate, total_steps=steps, pct_start=warm, cycle_momentum=False
        )
        self.curve: list[float] = []
        self.best: dict[str, Tensor] = {}
        self.seconds = 0.0

    def run(self, on_epoch: Callable[[int, float], None] | None) -> Trained:
        self._load()
        saved = time.monotonic()
        while len(self.curve) < self.recipe.epochs:
            start = time.perf_counter()
            with _own_chance(self.device):
                torch.manual_seed(seed_of(self.seed, "dropout", len(self.curve)))
                self._epoch(len(self.curve))
            value = accuracy(self.network, self.task, self.val_data, self.device)
            if value >= max(self.curve, default=0.0):
                self.best = {k: v.detach().cpu().clone() for k, v in self.network.state_dict().items()}
            self.curve.append(value)
            self.seconds += time.perf_counter() - start
            if on_epoch is not None:
                on_epoch(len(self.curve), value)
            if time.monotonic() - saved > 20:
                self._save()
                saved = time.monotonic()
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
        return Trained(self.best, max(self.curve), tuple(self.curve), self.seconds)

    def _epoch(self, number: int) -> None:
        generator = torch.Generator().manual_seed(seed_of(self.seed, "order", number))
        order = self.chosen[torch.randperm(len(self.chosen), generator=generator)]
        self.network.train()
        for step, index in enumerate(torch.split(order, self.recipe.batch_size)):
            if len(index) == 1:  # batch normalisation needs two
                self.schedule.step()
                continue
            x = self.task.prepare(self.train_data.inputs[index].to(self.device))
            x = self.task.augment(x, seed_of(self.seed, "augment", number, step))
            y = self.train_data.labels[index].to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
                logits = self.network(x.contiguous(memory_format=self.format))
                loss = F.cross_entropy(logits, y, label_smoothing=self.recipe.smoothing)
            if not torch.isfinite(loss):
                raise ScoreFailed(f"the loss became {loss.item()} in epoch {number + 1}")
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimizer.step()
            self.schedule.step()

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(), "curve": self.curve, "best": self.best, "seconds": self.seconds,
        }  # fmt: skip

    def _save(self) -> None:
        if self.checkpoint is not None:
            self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
            part = self.checkpoint.with_suffix(".part")
            whole = io.BytesIO()  # so that a full disk is an OSError, which says what it is
            torch.save(self._state(), whole)
            part.write_bytes(whole.getbuffer())
            os.replace(part, self.checkpoint)

    def _load(self) -> None:
        if self.checkpoint is not None and self.checkpoint.is_file():
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.curve, self.best, self.seconds = state["curve"], state["best"], state["seconds"]


def _own_chance(device: torch.device) -> AbstractContextManager[None]:
    """What dropout draws inside leaves the global random state as it was."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def _some(total: int, wanted: int | None) -> Tensor:
    """Numbers of the examples to use: a fixed random part, the same in every training."""
    return torch.randperm(total, generator=torch.Generator().manual_seed(0))[: wanted or total]


@torch.inference_mode()
def accuracy(network: nn.Module, task: Task, data: Data, device: torch.device, batch_size: int = 500) -> float:
    """The share of examples whose label has the largest output, in evaluation mode."""
    network.eval()
    right = 0
    for start in range(0, len(data.labels), batch_size):
        x = task.prepare(data.inputs[start : start + batch_size].to(device))
        y = data.labels[start : start + batch_size].to(device)
        right += int((network(x).argmax(1) == y).sum())
    return right / len(data.labels)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Torch on that many CPU threads inside, on as many as before afterwards; None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def best_threads(network: nn.Module, task: Task, device: str) -> tuple[int | None, float]:
    """One thread or all: which trains faster now, and its seconds per example.

    All threads must win by a fifth: on a busy machine they wait for each other, and small networks gain little.
    """
    if pick_device(device).type != "cpu" or torch.get_num_threads() == 1:
        return None, seconds_per_example(network, task, device)
    with threads(1):
        one = seconds_per_example(network, task, device)
    every = seconds_per_example(network, task, device)
    return (1, one) if one < 1.2 * every else (torch.get_num_threads(), every)


def seconds_per_example(network: nn.Module, task: Task, device: str, *, batch_size: int = 64, runs: int = 5) -> float:
    """Seconds of one training step divided by its batch: the median of some runs after one that is not counted."""
    where = pick_device(device)
    layout = torch.channels_last if len(task.input_shape) == 3 else torch.contiguous_format
    network = network.to(where).to(memory_format=layout).train()  # type: ignore[call-overload]
    x, y = (tensor.to(where) for tensor in task.batch(batch_size))
    x = x.contiguous(memory_format=layout)
    times = []
    with _own_chance(where):
        for _ in range(runs + 1):
            start = time.perf_counter()
            F.cross_entropy(network(x), y).backward()  # type: ignore[no-untyped-call]
            if where.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) / len(y)
