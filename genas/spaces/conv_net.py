"""Convolutional networks for images of any size: a stem and one to four stages, from 1k to 10M weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import Task
from genas.core.records import Architecture, Frame
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
_LITE = ("lite4", "lite6", "lite9")
_STEMS = (*(f"stem{w}" for w in _WIDTH[:12]), *_LITE)


class ConvNetSpace(Stages):
    """A labelled chain: size of the image, stem, its stride, activation, pooling, then the labels of each stage.

    A stage has a kind of block, a kernel, a depth and a width. Text form: `full stem16 s2 relu mean | residual k3 d2
    w16 | mbconv k5 d1 w32`; `half` and `double` resize the image first. References are small ResNets (He et al. 2016,
    section 4.2: three stages of widths w, 2w, 4w, n basic blocks each), one with the stem that its image size calls
    for and one that computes a quarter of that, and a small MobileNetV2 (Sandler et al. 2018: inverted residuals,
    expansion 6, narrow stem), with the widths doubled from stage to stage likewise.

    `lite4` in the stem's place is the first four blocks of EfficientNet-Lite0 as ImageNet trained them (frozen, with
    29 thousand weights that count as all others do; `lite6` has 88, `lite9` 360 thousand).

    Args:
        pretrained: whether stems pretrained on ImageNet are allowed; if not, every network is trained from scratch.
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
    name = "conv_net"
    head = (_SIZES, _STEMS, _STRIDES, _ACTS, _POOLS)
    stage = (_KINDS, _KERNELS, _DEPTHS, _WIDTHS)
    counts = (1, 2, 3, 4)
    max_nodes: ClassVar = 7 + 4 * max(counts)

    def __init__(self, *, pretrained: bool = True) -> None:
        self.pretrained = pretrained

    def frame(self, nodes: int) -> Frame:
        """A chain, with the labels allowed at each position."""
        frame = super().frame(nodes)
        if self.pretrained:
            return frame
        kept = tuple(tuple(label for label in labels if label not in _LITE) for labels in frame.labels)
        return replace(frame, labels=kept)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W).

        Raises:
            InvalidArchitecture: the chain is illegal, or the task's inputs do not suit it.
            MissingArtifact: the weights of a pretrained stem are not installed.
        """
        from genas.networks.conv_net import ConvNet, LiteStem

        self.check(arch)
        if len(task.input_shape) != 3:
            raise InvalidArchitecture([f"conv_net needs images of shape (C, H, W), not {task.input_shape}"])
        channels, height, width = task.input_shape
        stages = [
            (kind, int(kernel[1:]), int(depth[1:]), int(outer[1:])) for kind, kernel, depth, outer in self.stages(arch)
        ]
        size, stem, stride, act, pool = arch.ops[1:6]
        lite = stem in _LITE
        if lite and channels not in (1, 3):
            raise InvalidArchitecture([f"a pretrained stem needs images of 1 or 3 channels, not {channels}"])
        preparation = task.preparation if lite else None
        scaling = None if preparation is None else preparation.inputs
        known = {} if scaling is None else {"mean": scaling.mean, "std": scaling.std}
        network = ConvNet(
            stem if lite else int(stem[4:]), stages, channels, min(height, width), task.outputs,
            resize=size, stride=int(stride[1:]), act=act, pool=pool, **known,
        )  # fmt: skip
        if isinstance(network.stem, LiteStem) and not any(p.is_meta for p in network.parameters()):
            from genas.training import pretrained

            pretrained.load(network.stem)
        return network

    def adapted(self, arch: Architecture, task: Task) -> Architecture:
        """The architecture for larger images: with a larger stride, or with the images made smaller.

        The portfolio was made on images of up to 64 pixels.
        """
        steps = sum(min(task.input_shape[1:]) >= side for side in (96, 160))
        ops = list(arch.ops)
        for _ in range(steps):
            if ops[3] != _STRIDES[-1] and ops[2] not in _LITE:
                ops[3] = _STRIDES[_STRIDES.index(ops[3]) + 1]
            elif ops[1] != _SIZES[0]:
                ops[1] = _SIZES[_SIZES.index(ops[1]) - 1]
        return self.chain(ops[1:-1])

    def knowledge(self, arch: Architecture) -> str:
        """A pretrained stem brings knowledge of ImageNet."""
        if (stem := arch.ops[2]) not in _LITE:
            return ""
        blocks = stem.removeprefix("lite")
        return (
            f"ImageNet: its stem is the first {blocks} blocks of EfficientNet-Lite0 with their published weights "
            "(Apache-2.0), which this training did not change"
        )

    def finer(self, arch: Architecture) -> Architecture | None:
        """The architecture with stride 1 instead of 2 or, if it has that, with images at full instead of half size."""
        ops = list(arch.ops)
        if ops[2] in _LITE or ops[3] == "s4" or (ops[3] == "s1" and ops[1] != "half"):
            return None
        if ops[3] == "s2":
            ops[3] = "s1"
        else:
            ops[1] = "full"
        return self.chain(ops[1:-1])

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform labels, except for the widths: they start anywhere and grow by zero to two steps per stage."""
        head = self.frame(self.sizes()[0]).labels[1 : 1 + len(self.head)]
        ops = [labels[int(rng.integers(len(labels)))] for labels in head]
        width = 2 if ops[1] in _LITE else _STEMS.index(ops[1])
        for _ in range(int(rng.choice(self.counts))):
            ops += [labels[int(rng.integers(len(labels)))] for labels in self.stage[:3]]
            width = min(width + int(rng.integers(3)), len(_WIDTHS) - 1)
            ops.append(_WIDTHS[width])
        return self.chain(ops)

    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """Small ResNets and small MobileNetV2s for images of the task's size, by family."""
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
