"""The network of the FBNet space: a stem, 22 inverted residual blocks of chosen kinds, a wide 1x1 convolution.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

STAGES = (
    (16, 1, 1),
    (24, 4, 1),
    (32, 4, 2),
    (64, 4, 2),
    (112, 4, 1),
    (184, 4, 2),
    (352, 1, 1),
)  # channels, blocks, stride
_STEM, _HEAD = 16, 1504  # channels


class FbnetNet(nn.Module):
    """An image classifier of 22 blocks, each of one of nine kinds.

    Source: Wu et al., "FBNet" (CVPR 2019), table 1 and section 3.1, as changed for 32x32 images by HW-NAS-Bench (Li et
    al., ICLR 2021): the stem and the second stage keep the resolution, the last convolution has 1504 channels. The
    published parameter counts determine all parts with weights. Parts without weights are our choice: no ReLU after the
    convolution of a skip, channels shuffled between groups after the first 1x1 convolution of a block.

    Args:
        blocks: kinds, from the image to the output: k<kernel>_e<expansion>, with _g2 for 1x1 convolutions in two
            groups, or skip.
        in_channels: channels of the image.
        outputs: number of classes.
        width: factor of the channels of every layer (1 is the published network), rounded to multiples of 4.
        stages: number of stages, counted from the image; the published network has seven.
    """

    def __init__(
        self,
        blocks: Sequence[str],
        in_channels: int = 3,
        outputs: int = 100,
        *,
        width: float = 1.0,
        stages: int = len(STAGES),
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "blocks": list(blocks),
            "in_channels": in_channels,
            "outputs": outputs,
            "width": width,
            "stages": stages,
        }
        channels = _scaled(_STEM, width)
        body: list[nn.Module] = [_convolution(in_channels, channels, 3, act=True)]
        kinds = iter(blocks)
        for wide, depth, stride in STAGES[:stages]:
            for block in range(depth):
                body.append(_block(next(kinds), channels, _scaled(wide, width), stride if block == 0 else 1))
                channels = _scaled(wide, width)
        body.append(_convolution(channels, _scaled(_HEAD, width), 1, act=True))
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(_scaled(_HEAD, width), outputs)

    def forward(self, images: Tensor) -> Tensor:
        """[B, in_channels, H, W] -> logits [B, outputs]."""
        features: Tensor = self.body(images)  # [B, 1504, H/8, W/8]
        logits: Tensor = self.head(features.mean(dim=(2, 3)))  # [B, outputs]
        return logits


def _scaled(channels: int, width: float) -> int:
    return max(4, round(channels * width / 4) * 4)


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, act: bool
) -> nn.Sequential:
    """Convolution, batch norm and, with `act`, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


def _block(kind: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """One block. A skip is an identity if the shape stays, else a 1x1 convolution."""
    if kind != "skip":
        return _Inverted(kind, inputs, outputs, stride)
    same = inputs == outputs and stride == 1
    return nn.Identity() if same else _convolution(inputs, outputs, 1, stride=stride, act=False)


class _Inverted(nn.Module):
    """Inverted residual: 1x1 convolution to more channels, depthwise convolution, 1x1 convolution back."""

    def __init__(self, kind: str, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        kernel, expansion, *grouped = (int(word[1:]) for word in kind.split("_"))
        self._groups = grouped[0] if grouped else 1
        inner = inputs * expansion
        self.widen = _convolution(inputs, inner, 1, groups=self._groups, act=False)
        self.filter = _convolution(inner, inner, kernel, stride=stride, groups=inner, act=True)
        self.narrow = _convolution(inner, outputs, 1, groups=self._groups, act=False)
        self._adds = inputs == outputs and stride == 1

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = relu(self.widen(inputs))  # [B, inner, H, W]
        if self._groups > 1:
            features = torch.channel_shuffle(features, self._groups)
        features = self.narrow(self.filter(features))  # [B, outputs, H/stride, W/stride]
        return features + inputs if self._adds else features
