"""The first blocks of EfficientNet-Lite0, as a stem that other layers stand on.

This file imports nothing but torch, because it is exported as it stands beside the weights of a winner.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEM_WIDTH = 32
# One row per block, from the first: (kernel, stride, expansion, width).
BLOCKS: tuple[tuple[int, int, int, int], ...] = (
    (3, 1, 1, 16),
    (3, 2, 6, 24), (3, 1, 6, 24),
    (5, 2, 6, 40), (5, 1, 6, 40),
    (3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80),
    (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112),
    (5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192),
    (3, 1, 6, 320),
)  # fmt: skip
_CENTRE, _HALF = 127.0, 128.0  # a pixel p from 0 to 255 was (p - 127) / 128 in the original training
_EPS, _MOMENTUM = 1e-3, 0.01  # of batch normalisation, as in the original training


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


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
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
        self.expand = _conv_norm(inputs, inner, 1) if expansion > 1 else nn.Identity()
        self.act1 = nn.ReLU6() if expansion > 1 else nn.Identity()
        self.depthwise = _conv_norm(inner, inner, kernel, stride, groups=inner)
        self.act2 = nn.ReLU6()
        self.project = _conv_norm(inner, outputs, 1)

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
        if not 1 <= blocks <= len(BLOCKS):
            raise ValueError(f"blocks must be 1 to {len(BLOCKS)}, not {blocks}")
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
        self.first = _conv_norm(3, STEM_WIDTH, 3, 2)
        self.act = nn.ReLU6()
        width, body = STEM_WIDTH, []
        for kernel, stride, expansion, outputs in BLOCKS[:blocks]:
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
