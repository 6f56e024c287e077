"""Convolutional networks from a few words and numbers: a stem, perhaps pretrained, stages of equal blocks, and a head.

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
_SAFE = 16  # channels: the backward pass of a 1x1 convolution at stride 2 damages memory with fewer (torch 2.13, x86)
_EPS, _MOMENTUM = 1e-3, 0.01  # of batch normalisation, as in the original training


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
        few = stride > 1 and inputs < _SAFE
        self.kept = nn.MaxPool2d(1, stride) if few else nn.Identity()  # drops the pixels that the stride passes over
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


class SameConv2d(nn.Conv2d):
    """A convolution whose output is the input's size divided by the stride, rounded up.

    Where the zeros to add at two opposite edges are an odd number, the bottom or right edge gets one more than the top
    or left. The original weights were trained with this padding (TensorFlow's "SAME").
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
    """Zeros to add before and after `size` pixels."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def _lite_conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        SameConv2d(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=_EPS, momentum=_MOMENTUM),
    )


class LiteBlock(nn.Module):
    """Expand by a 1x1 convolution, convolve each channel by itself, project to `outputs` without an activation.

    Where the shapes agree, the input is added to the result.

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
    """EfficientNet-Lite0 up to and including one of its 16 blocks.

    The images are standardised per channel by their own data set's mean and deviation. Where these are given, the stem
    maps the images back to the range of the original training, -1 to 1 with 0 in mid-grey, which suits the pretrained
    weights better. A grey image is repeated to three channels.

    Source: EfficientNet (Tan & Le 2019), its Lite0 variant: no squeeze-excite, ReLU6 in place of swish, a first
    convolution of 32 channels.

    Args:
        blocks: number of blocks that are kept, 1 to 16.
        channels: channels of the image, 1 or 3.
        mean: per channel, of the data set's images scaled to 0 to 1; empty leaves the images as they are.
        std: their standard deviation per channel, given together with `mean`.

    Attributes:
        width: channels of the output.
        stride: height and width of the input divided by those of the output (which are rounded up).
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
        stem: channels after the stem, a convolution of 3x3 pixels (7x7 where its stride is 4); or "lite4", say, for
            the first four blocks of EfficientNet-Lite0, which stay as they are in training.
        stages: (block kind, kernel, depth, width) each.
        channels: channels of the image.
        size: height or width of the image, the smaller.
        outputs: number of classes.
        resize: "half", "full" or "double": what is done to the image first.
        stride: of the stem; after a pretrained one, the means of so many pixels are taken.
        mean: of the data set's images scaled to 0 to 1, per channel, for a pretrained stem.
        std: their standard deviation per channel.
        act: the activation of all blocks, "relu" or "silu".
        pool: what the head sees, "mean", "meanmax" or "quarters".

    Attributes:
        least_size: pixels of an image's side that leave 16 after the stem: images that are smaller say too little.
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
        self.frozen = f"{stem} {resize}" if isinstance(stem, str) else ""  # what tells the stem's maps from others
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
        """What follows the stem: [B, C, h, w] -> [B, outputs]."""
        return self.head(self.pool(self.blocks(self.between(maps))))  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> ConvNet:
        """Training mode, but for a frozen stem."""
        super().train(mode)
        if self.frozen:
            self.stem.eval()
        return self
