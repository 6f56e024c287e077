"""A small transformer over graphs that tells what their masked labels and edges probably are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from genas.nn.conditions import LEVELS

_PAIRS = 7  # forward absent, present, masked; the same backward; a node with itself


class _Block(nn.Module):
    """Attention biased by what joins two nodes, then a feed-forward layer."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.bias = nn.Embedding(_PAIRS, heads)
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, condition: Tensor, pairs: Tensor, real: Tensor) -> Tensor:
        """One block.

        Args:
            x: [B, N, W].
            condition: [B, 1, W], added to what the block reads.
            pairs: [B, N, N] kinds of pair.
            real: [B, N], False at padding.
        """
        batch, nodes, width = x.shape
        q, k, v = self.qkv(self.norm_1(x + condition)).view(batch, nodes, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        bias = self.bias(pairs).permute(0, 3, 1, 2).masked_fill(~real[:, None, None, :], -1e9)  # [B, H, N, N]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)  # [B, H, N, W / H]
        x = x + F.dropout(self.out(y.transpose(1, 2).reshape(batch, nodes, width)), self.dropout, self.training)
        y = self.down(F.gelu(self.up(self.norm_2(x + condition))))
        return x + F.dropout(y, self.dropout, self.training)


class _Thermometer(nn.Module):
    """A level [B] as the sum of a step for each level reached; -1 has a vector of its own."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps, self.any = nn.Linear(LEVELS, width), nn.Parameter(torch.zeros(width))

    def forward(self, level: Tensor) -> Tensor:
        reached = level[:, None] >= torch.arange(LEVELS, device=level.device)
        return torch.where(level[:, None] < 0, self.any, self.steps(reached.to(self.any.dtype)))  # [B, W]


class GraphTransformer(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Predicts the clean graph from a partly masked one, given a performance and a size level.

    Source: Vignac et al., DiGress (2023), Section 4, a transformer whose attention sees the edges; here edges enter as
    a bias per head only, nodes keep their place in the topological order, and the level is a thermometer code so that
    near levels share what they learn.

    Args:
        space: name of the space it was fitted on.
        ops: labels in the order of their ids, K of them.
        max_nodes: N, the most nodes of a graph.
        node_weights: the share of each number of nodes 0..N in the training data, per performance level, per size level
            and last over all.
        size_edges: the largest parameter count of each size level; [] where sizes are unknown.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        space: str,
        ops: list[str],
        max_nodes: int,
        node_weights: list[list[float]],
        size_edges: list[float],
        *,
        width: int = 64,
        depth: int = 3,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.label = nn.Embedding(len(ops) + 2, width)
        self.first, self.last = nn.Embedding(max_nodes, width), nn.Embedding(max_nodes, width)
        self.level, self.size = _Thermometer(width), _Thermometer(width)
        self.share = nn.Linear(1, width)
        self.blocks = nn.ModuleList([_Block(width, heads, dropout) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.node_head = nn.Linear(width, len(ops))
        self.source, self.target = nn.Linear(width, width), nn.Linear(width, width)
        self.edge_head = nn.Sequential(nn.GELU(), nn.Linear(width, 1))

    def forward(
        self, nodes: Tensor, edges: Tensor, level: Tensor, size: Tensor, share: Tensor, *, wired: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Logits of the labels [B, N, K] and of each edge being there [B, N, N].

        Args:
            nodes: [B, N] ids, masked where hidden.
            edges: [B, N, N], masked where hidden.
            level: [B] performance levels, -1 for any.
            size: [B] size levels, -1 for any.
            share: [B] how much of what can be masked is, in (0, 1].
            wired: whether edges are wanted; they come as [0, N, N] otherwise.
        """
        real = nodes != len(self.config.ops) + 1
        place = torch.arange(nodes.shape[1], device=real.device)
        back = (real.sum(1, keepdim=True) - 1 - place).clamp(min=0)  # [B, N]
        x = self.label(nodes) + self.first(place) + self.last(back)
        condition = (self.level(level) + self.size(size) + self.share(share[:, None])).unsqueeze(1)  # [B, 1, W]
        pairs = _pair_kinds(edges)
        for block in self.blocks:
            x = block(x, condition, pairs, real)
        x = self.norm(x)
        if not wired:
            return self.node_head(x), edges.new_zeros((0, *edges.shape[1:]), dtype=x.dtype)
        edge = self.edge_head(self.source(x)[:, :, None] + self.target(x)[:, None, :]).squeeze(-1)
        return self.node_head(x), edge


def _pair_kinds(edges: Tensor) -> Tensor:
    forward = torch.triu(torch.ones_like(edges[0], dtype=torch.bool), diagonal=1)
    kinds = torch.where(forward, edges, edges.transpose(1, 2) + 3)
    return kinds.masked_fill(torch.eye(edges.shape[1], dtype=torch.bool, device=edges.device), 6)
