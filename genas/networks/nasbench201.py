"""The network of NAS-Bench-201: three stages of one repeated cell, joined by residual blocks of half the resolution.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_CELL_NODES = ((0,), (1, 2), (3, 4, 5))  # the operations that end in cell node 1, 2, 3; the k-th starts at node k


class CellNet(nn.Module):
    """An image classifier made of one small cell, repeated.

    Source: Dong & Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search" (ICLR 2020),
    section 2.1 and figure 1. Different here: the shortcut of a residual block rounds odd sizes up, so that any image
    size works (even sizes give the published network), and `none` operations are left out instead of multiplied by 0.

    Args:
        ops: the six operations of the cell: 0->1, 0->2, 1->2, 0->3, 1->3, 2->3.
        in_channels: channels of the image.
        outputs: number of classes.
        channels: channels of the first stage; each residual block doubles them.
        cells: cells per stage.
    """

    def __init__(
        self, ops: tuple[str, ...], in_channels: int = 3, outputs: int = 10, channels: int = 16, cells: int = 5
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "ops": list(ops),
            "in_channels": in_channels,
            "outputs": outputs,
            "channels": channels,
            "cells": cells,
        }
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )  # the stem has no activation: each cell starts with its own
        body: list[nn.Module] = []
        for stage in range(3):
            width = channels * 2**stage
            if stage:
                body.append(_HalvingBlock(width // 2, width))
            body += [_Cell(ops, width) for _ in range(cells)]
        self.body = nn.Sequential(*body)
        last = channels * 4
        self.head = nn.Sequential(
            nn.BatchNorm2d(last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, outputs)
        )

    def forward(self, images: Tensor) -> Tensor:
        """[B, in_channels, H, W] -> logits [B, outputs]."""
        features: Tensor = self.body(self.stem(images))  # [B, 4 channels, H/4, W/4]
        logits: Tensor = self.head(features)  # [B, outputs]
        return logits


class _Cell(nn.Module):
    """Four nodes and an operation on each of the six edges; a node is the sum of its incoming edges."""

    def __init__(self, ops: tuple[str, ...], channels: int) -> None:
        super().__init__()
        if len(ops) != 6:
            raise ValueError(f"a cell has six operations, not {len(ops)}")
        self.ops = nn.ModuleDict(
            {str(number): _operation(op, channels) for number, op in enumerate(ops) if op != "none"}
        )

    def forward(self, inputs: Tensor) -> Tensor:
        nodes = [inputs]
        for arriving in _CELL_NODES:
            total: Tensor | None = None
            for source, number in enumerate(arriving):
                if str(number) in self.ops:
                    term = self.ops[str(number)](nodes[source])
                    total = term if total is None else total + term
            nodes.append(torch.zeros_like(inputs) if total is None else total)
        return nodes[-1]  # [B, C, H, W], as the inputs


def _operation(op: str, channels: int) -> nn.Module:
    if op == "skip_connect":
        return nn.Identity()
    if op == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    if op in ("nor_conv_1x1", "nor_conv_3x3"):
        return _convolution(channels, channels, kernel=int(op[-1]))
    raise ValueError(f"there is no cell operation {op!r}")


def _convolution(inputs: int, outputs: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    """ReLU, convolution, batch norm."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


class _HalvingBlock(nn.Module):
    """A basic residual block that halves the resolution and increases the channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            _convolution(inputs, outputs, kernel=3, stride=2), _convolution(outputs, outputs, kernel=3)
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, stride=2, ceil_mode=True), nn.Conv2d(inputs, outputs, 1, bias=False)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        main: Tensor = self.main(inputs)
        shortcut: Tensor = self.shortcut(inputs)
        return main + shortcut  # [B, 2 C, H/2, W/2]
