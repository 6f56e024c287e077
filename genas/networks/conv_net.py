"""Convolutional networks from a short description: a stem (pretrained or not), stages of equal blocks, and a head.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "silu": nn.SiLU}
LITE_WIDTH = 32
# One row per block, from the first: (kernel, stride, expansion, width).
LITE_BLOCKS: tuple[tuple[int, int, int, int], ...] = (
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
    (5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192),
    (3, 1, 6, 320),
)  # fmt: skip
_CENTRE, _HALF = 127.0, 128.0  # a pixel p from 0 to 255 was (p - 127) / 128 in the original training
_SAFE = 16  # with fewer channels, the backward pass of a 1x1 convolution at stride 2 corrupts memory (torch 2.13, x86)
_EPS, _MOMENTUM = 1e-3, 0.01  # of batch normalisation, as in the original training


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution with padding that keeps the size (divided by the stride), then batch normalisation."""
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
    """The shortcut of a block: an identity if the shapes agree, else a 1x1 projection."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        few = stride > 1 and inputs < _SAFE
        self.kept = nn.MaxPool2d(1, stride) if few else nn.Identity()  # drops the pixels that the stride skips
        same = inputs == outputs and stride == 1
        self.body = nn.Identity() if same else conv_norm(inputs, outputs, 1, 1 if few else stride)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        return self.body(self.kept(x))  # type: ignore[no-any-return]


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
    """A depthwise and a 1x1 convolution (MobileNet: Howard et al. 2017)."""

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
    """Channel attention from global average pooling (Hu et al. 2018), with a quarter of the channels inside."""

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
    """An inverted residual: wide inside, narrow outside, a linear projection (MobileNetV2: Sandler et al. 2018)."""

    expansion = 6  # inner width in multiples of the input's
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
    """An inverted residual with an inner width of three times the input's."""

    expansion = 3


class ExcitedInverted(Inverted):
    """An inverted residual with squeeze-excite (MobileNetV3: Howard et al. 2019) and four times the inner width."""

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


class SameConv2d(nn.Conv2d):
    """A convolution whose output size is the input size divided by the stride, rounded up (TensorFlow's "SAME").

    If the zero padding is an odd number, the bottom or right edge gets one more than the top or left. The pretrained
    weights need this padding.
    """

    def forward(self, input: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, ceil(H/stride), ceil(W/stride)]."""
        top, bottom = _zeros(input.shape[2], self.kernel_size[0], self.stride[0])
        left, right = _zeros(input.shape[3], self.kernel_size[1], self.stride[1])
        if top == bottom and left == right:
            return F.conv2d(input, self.weight, self.bias, self.stride, (top, left), groups=self.groups)
        padded = F.pad(input, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


def _zeros(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """The zero padding before and after `size` pixels."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def _lite_conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=_EPS, momentum=_MOMENTUM),
    )


class LiteBlock(nn.Module):
    """Expands by a 1x1 convolution, then a depthwise convolution, then projects to `outputs` without activation.

    If the shapes agree, the input is added to the result.

    Source: MobileNetV2 (Sandler et al. 2018), with the sizes of EfficientNet-Lite0.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.keep = inputs == outputs and stride == 1
        self.expand = _lite_conv(inputs, inner, 1) if expansion > 1 else nn.Identity()
        self.act1 = nn.ReLU6() if expansion > 1 else nn.Identity()
        self.depthwise = _lite_conv(inner, inner, kernel, stride, groups=inner)
        self.act2 = nn.ReLU6()
        self.project = _lite_conv(inner, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, ceil(H/stride), ceil(W/stride)]."""
        y: Tensor = self.project(self.act2(self.depthwise(self.act1(self.expand(x)))))
        return x + y if self.keep else y


