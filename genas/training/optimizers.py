"""Optimizers: Muon for the filters of convolutions, AdamW for all other weights.

Source: Muon (Jordan et al., 2024) replaces the momentum of a layer, as a matrix, by the nearest orthogonal matrix, so
that all directions learn equally fast. Its updates are scaled to the size of AdamW's (Liu et al., arXiv 2502.16982,
section 2.2), so that one learning rate serves both. AdamW: Loshchilov & Hutter (ICLR 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genas.training.recipe import Recipe

_MOMENTUM = 0.95
_STEPS = 5  # Newton-Schulz iterations: singular values end between about 0.7 and 1.2
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # Jordan et al.: the steepest slope at 0 that does not diverge
_SIZE = 0.2  # root mean square of AdamW's updates


class Muon(Optimizer):
    """Momentum with orthogonal updates; each weight [O, ...] is treated as a matrix with O rows.

    torch's own Muon takes only weights of two dimensions and computes in bfloat16, which is slow on most CPUs.

    Args:
        params: weights of two or more dimensions.
        lr: learning rate; the same as for AdamW, or a few times larger.
        weight_decay: decoupled, as in AdamW.
    """

    def __init__(self, params: Any, lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update all weights that have a gradient; those of equal shape are computed together."""
        assert closure is None
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - _MOMENTUM)
                ahead = weight.grad.lerp(momentum, _MOMENTUM).flatten(1)  # Nesterov momentum
                alike[ahead.shape[0], ahead.shape[1]].append((weight, ahead))
            for shape, pairs in alike.items():
                updates = orthogonal(torch.stack([ahead for _, ahead in pairs]))
                size = _SIZE * max(shape) ** 0.5
                for (weight, _), update in zip(pairs, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update.view(weight.shape), alpha=-group["lr"] * size)


def orthogonal(matrices: Tensor) -> Tensor:
    """Approximately the nearest matrices with orthonormal rows or columns: [n, r, c] -> [n, r, c]."""
    first, second, third = _POLYNOMIAL
    wide = matrices.shape[1] <= matrices.shape[2]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=second, alpha=third), x, beta=first)
    return x if wide else x.mT


def _filters(network: nn.Module) -> list[Tensor]:
    """The weights of ungrouped convolutions."""
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.groups == 1]
    return list(dict.fromkeys(m.weight for m in convolutions))


def named(network: nn.Module) -> str:
    """The optimizers of such a network, in words."""
    return "Muon (filters) and AdamW" if _filters(network) else "AdamW"


def optimizers_of(network: nn.Module, recipe: Recipe) -> list[Optimizer]:
    """AdamW, without weight decay on biases and norms, and Muon for ungrouped convolutions, if there are any."""
    filters = [weight for weight in _filters(network) if weight.requires_grad]
    known = set(filters)
    others = [p for p in network.parameters() if p.requires_grad and p not in known]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
    ]
    fused = all(p.device.type in ("cpu", "cuda") for p in others)
    found: list[Optimizer] = [torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=fused)] if others else []
    return found + ([Muon(filters, recipe.learning_rate, recipe.weight_decay)] if filters else [])
