"""Convolutional networks for images of any size: a stem and two to four stages, from 1k to 10M weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.spaces._stages import Stages

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

_KINDS = ("plain", "residual", "bottleneck", "separable", "inverted", "mbconv", "convnext")
_KERNELS = ("k3", "k5", "k7")
_DEPTHS = ("d1", "d2", "d3", "d4")
_SIZES = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_WIDTHS = tuple(f"w{w}" for w in _SIZES)
_STEMS = tuple(f"stem{w}" for w in _SIZES[:10])


class ConvNetSpace(Stages):
    """A labelled chain: input, stem, then kind, kernel, depth and width of each stage, output.

    Text form: `stem16 | residual k3 d2 w16 | mbconv k5 d1 w32`. References are a small ResNet (He et al. 2016, section
    4.2: three stages of widths w, 2w, 4w, n basic blocks each) and a small MobileNetV2 (Sandler et al. 2018: inverted
    residuals, expansion 6, narrow stem), with the widths doubled from stage to stage likewise.
    """

    ops: ClassVar = ("input", "output", *_STEMS, *_KINDS, *_KERNELS, *_DEPTHS, *_WIDTHS)
    head = (_STEMS,)
    stage = (_KINDS, _KERNELS, _DEPTHS, _WIDTHS)
    counts = (2, 3, 4)
    max_nodes: ClassVar = 3 + 4 * max(counts)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W)."""
        from genas.nn.conv_blocks import ConvNet

        self.check(arch)
        if len(task.input_shape) != 3:
            raise InvalidArchitecture([f"conv_net needs images of shape (C, H, W), not {task.input_shape}"])
        channels, height, width = task.input_shape
        stages = [
            (kind, int(kernel[1:]), int(depth[1:]), int(outer[1:])) for kind, kernel, depth, outer in self.stages(arch)
        ]
        return ConvNet(int(arch.ops[1][4:]), stages, channels, min(height, width), task.outputs)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Kinds, kernels and depths uniform; the width starts anywhere and grows by zero to two steps a stage."""
        width = int(rng.integers(len(_STEMS)))
        ops = [_STEMS[width]]
        for _ in range(int(rng.choice(self.counts))):
            ops += [labels[int(rng.integers(len(labels)))] for labels in self.stage[:3]]
            width = min(width + int(rng.integers(3)), len(_WIDTHS) - 1)
            ops.append(_WIDTHS[width])
        return self.chain(ops)

    def families(self) -> dict[str, list[Architecture]]:
        """Small ResNets and small MobileNetV2s."""
        bases = [base for base in _SIZES if base * 4 in _SIZES and f"stem{base}" in _STEMS]
        return {
            family: [
                self.chain([f"stem{base}", *(op for i in range(3) for op in (kind, "k3", depth, f"w{base << i}"))])
                for base in bases
                for depth in _DEPTHS
            ]
            for family, kind in (("small ResNet", "residual"), ("small MobileNetV2", "inverted"))
        }