class LiteStem(nn.Module):
    """The first blocks of EfficientNet-Lite0.

    Images come standardised per channel by the mean and deviation of their data set. If these are given, the stem maps
    the images back to the range of the pretraining, -1 to 1 with mid-grey at 0, which suits the pretrained weights
    better. A grey image is repeated to three channels.

    Source: EfficientNet (Tan & Le 2019), its Lite0 variant: no squeeze-excite, ReLU6 in place of swish, a first
    convolution of 32 channels.

    Args:
        blocks: number of blocks to keep, 1 to 16.
        channels: channels of the image, 1 or 3.
        mean: mean per channel of the data set's images, scaled to 0 to 1; empty leaves images as they are.
        std: standard deviation per channel; given together with `mean`.

    Attributes:
        width: channels of the output.
        stride: total stride; the output's height and width are rounded up.

    Raises:
        ValueError: a value is out of range, or `mean` and `std` do not fit `channels`.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, blocks: int, channels: int, mean: Sequence[float] = (), std: Sequence[float] = ()) -> None:
        super().__init__()
        if not 1 <= blocks <= len(LITE_BLOCKS):
            raise ValueError(f"blocks must be 1 to {len(LITE_BLOCKS)}, not {blocks}")
        if channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3, not {channels}")
        if len(mean) != len(std) or len(mean) not in (0, channels):
            raise ValueError(f"mean and std must have {channels} values each or none, not {len(mean)} and {len(std)}")
        self.blocks, self.channels, self.stride = blocks, channels, 2
        self.mapped = len(mean) > 0
        scale = [s * 255 / _HALF for s in std]  # x * std + mean is a pixel from 0 to 1
        shift = [(m * 255 - _CENTRE) / _HALF for m in mean]
        self.register_buffer("scale", torch.tensor(scale).view(-1, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(-1, 1, 1), persistent=False)
        self.first = _lite_conv(3, LITE_WIDTH, 3, 2)
        self.act = nn.ReLU6()
        width, body = LITE_WIDTH, []
        for kernel, stride, expansion, outputs in LITE_BLOCKS[:blocks]:
            body.append(LiteBlock(width, outputs, kernel, stride, expansion))
            width, self.stride = outputs, self.stride * stride
        self.body = nn.Sequential(*body)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] -> [B, width, ceil(H/stride), ceil(W/stride)]."""
        if self.mapped:
            x = x * self.scale + self.shift
        if self.channels == 1:
            x = torch.cat((x, x, x), dim=1)
        return self.body(self.act(self.first(x)))  # type: ignore[no-any-return]


class Resize(nn.Module):
    """Resizes images: "half" their height and width (means of 2x2 pixels), "full" (unchanged), "double" (bilinear)."""

    def __init__(self, size: str) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H/2, W/2], the same, or [B, C, 2H, 2W]."""
        if self.size == "half":
            return F.avg_pool2d(x, 2, ceil_mode=True)
        return F.interpolate(x, scale_factor=2.0, mode="bilinear") if self.size == "double" else x


class Pool(nn.Module):
    """Pools a feature map: its mean, its mean and maximum, or the means of its four quarters."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.times = {"mean": 1, "meanmax": 2, "quarters": 4}[kind]  # outputs for each channel

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, times * C]; quarters overlap by a row or column if a side is odd."""
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
    """Resizing, a stem, stages of equal blocks, pooling and a linear layer.

    Every stage but the first halves height and width, as long as they are larger than one pixel.

    Args:
        stem: channels of the stem, a 3x3 convolution (7x7 with a stride of 4); or, for example, "lite4" for the first
            four blocks of EfficientNet-Lite0, pretrained and frozen.
        stages: (block kind, kernel, depth, width) of each stage.
        channels: channels of the image.
        size: the smaller one of the image's height and width.
        outputs: number of classes.
        resize: how the image is resized first: "half", "full" or "double".
        stride: stride of the stem; after a pretrained stem, average pooling of this size.
        act: activation of all blocks, "relu" or "silu".
        pool: pooling before the head: "mean", "meanmax" or "quarters".
        mean: for a pretrained stem, mean per channel of the data set's images, scaled to 0 to 1.
        std: for a pretrained stem, standard deviation per channel.

    Attributes:
        least_size: the smallest side of an image, in pixels, that leaves 16 after the stem; smaller images hold too
            little information.
        frozen: identifies the maps of a frozen stem; "" if the stem is trained.
    """

    def __init__(
        self,
        stem: int | str,
        stages: Sequence[tuple[str, int, int, int]],
        channels: int,
        size: int,
        outputs: int,
        *,
        resize: str = "full",
        stride: int = 1,
        act: str = "relu",
        pool: str = "mean",
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "stem": stem, "stages": [list(s) for s in stages], "channels": channels, "size": size, "outputs": outputs,
            "resize": resize, "stride": stride, "act": act, "pool": pool, "mean": list(mean), "std": list(std),
        }  # fmt: skip
        self.resize = Resize(resize)
        self.least_size = round(16 * stride * {"half": 2, "full": 1, "double": 0.5}[resize])
        size = -(-size // 2) if resize == "half" else 2 * size if resize == "double" else size
        self.frozen = f"{stem} {resize}" if isinstance(stem, str) else ""  # identifies its maps
        self.stem: nn.Module
        if isinstance(stem, str):
            lite = LiteStem(int(stem.removeprefix("lite")), channels, mean, std)
            self.stem, self.between = lite, nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
            self.stem.requires_grad_(False)
            width, size = lite.width, -(-size // lite.stride)
        else:
            kernel = 3 if stride < 4 else 7
            self.stem = nn.Sequential(conv_norm(channels, stem, kernel, stride), ACTIVATIONS[act]())
            self.between, width = nn.Identity(), stem
        size = -(-size // stride)
        blocks = []
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
        return self.rest(self.stem(self.resize(x)))

    def rest(self, maps: Tensor) -> Tensor:
        """The layers after the stem: [B, C, h, w] -> [B, outputs]."""
        return self.head(self.pool(self.blocks(self.between(maps))))  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> ConvNet:
        """Set training mode, except for a frozen stem."""
        super().train(mode)
        if self.frozen:
            self.stem.eval()
        return self
