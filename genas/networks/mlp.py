"""Networks for rows of numbers: layers of three kinds, each with its own activation, width and dropout.

An ensemble of several members may share the layers. Each member multiplies the row by its own signs and has its own
head; the outputs of the members (probabilities of classes, or numbers) are averaged.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
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
    """Batch normalisation, linear to twice the width, activation, dropout, linear, dropout; plus a shortcut.

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
    """Batch normalisation and two linear maps, one of which gates the other through the activation; dropout.

    Source: Shazeer, "GLU Variants Improve Transformer" (2020), equation 6, without the last linear map.
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
    """A network that classifies rows, or predicts numbers from them.

    Source of the ensemble: TabM-mini (Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
    Ensembling", ICLR 2025, section 3.3).

    Args:
        layers: kind ("plain", "residual" or "gated"), activation, width and dropout of each layer.
        inputs: number of features of a row.
        outputs: number of classes, or of predicted numbers.
        members: size of the ensemble that shares the layers.
        answer: "class" or "number": the kind of outputs, which decides how members are averaged.
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
        """[B, inputs] -> outputs of each member [members, B, outputs]; members are trained separately."""
        members, width, outputs = self.heads.shape
        if self.signs is not None:
            x = (x * self.signs[:, None]).flatten(0, 1)
        hidden = self.layers(x).view(members, -1, width)
        return torch.baddbmm(self.biases.view(members, 1, outputs), hidden, self.heads)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] -> [B, outputs]: the mean of the members' numbers, or the log of their mean probabilities."""
        scores = self.each(x)
        if len(scores) == 1:
            return scores[0]
        if self.answer == "number":
            return scores.mean(0)
        return scores.log_softmax(2).logsumexp(0) - math.log(len(scores))
