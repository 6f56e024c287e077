"""Mobile networks: a stem, stages of inverted residual blocks, each with its own kernel and expansion, and a head.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "hswish": nn.Hardswish}
HEAD = 4  # channels of the head in multiples of the last stage's


def conv_norm(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution with padding that keeps the size (divided by the stride), then batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class SqueezeExcite(nn.Module):
    """Channel attention from global average pooling (Hu et al. 2018), with a quarter of the channels inside.

    The gate is a hard sigmoid, as in MobileNetV3 (Howard et al. 2019, section 5.2).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(4, channels // 4)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, inner, 1)
        self.act = nn.ReLU()
        self.expand = nn.Conv2d(inner, channels, 1)
        self.gate = nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] -> the same."""
        return x * self.gate(self.expand(self.act(self.reduce(self.pool(x)))))  # type: ignore[no-any-return]


class MobileBlock(nn.Module):
    """An inverted residual: wide inside, narrow outside, a linear projection (MobileNetV2: Sandler et al. 2018).

    Args:
        inputs: channels.
        outputs: channels; a shortcut is added if they are the inputs' and the stride is 1.
        kernel: of the depthwise convolution, odd.
        expansion: channels inside, in multiples of the inputs'.
        stride: of the depthwise convolution.
        act: "relu" or "hswish".
        excite: whether squeeze-excite follows the depthwise convolution (MobileNetV3).
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, expansion: int, *, stride: int, act: str, excite: bool
    ) -> None:
        super().__init__()
        inner = inputs * expansion
        self.adds = inputs == outputs and stride == 1
        self.widen = conv_norm(inputs, inner)
        self.act1 = ACTIVATIONS[act]()
        self.filter = conv_norm(inner, inner, kernel, stride, groups=inner)
        self.act2 = ACTIVATIONS[act]()
        self.excite = SqueezeExcite(inner) if excite else nn.Identity()
        self.narrow = conv_norm(inner, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] -> [B, outputs, H/stride, W/stride]."""
        inner = self.excite(self.act2(self.filter(self.act1(self.widen(x)))))
        return x + self.narrow(inner) if self.adds else self.narrow(inner)  # type: ignore[no-any-return]


class MobileNet(nn.Module):
    """A stem, stages of inverted residual blocks, a 1x1 convolution, the mean over pixels and a linear layer.

    The first block of every stage but the first halves height and width, as long as they are larger than one pixel.

    Args:
        stem: channels of the first convolution, 3x3 (7x7 with a stride of 4).
        stages: (channels, whether there is squeeze-excite, [(kernel, expansion) of each block]) of each stage.
        channels: of the image.
        size: the smaller one of the image's height and width.
        outputs: number of classes.
        stride: of the stem.
        act: activation, "relu" or "hswish".

    Attributes:
        least_size: the smallest side of an image, in pixels, that leaves 16 after the stem.
        body: a list of blocks for each stage.
    """

    def __init__(
        self,
        stem: int,
        stages: Sequence[tuple[int, bool, Sequence[tuple[int, int]]]],
        channels: int,
        size: int,
        outputs: int,
        *,
        stride: int = 1,
        act: str = "relu",
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "stem": stem, "channels": channels, "size": size, "outputs": outputs, "stride": stride, "act": act,
            "stages": [[width, excite, [list(block) for block in blocks]] for width, excite, blocks in stages],
        }  # fmt: skip
        self.least_size = 16 * stride
        self.stem = nn.Sequential(conv_norm(channels, stem, 7 if stride > 2 else 3, stride), ACTIVATIONS[act]())
        inputs, size, body = stem, -(-size // stride), []
        for number, (width, excite, blocks) in enumerate(stages):
            made = []
            for block, (kernel, expansion) in enumerate(blocks):
                step = 2 if number > 0 and block == 0 and size > 1 else 1
                made.append(MobileBlock(inputs, width, kernel, expansion, stride=step, act=act, excite=excite))
                inputs, size = width, -(-size // step)
            body.append(nn.Sequential(*made))
        self.body = nn.Sequential(*body)
        self.last = nn.Sequential(conv_norm(inputs, HEAD * inputs), ACTIVATIONS[act]())
        self.head = nn.Linear(HEAD * inputs, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """[B, channels, H, W] -> logits [B, outputs]."""
        features: Tensor = self.last(self.body(self.stem(images)))  # [B, 4 width, h, w]
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits
