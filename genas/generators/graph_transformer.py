"""The denoiser: a small transformer over graphs that predicts masked labels and edges."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from genas.generators.conditions import ANY, LEVELS, Wish

_PAIRS = 7  # kinds of node pairs: forward edge absent, present, masked; the same backward; a node with itself


class _Block(nn.Module):
    """Attention with a bias per kind of node pair, then a feed-forward layer."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.bias = nn.Embedding(_PAIRS, heads)
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor, condition: Tensor, pairs: Tensor, real: Tensor) -> Tensor:
        """The updated node states [B, N, W].

        Args:
            x: [B, N, W] node states.
            condition: [B, 1, W], added to the input of both layers.
            pairs: [B, N, N] kind of each node pair.
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
    """Embeds levels [B, K] as the sum of one vector per level reached, so that near levels share; -1 adds nothing."""

    def __init__(self, kinds: int, width: int) -> None:
        super().__init__()
        self.steps = nn.Linear(kinds * (LEVELS + 1), width, bias=False)

    def forward(self, levels: Tensor) -> Tensor:
        reached = levels[..., None] >= torch.arange(LEVELS, device=levels.device)
        conditioned = (levels >= 0)[..., None]
        return self.steps(torch.cat([reached, conditioned], -1).flatten(1).to(self.steps.weight.dtype))  # type: ignore[no-any-return]


class GraphTransformer(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Predicts the clean graph from a partly masked one and the conditions.

    Source: Vignac et al., DiGress (2023), Section 4, a transformer whose attention sees the edges. Different here:
    edges enter only as a bias per head, nodes keep their position in the topological order, levels are thermometer
    codes, and the number of nodes is predicted from the conditions.

    Args:
        space: name of the space it was fitted on.
        ops: the K labels in the order of their ids.
        max_nodes: N, the largest number of nodes of a graph.
        costs: for each of the C costs, the upper edge of each level.
        task_size: E, the length of a task vector; 0 for a model that is not conditioned on the task.
        width: W, the size of a node state.
        depth: number of blocks.
        heads: attention heads per block.
        dropout: dropout rate.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        space: str,
        ops: list[str],
        max_nodes: int,
        costs: dict[str, list[float]],
        task_size: int = 0,
        *,
        width: int = 64,
        depth: int = 3,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.label = nn.Embedding(len(ops) + 2, width)
        self.first, self.last = nn.Embedding(max_nodes, width), nn.Embedding(max_nodes, width)
        self.levels = _Thermometer(2 + len(costs), width)
        self.task = nn.Linear(task_size, width, bias=False) if task_size else None
        self.share, self.mix = nn.Linear(1, width), nn.Linear(width, width)
        self.counts = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, max_nodes + 1))
        self.blocks = nn.ModuleList([_Block(width, heads, dropout) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.node_head = nn.Linear(width, len(ops))
        self.source, self.target = nn.Linear(width, width), nn.Linear(width, width)
        self.edge_head = nn.Sequential(nn.GELU(), nn.Linear(width, 1))

    def condition(self, wish: Wish, share: Tensor) -> Tensor:
        """The embedded conditions [B, W].

        Args:
            wish: the conditions.
            share: [B] fraction of the open entries that are masked, in (0, 1].
        """
        with_cost = (wish.costs >= 0).any(1)  # a level among graphs of equal cost differs from a level among all
        level = torch.stack([wish.level.masked_fill(with_cost, ANY), wish.level.masked_fill(~with_cost, ANY)], 1)
        x = self.levels(torch.cat([level, wish.costs], 1)) + self.share(share[:, None])
        if self.task is not None:
            x = x + self.task(wish.task)
        return x + self.mix(F.gelu(x))  # type: ignore[no-any-return]

    def node_counts(self, wish: Wish) -> Tensor:
        """Logits of the number of nodes [B, N + 1]."""
        return self.counts(self.condition(wish, torch.ones_like(wish.level, dtype=torch.float32)))  # type: ignore[no-any-return]

    def forward(
        self, nodes: Tensor, edges: Tensor, wish: Wish, share: Tensor, *, wired: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Logits of the labels [B, N, K] and of each edge being present [B, N, N].

        Args:
            nodes: [B, N] ids of labels, some masked.
            edges: [B, N, N] states of edges, some masked.
            wish: the conditions.
            share: [B] fraction of the open entries that are masked, in (0, 1].
            wired: whether to compute edges; otherwise their logits are empty, [0, N, N].
        """
        real = nodes != len(self.config.ops) + 1
        place = torch.arange(nodes.shape[1], device=real.device)
        back = (real.sum(1, keepdim=True) - 1 - place).clamp(min=0)  # [B, N]
        x = self.label(nodes) + self.first(place) + self.last(back)
        condition = self.condition(wish, share).unsqueeze(1)  # [B, 1, W]
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
