"""Vision transformers for small images: patches or a convolutional stem, then layers of attention and MLP.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEAD = 32  # channels of an attention head


class VitNet(nn.Module):
    """Classifies images: tokens with learned positions, pre-norm layers, the mean of all tokens, a linear head.

    Source: Dosovitskiy et al., "An Image is Worth 16x16 Words" (ICLR 2021); queries, keys and values of a fixed width
    for each head and mean pooling as in Chen et al., "AutoFormer" (ICCV 2021); convolutional stem of Xiao et al.,
    "Early Convolutions Help Transformers See Better" (NeurIPS 2021).

    Every smaller network is a slice of a larger one: the first rows and columns of each matrix (`query`, `key` and
    `value` are separate so that fewer heads are the first rows), the first channels of each norm, the first layers.

    Args:
        layers: heads, and width of the MLP in multiples of `width`, of each layer.
        width: channels of a token.
        patch: side of a patch in pixels: a power of two.
        channels: of the images.
        size: height and width of the images.
        outputs: number of classes.
        stem: whether convolutions of stride 2 (overlapping patches) replace the linear map of patches.
    """

    def __init__(
        self,
        layers: Sequence[tuple[int, int]],
        width: int,
        patch: int,
        *,
        channels: int,
        size: Sequence[int],
        outputs: int,
        stem: bool = False,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "layers": [tuple(layer) for layer in layers],
            "width": width,
            "patch": patch,
            "channels": channels,
            "size": list(size),
            "outputs": outputs,
            "stem": stem,
        }
        high, wide = size
        self.padding = (0, -wide % patch, 0, -high % patch)
        tokens = -(-high // patch) * -(-wide // patch)
        self.embed = _conv_stem(channels, width, patch) if stem else nn.Conv2d(channels, width, patch, patch)
        self.positions = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        self.layers = nn.ModuleList(Layer(width, heads, ratio) for heads, ratio in layers)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, outputs]; sides that are no multiple of the patch are padded with zeros."""
        tokens = self.embed(F.pad(x, self.padding)).flatten(2).transpose(1, 2) + self.positions  # [B, T, width]
        for layer in self.layers:
            tokens = layer(tokens)
        scores: Tensor = self.head(self.norm(tokens).mean(1))
        return scores


class Layer(nn.Module):
    """Attention, then an MLP, both with pre-norm and a residual connection."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.heads, inner = heads, heads * HEAD
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, inner) for _ in range(3))
        self.join = nn.Linear(inner, width)
        self.up, self.down = nn.Linear(width, ratio * width), nn.Linear(ratio * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, T, width] -> [B, T, width]."""
        read = self.before_attention(tokens)
        query, key, value = (
            part(read).unflatten(-1, (self.heads, HEAD)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )  # each [B, heads, T, HEAD]
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tokens = tokens + self.join(mixed)
        total: Tensor = tokens + self.down(F.gelu(self.up(self.before_mlp(tokens))))
        return total


def _conv_stem(channels: int, width: int, patch: int) -> nn.Sequential:
    """3x3 convolutions of stride 2 until a pixel stands for a patch, then a 1x1 convolution to the tokens' width."""
    parts: list[nn.Module] = []
    for _ in range(patch.bit_length() - 1):
        parts += [nn.Conv2d(channels, width // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(width // 2), nn.ReLU()]
        channels = width // 2
    return nn.Sequential(*parts, nn.Conv2d(channels, width, 1))
