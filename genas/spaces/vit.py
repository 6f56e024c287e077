"""Vision transformers for small images: patches or a convolutional stem, width, and heads and MLP of each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import Task
from genas.core.records import Architecture
from genas.spaces._stages import Stages

if TYPE_CHECKING:
    from torch import nn

_LARGEST = 96  # pixels of a side
_FEW = 20_000  # training images: with fewer, convolutional networks trained from scratch are usually better
_STEMS = ("patches", "conv")
_PATCHES = ("p2", "p4", "p8")
_WIDTHS = ("w32", "w48", "w64", "w96", "w128", "w192")
_HEADS = ("h1", "h2", "h3", "h4", "h6")
_RATIOS = ("r1", "r2", "r3", "r4")


class VitSpace(Stages):
    """A labelled chain: stem, side of a patch, width of a token, then heads and MLP ratio of each layer.

    Text form: `conv p4 w96 | h3 r2 | h3 r2`; `conv` is a stem of overlapping convolutions, `patches` a linear map. A
    head has 32 channels whatever the width (Chen et al., "AutoFormer", ICCV 2021), so each network is a slice of the
    largest. References are scaled-down ViTs (Dosovitskiy et al., ICLR 2021): equal layers, ratio 4, all channels in
    heads, with patches and with the stem. No ResNet is in this space; conv_net has those.
    """

    name = "vit"
    ops: ClassVar = ("input", "output", *_STEMS, *_PATCHES, *_WIDTHS, *_HEADS, *_RATIOS)
    head = (_STEMS, _PATCHES, _WIDTHS)
    stage = (_HEADS, _RATIOS)
    counts = (2, 3, 4, 5, 6, 7, 8)
    max_nodes: ClassVar = 5 + 2 * max(counts)

    def build(self, arch: Architecture, task: Task) -> nn.Module:
        """The network for images of shape (C, H, W).

        Raises:
            InvalidArchitecture: the chain is illegal, or the task's inputs are no images of up to 96 pixels a side.
        """
        from genas.networks.vit import VitNet

        self.check(arch)
        if len(task.input_shape) != 3 or max(task.input_shape[1:]) > _LARGEST:
            raise InvalidArchitecture(
                [
                    f"vit needs images of shape (C, H, W) of at most {_LARGEST} pixels a side, not {task.input_shape}; "
                    "make the images smaller, or name the space conv_net"
                ]
            )
        channels, height, width = task.input_shape
        stem, patch, wide = arch.ops[1:4]
        layers = [(int(heads[1:]), int(ratio[1:])) for heads, ratio in self.stages(arch)]
        return VitNet(
            layers, int(wide[1:]), int(patch[1:]),
            channels=channels, size=(height, width), outputs=task.outputs, stem=stem == "conv",
        )  # fmt: skip

    def advice(self, task: Task) -> str:
        """That convolutional networks are usually better with few images."""
        count = len(task.data("train").labels)
        if count >= _FEW:
            return ""
        return (
            f"There are {count:,} training images. Vision transformers trained from scratch on fewer than {_FEW:,} are "
            "usually worse than convolutional networks: leave the space out, or name conv_net, for those."
        )

    def families(self, task: Task) -> dict[str, list[Architecture]]:
        """Scaled-down ViTs with patches and with a convolutional stem; the patch grows with the images."""
        side = min(task.input_shape[1:])
        patch = "p2" if side < 16 else "p4" if side < 64 else "p8"

        def made(stem: str) -> list[Architecture]:
            return [
                self.chain([stem, patch, f"w{32 * heads}", *(f"h{heads}", "r4") * depth])
                for heads in (1, 2, 3, 4, 6)
                for depth in self.counts
            ]

        return {"ViT": made("patches"), "ViT with a convolutional stem": made("conv")}
