"""Convolutional networks from a few words and numbers: a stem, stages of one block kind each, and a head.

This file imports nothing but torch, because it is exported as it stands beside the weights of a winner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
}


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (up to its stride) and its batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Plain(nn.Module):
    """Convolution, normalisation, ReLU (VGG: Simonyan & Zisserman 2015)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, act: str) -> None:
        super().__init__()
        self.body = conv_norm(inputs, outputs, kernel, stride)
        self.act = ACTIVATIONS[act]()

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

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, act: str) -> None:
        super().__init__()
        self.first = conv_norm(inputs, outputs, kernel, stride)
        self.act1 = ACTIVATIONS[act]()
        self.second = conv_norm(outputs, outputs, kernel)
        self.shortcut = Shortcut(inputs, outputs, stride)
        self.act2 = ACTIVATIONS[act]()

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.act2(self.second(self.act1(self.first(x))) + self.shortcut(x))  # type: ignore[no-any-return]


class Separable(nn.Module):
    """A depthwise convolution and a 1x1 one (MobileNet: Howard et al. 2017)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, act: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_norm(inputs, inputs, kernel, stride, groups=inputs),
            ACTIVATIONS[act](),
            conv_norm(inputs, outputs),
            ACTIVATIONS[act](),
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
    """Wide inside, narrow outside, linear at the end (MobileNetV2: Sandler et al. 2018)."""

    expansion = 6  # times as wide inside
    excite = False

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, act: str) -> None:
        super().__init__()
        inner = inputs * self.expansion
        self.keep = inputs == outputs and stride == 1
        self.body = nn.Sequential(
            conv_norm(inputs, inner),
            ACTIVATIONS[act](),
            conv_norm(inner, inner, kernel, stride, groups=inner),
            ACTIVATIONS[act](),
            SqueezeExcite(inner) if self.excite else nn.Identity(),
            conv_norm(inner, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return x + self.body(x) if self.keep else self.body(x)  # type: ignore[no-any-return]


class NarrowInverted(Inverted):
    """An inverted residual three times as wide inside."""

    expansion = 3


class ExcitedInverted(Inverted):
    """An inverted residual with squeeze-excite (MobileNetV3: Howard et al. 2019; four times as wide inside)."""

    expansion = 4
    excite = True


BLOCKS: dict[str, Callable[[int, int, int, int, str], nn.Module]] = {
    "plain": Plain,
    "residual": Residual,
    "separable": Separable,
    "inverted3": NarrowInverted,
    "inverted6": Inverted,
    "mbconv": ExcitedInverted,
}


class Resize(nn.Module):
    """Images at half their height and width (means of 2x2 pixels), as they are, or at double (bilinear)."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H/2, W/2], the same, or [B, C, 2H, 2W]."""
        if self.size == "half":
            return F.avg_pool2d(x, 2, ceil_mode=True)
        return F.interpolate(x, scale_factor=2.0, mode="bilinear") if self.size == "double" else x


class Pool(nn.Module):
    """What is left of the places of a map: the mean, mean and maximum, or the means of its four quarters."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.times = {"mean": 1, "meanmax": 2, "quarters": 4}[kind]  # outputs for each channel

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, times * C]; quarters overlap by a row or column where a side is odd."""
        if self.kind == "mean":
            return x.mean((2, 3))
        if self.kind == "meanmax":
            return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        rows, columns = -(-x.shape[2] // 2), -(-x.shape[3] // 2)
        quarters = [
            rows_kept[..., columns_kept]
            for rows_kept in (x[:, :, :rows], x[:, :, x.shape[2] - rows :])
            for columns_kept in (slice(columns), slice(x.shape[3] - columns, None))
        ]
        return torch.cat([quarter.mean((2, 3)) for quarter in quarters], 1)


class ConvNet(nn.Module):
    """The image resized, a stem, stages of equal blocks, pooling and a linear layer.

    Every stage but the first halves height and width while they are larger than one pixel.

    Args:
        stem: channels after the stem, a convolution of 3x3 pixels (7x7 where its stride is 4).
        stages: (block kind, kernel, depth, width) each.
        channels: channels of the image.
        size: height or width of the image, the smaller.
        outputs: number of classes.
        resize: "half", "full" or "double": what is done to the image first.
        stride: of the stem.
        act: the activation of all blocks, "relu" or "silu".
        pool: what the head sees, "mean", "meanmax" or "quarters".
    """

    def __init__(
        self,
        stem: int,
        stages: Sequence[tuple[str, int, int, int]],
        channels: int,
        size: int,
        outputs: int,
        *,
        resize: str = "full",
        stride: int = 1,
        act: str = "relu",
        pool: str = "mean",
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "stem": stem, "stages": [list(s) for s in stages], "channels": channels, "size": size, "outputs": outputs,
            "resize": resize, "stride": stride, "act": act, "pool": pool,
        }  # fmt: skip
        self.resize = Resize(resize)
        size = -(-size // 2) if resize == "half" else 2 * size if resize == "double" else size
        self.stem = nn.Sequential(conv_norm(channels, stem, 3 if stride < 4 else 7, stride), ACTIVATIONS[act]())
        size = -(-size // stride)
        width, blocks = stem, []
        for number, (kind, kernel, depth, outer) in enumerate(stages):
            for block in range(depth):
                step = 2 if number > 0 and block == 0 and size > 1 else 1
                blocks.append(BLOCKS[kind](width, outer, kernel, step, act))
                width, size = outer, -(-size // step)
        self.blocks = nn.Sequential(*blocks)
        self.pool = Pool(pool)
        self.head = nn.Linear(width * self.pool.times, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] -> [B, outputs]."""
        return self.head(self.pool(self.blocks(self.stem(self.resize(x)))))  # type: ignore[no-any-return]
