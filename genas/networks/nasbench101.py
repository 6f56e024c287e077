"""The network of NAS-Bench-101: three stacks of three cells; in between, half the resolution and twice the channels.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Nb101Net(nn.Module):
    """An image classifier made of one cell, repeated.

    Source: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search" (ICML 2019), section 2 and
    appendix. Different here: downsampling between stacks rounds odd sizes up, so that small images work too; even sizes
    give the published network.

    Args:
        ops: the operation of each vertex of the cell: input, then conv3x3, conv1x1 or maxpool3x3, then output.
        edges: (source, target) pairs of vertices, source < target.
        in_channels: channels of the image.
        outputs: number of classes.
        channels: channels of the stem and the first stack; each further stack doubles them.
        stacks: number of stacks.
        cells: cells per stack.
    """

    def __init__(
        self,
        ops: Sequence[str],
        edges: Sequence[Sequence[int]],
        in_channels: int = 3,
        outputs: int = 10,
        *,
        channels: int = 128,
        stacks: int = 3,
        cells: int = 3,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "ops": list(ops),
            "edges": [list(edge) for edge in edges],
            "in_channels": in_channels,
            "outputs": outputs,
            "channels": channels,
            "stacks": stacks,
            "cells": cells,
        }
        body: list[nn.Module] = [_convolution(in_channels, channels, kernel=3)]
        width = channels
        for stack in range(stacks):
            if stack:
                body.append(nn.MaxPool2d(2, ceil_mode=True))
            for cell in range(cells):
                wider = width * 2 if stack and cell == 0 else width
                body.append(_Cell(ops, edges, width, wider))
                width = wider
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(width, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """[B, in_channels, H, W] -> logits [B, outputs]."""
        features: Tensor = self.body(images)  # [B, 4 channels, H/4, W/4]
        logits: Tensor = self.head(features.mean(dim=(2, 3)))  # [B, outputs]
        return logits


def _convolution(inputs: int, outputs: int, *, kernel: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.003),
        nn.ReLU(),
    )


class _Cell(nn.Module):
    """A vertex sums its inputs. The output concatenates the vertices that feed it, and adds the projected input."""

    def __init__(self, ops: Sequence[str], edges: Sequence[Sequence[int]], inputs: int, outputs: int) -> None:
        super().__init__()
        last = len(ops) - 1
        self._sources = [[s for s, t in edges if t == vertex] for vertex in range(last + 1)]
        self._widths = _widths(last, self._sources, outputs)
        self.ops = nn.ModuleDict({str(v): _operation(ops[v], self._widths[v]) for v in range(1, last)})
        self.projections = nn.ModuleDict(
            {
                str(v): _convolution(inputs, self._widths[v], kernel=1)
                for v in range(1, last + 1)
                if 0 in self._sources[v]
            }
        )

    def forward(self, inputs: Tensor) -> Tensor:
        last = len(self._sources) - 1
        vertices = [inputs]
        for vertex in range(1, last):
            width = self._widths[vertex]
            terms = [vertices[s][:, :width] for s in self._sources[vertex] if s]
            if str(vertex) in self.projections:
                terms.append(self.projections[str(vertex)](inputs))
            vertices.append(self.ops[str(vertex)](torch.stack(terms).sum(dim=0) if len(terms) > 1 else terms[0]))
        joined = [vertices[s] for s in self._sources[last] if s]
        total = torch.cat(joined, dim=1) if joined else None
        if str(last) in self.projections:
            shortcut: Tensor = self.projections[str(last)](inputs)
            total = shortcut if total is None else total + shortcut
        if total is None:
            raise ValueError("nothing enters the output of the cell")
        return total  # [B, outputs, H, W]


def _operation(op: str, channels: int) -> nn.Module:
    if op == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    if op in ("conv1x1", "conv3x3"):
        return _convolution(channels, channels, kernel=int(op[-1]))
    raise ValueError(f"there is no cell operation {op!r}")


def _widths(last: int, sources: list[list[int]], outputs: int) -> list[int]:
    """Channels of each vertex.

    The vertices that feed the output share its channels; every earlier vertex is as wide as the widest vertex it feeds.
    The first of the sharing vertices take the remainder, so widths depend on the order of vertices.
    """
    widths = [0] * (last + 1)
    widths[last] = outputs
    sharing = [v for v in sources[last] if v]
    for place, vertex in enumerate(sharing):
        share, rest = divmod(outputs, len(sharing))
        widths[vertex] = share + (place < rest)
    for vertex in range(last - 1, 0, -1):
        if vertex not in sharing:
            widths[vertex] = max(widths[t] for t in range(vertex + 1, last) if vertex in sources[t])
    return widths
