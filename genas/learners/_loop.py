"""The loop that fits a learned distribution: epochs, a held-out choice of the best, and checkpoints to go on from."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from genas.core.rng import seed_of

Loss = Callable[[Tensor, torch.Generator], Tensor]  # (row numbers, randomness) -> mean loss


class Progress(NamedTuple):
    """How far a fit is; `held_out` is the loss on the examples it does not learn from."""

    epoch: int
    epochs: int
    loss: float
    held_out: float


class Recipe(NamedTuple):
    """How to fit; two fits with equal recipes and data give equal weights."""

    epochs: int
    batch: int = 64
    rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0
    every: int = 10  # epochs between checkpoints


def train(
    model: nn.Module,
    loss: Loss,
    rows: Tensor,
    held_out: Tensor,
    recipe: Recipe,
    *,
    checkpoint: Path,
    tag: str,
    on_progress: Callable[[Progress], None] | None = None,
) -> float:
    """Fit the model in place to the rows; ends at the epoch best on the held-out rows and returns its loss there.

    A checkpoint with the same tag is continued, and the result is the same as without the break; another is replaced.

    Args:
        checkpoint: the file; removing it is the caller's.
        tag: identifies data and recipe.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay)
    best = {k: v.detach().clone() for k, v in model.state_dict().items()}
    done, best_loss = _load(model, optimizer, best, checkpoint, tag)
    for epoch in range(done, recipe.epochs):
        mean = _epoch(model, loss, rows, optimizer, recipe=recipe, epoch=epoch)
        value = _evaluate(model, loss, held_out, recipe.seed)
        if value < best_loss:
            best_loss = value
            best = {k: v.detach().clone() for k, v in model.state_dict().items()}
        if (epoch + 1) % recipe.every == 0 and epoch + 1 < recipe.epochs:
            _save(model, optimizer, best, checkpoint, {"tag": tag, "epoch": epoch + 1, "best": best_loss})
        if on_progress is not None:
            on_progress(Progress(epoch + 1, recipe.epochs, mean, value))
    model.load_state_dict(best)
    return best_loss


def _epoch(
    model: nn.Module, loss: Loss, rows: Tensor, optimizer: torch.optim.Optimizer, *, recipe: Recipe, epoch: int
) -> float:
    generator = torch.Generator().manual_seed(seed_of(recipe.seed, "epoch", epoch))
    shuffled = rows[torch.randperm(len(rows), generator=generator)]
    parts = torch.split(shuffled, recipe.batch)
    total = 0.0
    model.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(recipe.seed, "dropout", epoch))
        for number, part in enumerate(parts):
            share = (epoch + number / len(parts)) / recipe.epochs
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * min(1.0, share * 20 + 0.05) * (0.5 + 0.5 * math.cos(math.pi * share))
            optimizer.zero_grad()
            value = loss(part, generator)
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += float(value.detach()) * len(part)
    return total / len(rows)


@torch.no_grad()
def _evaluate(model: nn.Module, loss: Loss, rows: Tensor, seed: int) -> float:
    model.eval()
    generator = torch.Generator().manual_seed(seed_of(seed, "held out"))
    return sum(float(loss(rows, generator)) for _ in range(4)) / 4


def _save(
    model: nn.Module, optimizer: torch.optim.Optimizer, best: dict[str, Tensor], path: Path, meta: dict[str, object]
) -> None:
    tensors = {f"model.{k}": v.clone() for k, v in model.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in best.items()}
    for number, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{k}": torch.as_tensor(v).clone() for k, v in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"fit": json.dumps(meta)})
    os.replace(partial, path)


def _load(
    model: nn.Module, optimizer: torch.optim.Optimizer, best: dict[str, Tensor], path: Path, tag: str
) -> tuple[int, float]:
    if not path.is_file():
        return 0, math.inf
    with safe_open(path, framework="pt") as file:
        meta = json.loads(file.metadata()["fit"])
        if meta["tag"] != tag:
            return 0, math.inf
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
    best.update({k[5:]: v for k, v in tensors.items() if k.startswith("best.")})
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, number, name = key.split(".")
            state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return int(meta["epoch"]), float(meta["best"])
