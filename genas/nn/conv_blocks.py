"""Convolutional networks from a few numbers: a stem and stages of one block kind each.

This file imports nothing but torch, because it is exported as it stands beside the weights of a found network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (up to its stride) and its batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Plain(nn.Module):
    """Convolution, normalisation, ReLU (VGG: Simonyan & Zisserman 2015)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.body = conv_norm(inputs, outputs, kernel, stride)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.act(self.body(x))  # type: ignore[no-any-return]


class Shortcut(nn.Module):
    """What passes beside a block: nothing is changed where the shapes agree, else a 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        same = inputs == outputs and stride == 1
        self.body = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.body(x)  # type: ignore[no-any-return]


class Residual(nn.Module):
    """Two convolutions and a shortcut (He et al. 2016, the basic block)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = conv_norm(inputs, outputs, kernel, stride)
        self.act1 = nn.ReLU()
        self.second = conv_norm(outputs, outputs, kernel)
        self.shortcut = Shortcut(inputs, outputs, stride)
        self.act2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.act2(self.second(self.act1(self.first(x))) + self.shortcut(x))  # type: ignore[no-any-return]


class Bottleneck(nn.Module):
    """A narrow convolution between two 1x1 ones, and a shortcut (He et al. 2016, a quarter of the width inside)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = max(4, outputs // 4)
        self.body = nn.Sequential(
            conv_norm(inputs, inner),
            nn.ReLU(),
            conv_norm(inner, inner, kernel, stride),
            nn.ReLU(),
            conv_norm(inner, outputs),
        )
        self.shortcut = Shortcut(inputs, outputs, stride)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.act(self.body(x) + self.shortcut(x))  # type: ignore[no-any-return]


class Separable(nn.Module):
    """A depthwise convolution and a 1x1 one (MobileNet: Howard et al. 2017)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_norm(inputs, inputs, kernel, stride, groups=inputs),
            nn.ReLU(),
            conv_norm(inputs, outputs),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.body(x)  # type: ignore[no-any-return]


class SqueezeExcite(nn.Module):
    """Channels weighted by a look at the whole image (Hu et al. 2018, a quarter of the channels inside)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(4, channels // 4)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1),
            nn.ReLU(),
            nn.Conv2d(inner, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] -> the same."""
        return x * self.gate(x)  # type: ignore[no-any-return]


class Inverted(nn.Module):
    """Wide inside, narrow outside, linear at the end (MobileNetV2: Sandler et al. 2018; six times as wide inside)."""

    expansion = 6
    excite = False
    activation: Callable[[], nn.Module] = nn.ReLU6

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = inputs * self.expansion
        self.keep = inputs == outputs and stride == 1
        self.body = nn.Sequential(
            conv_norm(inputs, inner),
            self.activation(),
            conv_norm(inner, inner, kernel, stride, groups=inner),
            self.activation(),
            SqueezeExcite(inner) if self.excite else nn.Identity(),
            conv_norm(inner, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return x + self.body(x) if self.keep else self.body(x)  # type: ignore[no-any-return]


class ExcitedInverted(Inverted):
    """An inverted residual with squeeze-excite (MobileNetV3: Howard et al. 2019; four times as wide inside)."""

    expansion = 4
    excite = True
    activation = nn.Hardswish


class ConvNext(nn.Module):
    """A wide depthwise convolution and a two-layer perceptron per pixel (ConvNeXt: Liu et al. 2022)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        change = inputs != outputs or stride != 1
        self.resize = (
            nn.Sequential(nn.GroupNorm(1, inputs), nn.Conv2d(inputs, outputs, stride, stride))
            if change
            else nn.Identity()
        )
        self.body = nn.Sequential(
            nn.Conv2d(outputs, outputs, kernel, 1, kernel // 2, groups=outputs),
            nn.GroupNorm(1, outputs),
            nn.Conv2d(outputs, 4 * outputs, 1),
            nn.GELU(),
            nn.Conv2d(4 * outputs, outputs, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        x = self.resize(x)
        return x + self.body(x)  # type: ignore[no-any-return]


BLOCKS: dict[str, Callable[[int, int, int, int], nn.Module]] = {
    "plain": Plain,
    "residual": Residual,
    "bottleneck": Bottleneck,
    "separable": Separable,
    "inverted": Inverted,
    "mbconv": ExcitedInverted,
    "convnext": ConvNext,
}


class ConvNet(nn.Module):
    """A stem, stages of equal blocks, global average pooling and a linear layer.

    Every stage but the first halves height and width while they are larger than one pixel; the stem halves images of 64
    pixels and more, and quarters those of 128 and more.

    Args:
        stem: channels after the stem.
        stages: (block kind, kernel, depth, width) each.
        channels: channels of the image.
        size: height or width of the image, the smaller.
        outputs: number of classes.
    """

    def __init__(
        self, stem: int, stages: Sequence[tuple[str, int, int, int]], channels: int, size: int, outputs: int
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "stem": stem, "stages": [list(s) for s in stages], "channels": channels, "size": size, "outputs": outputs,
        }  # fmt: skip
        stride = 4 if size >= 128 else 2 if size >= 64 else 1
        self.stem = nn.Sequential(conv_norm(channels, stem, 3 if stride < 4 else 7, stride), nn.ReLU())
        size = -(-size // stride)
        width, blocks = stem, []
        for number, (kind, kernel, depth, outer) in enumerate(stages):
            for block in range(depth):
                step = 2 if number > 0 and block == 0 and size > 1 else 1
                blocks.append(BLOCKS[kind](width, outer, kernel, step))
                width, size = outer, -(-size // step) if kind != "convnext" else max(1, size // step)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] -> [B, outputs]."""
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))  # type: ignore[no-any-return]
