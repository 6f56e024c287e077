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

_SIZES = ("half", "full", "double")
_STRIDES = ("s1", "s2", "s4")
_ACTS = ("relu", "silu")
_POOLS = ("mean", "meanmax", "quarters")
_KINDS = ("plain", "residual", "separable", "inverted3", "inverted6", "mbconv")
_KERNELS = ("k3", "k5", "k7")
_DEPTHS = ("d1", "d2", "d3", "d4")
_WIDTH = (4, 8, 12, 16, 20, 24, 32, 48, 64, 80, 96, 128, 192, 256, 384, 512)
_WIDTHS = tuple(f"w{w}" for w in _WIDTH)
_STEMS = tuple(f"stem{w}" for w in _WIDTH[:12])


class ConvNetSpace(Stages):
    """A labelled chain: size of the image, stem, its stride, activation, pooling, then the labels of each stage.

    A stage has a kind of block, a kernel, a depth and a width. Text form: `full stem16 s2 relu mean |
    residual k3 d2 w16 | mbconv k5 d1 w32`; `half` and `double` resize the image first. References are small ResNets (He et al. 2016,
    section 4.2: three stages of widths w, 2w, 4w, n basic blocks each), one with the stem that its image size calls for
    and one that computes a quarter of that, and a small MobileNetV2 (Sandler et al. 2018: inverted residuals, expansion
    6, narrow stem), with the widths doubled from stage to stage likewise.
    """

    ops: ClassVar = (
        "input",
        "output",
        *_SIZES,
        *_STEMS,
        *_STRIDES,
        *_ACTS,
        *_POOLS,
        *_KINDS,
        *_KERNELS,
        *_DEPTHS,
        *_WIDTHS,
    )
    head = (_SIZES, _STEMS, _STRIDES, _ACTS, _POOLS)
    stage = (_KINDS, _KERNELS, _DEPTHS, _WIDTHS)
    counts = (2, 3, 4)
    max_nodes: ClassVar = 7 + 4 * max(counts)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W)."""
        from genas.networks.conv_net import ConvNet

        self.check(arch)
        if len(task.input_shape) != 3:
            raise InvalidArchitecture([f"conv_net needs images of shape (C, H, W), not {task.input_shape}"])
        channels, height, width = task.input_shape
        stages = [
            (kind, int(kernel[1:]), int(depth[1:]), int(outer[1:])) for kind, kernel, depth, outer in self.stages(arch)
        ]
        size, stem, stride, act, pool = arch.ops[1:6]
        return ConvNet(
            int(stem[4:]), stages, channels, min(height, width), task.outputs,
            resize=size, stride=int(stride[1:]), act=act, pool=pool,
        )  # fmt: skip

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Labels uniform, but that the width starts anywhere and grows by zero to two steps a stage."""
        width = int(rng.integers(len(_STEMS)))
        ops = [labels[int(rng.integers(len(labels)))] for labels in self.head]
        ops[1] = _STEMS[width]
        for _ in range(int(rng.choice(self.counts))):
            ops += [labels[int(rng.integers(len(labels)))] for labels in self.stage[:3]]
            width = min(width + int(rng.integers(3)), len(_WIDTHS) - 1)
            ops.append(_WIDTHS[width])
        return self.chain(ops)

    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """Small ResNets and small MobileNetV2s for images of the task's size."""
        side = min(task.input_shape[1:])
        usual = "s4" if side >= 128 else "s2" if side >= 64 else "s1"
        faster = {"s1": "s2", "s2": "s4", "s4": "s4"}[usual] if side >= 24 else usual
        bases = [base for base in _WIDTH if {2 * base, 4 * base} <= set(_WIDTH) and f"stem{base}" in _STEMS]

        def made(kind: str, stride: str) -> list[Architecture]:
            return [
                self.chain([
                    "full", f"stem{base}", stride, "relu", "mean",
                    *(op for i in range(3) for op in (kind, "k3", depth, f"w{base << i}")),
                ])
                for base in bases
                for depth in _DEPTHS
            ]  # fmt: skip

        found = {"small ResNet": made("residual", usual), "small MobileNetV2": made("inverted6", usual)}
        if faster != usual:
            found["small ResNet with a wider stride"] = made("residual", faster)
        return found
