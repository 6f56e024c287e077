"""The network of DARTS: a stack of normal cells with two reduction cells, at one third and two thirds of the depth.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_Slots = Sequence[Sequence[Any]]  # eight (source, operation); slots 2k and 2k + 1 feed node k + 2
_STEM = 3  # width of the stem, in multiples of the first cells' width


class DartsNet(nn.Module):
    """An image classifier cell of two kinds of cell, each of four nodes with two inputs.

    Source: Liu et al., "DARTS: Differentiable Architecture Search" (ICLR 2019), section 3 and appendix A: the network
    that is trained on CIFAR-10 once a cell is found. Different here: no auxiliary head and no drop path (they are part
    of the training recipe); odd image sizes are padded by one in factorised reductions, so that any size works.

    Args:
        normal: the normal cell: eight (source, operation) in the order of the nodes they feed, two per node.
        reduction: the reduction cell; its operations on the two inputs of the cell have a stride of 2.
        in_channels: channels of the image.
        outputs: number of classes.
        channels: channels of a node in the first cells; each reduction doubles them.
        cells: number of cells; those at cells // 3 and 2 cells // 3 are reductions.
    """

    def __init__(
        self,
        normal: _Slots,
        reduction: _Slots,
        in_channels: int = 3,
        outputs: int = 10,
        *,
        channels: int = 36,
        cells: int = 20,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "normal": [list(slot) for slot in normal],
            "reduction": [list(slot) for slot in reduction],
            "in_channels": in_channels,
            "outputs": outputs,
            "channels": channels,
            "cells": cells,
        }
        width = _STEM * channels
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )  # no activation: each cell starts with its own
        before, last, inner, halved = width, width, channels, False
        self.cells = nn.ModuleList()
        for number in range(cells):
            halves = number in (cells // 3, 2 * cells // 3)
            inner = inner * 2 if halves else inner
            cell = _Cell(reduction if halves else normal, (before, last), inner, halves=halves, after_halving=halved)
            self.cells.append(cell)
            before, last, halved = last, cell.width, halves
        self.head = nn.Linear(last, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """[B, in_channels, H, W] -> logits [B, outputs]."""
        before = last = self.stem(images)  # [B, 3 channels, H, W]
        for cell in self.cells:
            before, last = last, cell(before, last)
        logits: Tensor = self.head(last.mean(dim=(2, 3)))  # [B, outputs]
        return logits


class _Cell(nn.Module):
    """Four nodes, each the sum of two operations; their outputs are concatenated."""

    def __init__(
        self, slots: _Slots, widths: tuple[int, int], channels: int, *, halves: bool, after_halving: bool
    ) -> None:
        super().__init__()
        if len(slots) != 8:
            raise ValueError(f"a cell has eight operations, not {len(slots)}")
        self.sources = [int(source) for source, _ in slots]
        strides = [2 if halves and source < 2 else 1 for source in self.sources]
        adapt = _Halving(widths[0], channels) if after_halving else _pointwise(widths[0], channels)
        self.adapt = nn.ModuleList([adapt, _pointwise(widths[1], channels)])
        self.ops = nn.ModuleList([_operation(op, channels, s) for (_, op), s in zip(slots, strides, strict=True)])
        self.width = 4 * channels

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        states = [self.adapt[0](before), self.adapt[1](last)]
        for k in range(0, 8, 2):
            states.append(sum(self.ops[k + i](states[self.sources[k + i]]) for i in (0, 1)))
        return torch.cat(states[2:], dim=1)  # [B, 4 C, H, W], halved by a reduction


def _operation(op: str, channels: int, stride: int) -> nn.Module:
    if op == "none":
        return _Zero(stride)
    if op == "skip_connect":
        return nn.Identity() if stride == 1 else _Halving(channels, channels)
    if op == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    if op == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    kind, size = op[:8], op[8:]
    if kind not in ("sep_conv", "dil_conv") or size not in ("_3x3", "_5x5"):
        raise ValueError(f"there is no cell operation {op!r}")
    kernel = int(op[-1])
    if kind == "dil_conv":
        return nn.Sequential(*_depthwise(channels, kernel, stride, dilation=2))
    return nn.Sequential(*_depthwise(channels, kernel, stride), *_depthwise(channels, kernel, 1))


def _depthwise(channels: int, kernel: int, stride: int, dilation: int = 1) -> list[nn.Module]:
    """ReLU, depthwise convolution, 1x1 convolution, batch norm."""
    padding = dilation * (kernel // 2)
    return [
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
    ]


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    """ReLU, 1x1 convolution, batch norm."""
    return nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


class _Zero(nn.Module):
    """The operation `none`: zeros in the right shape."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, :, :: self.stride, :: self.stride] * 0.0  # [B, C, H / stride, W / stride]


class _Halving(nn.Module):
    """Factorised reduction: two 1x1 convolutions with stride 2, on even and on odd pixels, concatenated."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs - outputs // 2, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        inputs = self.act(inputs)
        height, width = inputs.shape[-2:]
        shifted = F.pad(inputs, (0, width % 2, 0, height % 2))[:, :, 1:, 1:]
        halved: Tensor = self.norm(torch.cat([self.even(inputs), self.odd(shifted)], dim=1))
        return halved  # [B, outputs, H/2, W/2]
