"""Networks for rows of numbers: layers of three kinds, each with its own activation, width and dropout.

Several members may share the layers: each sees the row with signs of its own and has a head of its own, and what they
answer (probabilities of classes, or numbers) is averaged.

This file imports nothing but torch, because it is exported as it stands beside the weights of a found network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

_ACTS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class PlainLayer(nn.Module):
    """Linear, batch normalisation, activation, dropout."""

    def __init__(self, inputs: int, outputs: int, act: str, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), _ACTS[act](), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]."""
        return self.body(x)  # type: ignore[no-any-return]


class ResidualLayer(nn.Module):
    """Normalisation, linear to twice the width, activation, dropout, linear back, beside a shortcut.

    Source: the ResNet of Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data" (NeurIPS 2021), section
    3.2.
    """

    def __init__(self, inputs: int, outputs: int, act: str, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm1d(inputs), nn.Linear(inputs, 2 * outputs), _ACTS[act](), nn.Dropout(dropout),
            nn.Linear(2 * outputs, outputs), nn.Dropout(dropout),
        )  # fmt: skip
        self.shortcut = nn.Identity() if inputs == outputs else nn.Linear(inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]."""
        return self.shortcut(x) + self.body(x)  # type: ignore[no-any-return]


class GatedLayer(nn.Module):
    """Normalisation and two linear maps, one of which gates the other through the activation.

    Source: Shazeer, "GLU Variants Improve Transformer" (2020), equation 6, with one linear map fewer.
    """

    def __init__(self, inputs: int, outputs: int, act: str, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(inputs)
        self.value, self.gate = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)
        self.act, self.drop = _ACTS[act](), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]."""
        x = self.norm(x)
        return self.drop(self.value(x) * self.act(self.gate(x)))  # type: ignore[no-any-return]


_KINDS = {"plain": PlainLayer, "residual": ResidualLayer, "gated": GatedLayer}


class RowNet(nn.Module):
    """A classifier of rows, or what predicts numbers from them.

    Source of the members: TabM-mini (Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
    Ensembling", ICLR 2025, section 3.3).

    Args:
        layers: kind, activation, width and dropout of each.
        inputs: features of a row.
        outputs: classes, or numbers.
        members: how many share the layers.
        answer: "class" or "number": what outputs are, and so how members are averaged.
    """

    def __init__(
        self,
        layers: Sequence[tuple[str, str, int, float]],
        inputs: int,
        outputs: int,
        members: int = 1,
        answer: str = "class",
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "layers": [tuple(layer) for layer in layers],
            "inputs": inputs,
            "outputs": outputs,
            "members": members,
            "answer": answer,
        }
        self.answer = answer
        widths = [inputs, *(width for _, _, width, _ in layers)]
        self.signs = nn.Parameter(torch.randint(2, (members, inputs)) * 2.0 - 1) if members > 1 else None
        self.layers = nn.Sequential(
            *(_KINDS[kind](widths[i], width, act, dropout) for i, (kind, act, width, dropout) in enumerate(layers))
        )
        bound = widths[-1] ** -0.5
        self.heads = nn.Parameter(torch.empty(members, widths[-1], outputs).uniform_(-bound, bound))
        self.biases = nn.Parameter(torch.empty(members * outputs).uniform_(-bound, bound))

    def each(self, x: Tensor) -> Tensor:
        """[B, inputs] -> outputs of each member [members, B, outputs]: in training each learns by itself."""
        members, width, outputs = self.heads.shape
        if self.signs is not None:
            x = (x * self.signs[:, None]).flatten(0, 1)
        hidden = self.layers(x).view(members, -1, width)
        return torch.baddbmm(self.biases.view(members, 1, outputs), hidden, self.heads)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]: numbers or logits, averaged over members (logits as probabilities)."""
        scores = self.each(x)
        if len(scores) == 1:
            return scores[0]
        if self.answer == "number":
            return scores.mean(0)
        return scores.log_softmax(2).logsumexp(0) - math.log(len(scores))
