"""Mobile networks for images: stages of inverted residual blocks, each block with its own kernel and expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.spaces._stages import Stages

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

KERNELS, EXPANSIONS = (3, 5, 7), (3, 4, 6)
LEAST_DEPTH, DEPTH = 2, 4  # blocks of a stage
_STRIDES = ("s1", "s2", "s4")
_ACTS = ("relu", "hswish")
_WIDTH = (8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 112, 160, 192)
_WIDTHS = tuple(f"w{width}" for width in _WIDTH)
_STEMS = tuple(f"stem{width}" for width in _WIDTH[:6])
_EXCITES = ("plain", "se")
_BLOCKS = tuple(f"k{kernel}_e{expansion}" for kernel in KERNELS for expansion in EXPANSIONS)
_SKIP = "skip"
_PLACES = ((_BLOCKS,) * LEAST_DEPTH, ((*_BLOCKS, _SKIP),) * (DEPTH - LEAST_DEPTH))
_CHOICES = (_WIDTHS, _EXCITES, *_PLACES[0], *_PLACES[1])


class MobileSpace(Stages):
    """A labelled chain: stem, its stride, activation, then of each stage the width, squeeze-excite and four blocks.

    A block is k<kernel>_e<expansion>; the last two of a stage may be `skip`, an identity, so a stage has two to four.
    Text form: `stem16 s1 hswish | w16 plain k3_e3 k3_e3 skip skip | w32 se k5_e6 k5_e3 k5_e3 skip`. Chains that differ
    only in which of the two is skipped are the same network; samples skip the last ones.

    Source: the choices of Once-for-All (Cai et al., ICLR 2020, section 3.1) with the blocks of MobileNetV3 (Howard et
    al., ICCV 2019); widths and numbers of stages are for images of 32 to 96 pixels, larger ones with a strided stem:
    from about 20 thousand to a few million weights. References are small MobileNetV2s (Sandler et al. 2018: ReLU,
    kernel 3, expansion 6) and MobileNetV3-likes (hard swish, squeeze-excite, kernel 5 in later stages), both with
    two or three stages whose widths double. The small ResNet has full convolutions, which this space can't say:
    it is a reference of `conv_net`.

    Depthwise convolutions are slow on most CPUs for the operations they have; `conv_net` is the default for images.

    Args:
        stages: how many stages every network has, 2 to 5, so that all have the same places (as supernets and tables of
            block latencies need); None leaves it open.

    Raises:
        RequestError: `stages` is not 2 to 5.
    """

    ops: ClassVar = ("input", "output", *_STEMS, *_STRIDES, *_ACTS, *_WIDTHS, *_EXCITES, *_BLOCKS, _SKIP)
    identity_ops: ClassVar[frozenset[str]] = frozenset({_SKIP})
    name = "mobile"
    head = (_STEMS, _STRIDES, _ACTS)
    stage = _CHOICES
    counts = (2, 3, 4, 5)
    max_nodes: ClassVar = 5 + len(_CHOICES) * max(counts)

    def __init__(self, *, stages: int | None = None) -> None:
        if stages not in (None, *self.counts):
            raise RequestError(f"mobile: stages must be {self.counts[0]} to {self.counts[-1]}, not {stages}.")
        self.fixed_stages = stages
        if stages is not None:
            vars(self).update(counts=(stages,), max_nodes=5 + len(_CHOICES) * stages)  # over those of the class

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W).

        Raises:
            InvalidArchitecture: the chain is illegal, or the task's inputs are no images.
        """
        from genas.networks.mobile import MobileNet

        self.check(arch)
        if len(task.input_shape) != 3:
            raise InvalidArchitecture([f"mobile needs images of shape (C, H, W), not {task.input_shape}"])
        channels, height, width = task.input_shape
        stem, stride, act = arch.ops[1:4]
        stages = [
            (int(outer[1:]), excite == "se", [numbers(block) for block in blocks if block != _SKIP])
            for outer, excite, *blocks in self.stages(arch)
        ]
        return MobileNet(
            int(stem[4:]), stages, channels, min(height, width), task.outputs, stride=int(stride[1:]), act=act
        )

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Uniform labels and depths; the widths start anywhere and grow by zero to two steps per stage."""
        ops = [labels[int(rng.integers(len(labels)))] for labels in self.head]
        width = _STEMS.index(ops[0])
        for _ in range(int(rng.choice(self.counts))):
            width = min(width + int(rng.integers(3)), len(_WIDTHS) - 1)
            depth = int(rng.integers(LEAST_DEPTH, DEPTH + 1))
            blocks = [_BLOCKS[int(rng.integers(len(_BLOCKS)))] for _ in range(depth)]
            ops += [_WIDTHS[width], _EXCITES[int(rng.integers(2))], *blocks, *[_SKIP] * (DEPTH - depth)]
        return self.chain(ops)

    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """Small MobileNetV2s and MobileNetV3-likes for images of the task's size, by family."""
        side = min(task.input_shape[1:])
        stride = "s4" if side >= 128 else "s2" if side >= 64 else "s1"
        sizes = [
            (count, base, depth)
            for count in ((2, 3) if self.fixed_stages is None else (self.fixed_stages,))
            for base in _WIDTH[: len(_STEMS)]
            for depth in range(LEAST_DEPTH, DEPTH + 1)
        ]

        def made(act: str, kinds: tuple[tuple[str, str], ...]) -> list[Architecture]:
            found = []
            for count, base, depth in sizes:
                ops = [f"stem{base}", stride, act]
                for stage in range(count):
                    excite, block = kinds[min(stage, len(kinds) - 1)]
                    width = max(width for width in _WIDTH if width <= base << stage)
                    ops += [f"w{width}", excite, *[block] * depth, *[_SKIP] * (DEPTH - depth)]
                found.append(self.chain(ops))
            return found

        return {
            "small MobileNetV2": made("relu", (("plain", "k3_e6"),)),
            "small MobileNetV3": made("hswish", (("plain", "k3_e3"), ("se", "k5_e4"), ("se", "k5_e6"))),
        }


def numbers(block: str) -> tuple[int, int]:
    """Kernel and expansion of a block's label."""
    kernel, expansion = block.split("_")
    return int(kernel[1:]), int(expansion[1:])
