"""A decoder-only transformer whose layers may differ in attention heads and MLP width.

This file imports torch only, so that a trained network can be exported as this file and a weights file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

_HEAD = 64  # channels of an attention head


class GptNet(nn.Module):
    """A language model: token ids in, logits of the next token out.

    Source: Sukthanker et al., "HW-GPT-Bench" (NeurIPS 2024). Its table of parameter counts determines all parts with
    weights: untied embeddings, heads of 64 channels, a gated MLP of three matrices, layer norms with a bias, no learned
    positions. Parts without weights are our choice: rotary positions on all channels, SiLU, pre-norm.

    Args:
        heads: attention heads of each layer.
        ratios: width of each layer's MLP, in multiples of `width`.
        width: channels of the embedding.
        bias: whether linear layers have a bias (the last one never has).
        vocabulary: number of token ids.
    """

    def __init__(
        self, heads: Sequence[int], ratios: Sequence[int], width: int, *, bias: bool = True, vocabulary: int = 50_254
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "heads": list(heads),
            "ratios": list(ratios),
            "width": width,
            "bias": bias,
            "vocabulary": vocabulary,
        }
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(_Layer(width, h, r, bias) for h, r in zip(heads, ratios, strict=True))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token ids [B, T] -> logits of the next token at every position [B, T, vocabulary]."""
        features = self.embedding(tokens.long())  # [B, T, width]
        for layer in self.layers:
            features = layer(features)
        logits: Tensor = self.head(self.norm(features))  # [B, T, vocabulary]
        return logits


class _Layer(nn.Module):
    """Causal attention, then a gated MLP, both with pre-norm and a residual connection."""

    def __init__(self, width: int, heads: int, ratio: int, bias: bool) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * heads * _HEAD, bias=bias)
        self.join = nn.Linear(heads * _HEAD, width, bias=bias)
        self.gate = nn.Linear(width, ratio * width, bias=bias)
        self.up = nn.Linear(width, ratio * width, bias=bias)
        self.down = nn.Linear(ratio * width, width, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        batch, length, _ = features.shape
        parts = self.attend(self.before_attention(features)).view(batch, length, 3, self.heads, _HEAD)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each [B, heads, T, 64]
        mixed = scaled_dot_product_attention(_rotated(query), _rotated(key), value, is_causal=True)
        features = features + self.join(mixed.transpose(1, 2).reshape(batch, length, -1))
        read = self.before_mlp(features)
        total: Tensor = features + self.down(silu(self.gate(read)) * self.up(read))
        return total  # [B, T, width]


def _rotated(vectors: Tensor) -> Tensor:
    """Rotary position embedding: rotates pairs of channels by an angle proportional to the position."""
    length, half = vectors.shape[-2], _HEAD // 2
    speeds = 10_000.0 ** (-torch.arange(half, device=vectors.device) / half)
    angles = torch.arange(length, device=vectors.device)[:, None] * speeds  # [T, 32]
    one, two = vectors.chunk(2, dim=-1)
    return torch.cat(
        (one * angles.cos() - two * angles.sin(), one * angles.sin() + two * angles.cos()), dim=-1
    )  # [B, heads, T, 64]
