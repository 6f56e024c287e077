"""Networks to export: this file imports torch only."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class TinyNet(nn.Module):
    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.config = {"width": width, "outputs": outputs}
        self.body = nn.Sequential(nn.Conv2d(1, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.head = nn.Linear(width, outputs)
        self.gain = math.sqrt(2.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3))) * self.gain


class Unwritable(TinyNet):
    """How much it does depends on the data: no fixed graph exists."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        while float(y.abs().max()) > 0.01:
            y = y * 0.5
        return y + torch.zeros(1)


class Secretive(TinyNet):
    def __init__(self, width: int, outputs: int) -> None:
        super().__init__(width, outputs)
        self.config["outputs"] = nn.Identity()  # type: ignore[assignment]
