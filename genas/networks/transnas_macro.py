"""The macro networks of TransNAS-Bench-101: a stem and four to six modules of two residual blocks.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

MODULES = ("plain", "widen", "halve", "both")  # twice the channels: widen, both; half the resolution: halve, both


class MacroNet(nn.Module):
    """An image classifier whose modules define where channels are doubled and where the resolution is halved.

    Source: Duan et al., "TransNAS-Bench-101: Improving Transferability and Generalizability of Cross-Task Neural
    Architecture Search" (CVPR 2021), section 3.2: the macro backbone, here with the classifier of its recognition tasks
    (a mean over the image and a linear layer). The decoders of its pixel tasks are not built.

    Args:
        modules: four to six of plain, widen, halve, both.
        in_channels: channels of the image.
        outputs: number of classes.
        channels: channels after the stem. Its first layer has half of them; the stem halves the resolution twice.
        blocks: residual blocks per module; the first one changes channels and resolution.

    Raises:
        ValueError: a module is unknown.
    """

    def __init__(
        self, modules: Sequence[str], in_channels: int = 3, outputs: int = 10, *, channels: int = 64, blocks: int = 2
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "modules": list(modules),
            "in_channels": in_channels,
            "outputs": outputs,
            "channels": channels,
            "blocks": blocks,
        }
        half = channels // 2
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, half, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(half),
            _convolution(half, channels, stride=2),
        )
        body: list[nn.Module] = []
        width = channels
        for module in modules:
            if module not in MODULES:
                raise ValueError(f"there is no module {module!r}")
            wider = width * 2 if module in ("widen", "both") else width
            body.append(_Block(width, wider, stride=2 if module in ("halve", "both") else 1))
            body += [_Block(wider, wider) for _ in range(blocks - 1)]
            width = wider
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(width, outputs)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """[B, in_channels, H, W] -> logits [B, outputs]."""
        features: Tensor = self.body(self.stem(images))  # [B, width, H / 2^(2 + halvings), W / the same]
        logits: Tensor = self.head(features.mean(dim=(2, 3)))  # [B, outputs]
        return logits


def _convolution(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    """ReLU, 3x3 convolution, batch norm."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
    )


class _Block(nn.Module):
    """Two convolutions and a shortcut; if the shape changes, the shortcut is a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.main = nn.Sequential(_convolution(inputs, outputs, stride=stride), _convolution(outputs, outputs))
        same = stride == 1 and inputs == outputs
        projection = (nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if same else nn.Sequential(*projection)

    def forward(self, inputs: Tensor) -> Tensor:
        summed: Tensor = self.shortcut(inputs) + self.main(inputs)
        return summed  # [B, outputs, H / stride, W / stride]
