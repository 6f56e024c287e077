"""A graph neural network that ranks architectures from their graphs alone, as an ensemble with a spread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch_geometric.nn import GINConv, global_add_pool, global_mean_pool

from genas.core.errors import RequestError
from genas.core.records import Architecture

_FAR = 31


class Collated(NamedTuple):
    """Graphs side by side as one; M nodes and E edges over all B graphs."""

    labels: Tensor  # [M]
    places: Tensor  # [M, 2] longest path from a source and to a sink
    edges: Tensor  # [2, E]
    graph: Tensor  # [M] the graph of each node
    size: int  # B


def collate(archs: Sequence[Architecture], ops: Sequence[str], device: str = "cpu") -> Collated:
    """The architectures as one large graph; a label the model does not know is a RequestError."""
    ids = {op: i for i, op in enumerate(ops)}
    if unknown := {op for a in archs for op in a.ops} - ids.keys():
        raise RequestError(f"The predictor knows no label {', '.join(sorted(unknown))}; fit it anew: genas fit gnn.")
    labels, places, edges, graph, start = [], [], [], [], 0
    for number, arch in enumerate(archs):
        labels += [ids[op] for op in arch.ops]
        places += _places(arch)
        edges += [(start + i, start + j) for i, j in arch.edges]
        graph += [number] * len(arch.ops)
        start += len(arch.ops)
    pairs = torch.tensor(edges, dtype=torch.long).view(-1, 2).t().contiguous()
    label, place, owner = torch.tensor(labels), torch.tensor(places), torch.tensor(graph)
    return Collated(label.to(device), place.to(device), pairs.to(device), owner.to(device), len(archs))


def _places(arch: Architecture) -> list[tuple[int, int]]:
    """Per node the length of the longest path from a source and to a sink, at most `_FAR`."""
    down, up = [0] * len(arch.ops), [0] * len(arch.ops)
    for source, target in sorted(arch.edges, key=lambda edge: edge[1]):
        down[target] = max(down[target], down[source] + 1)
    for source, target in sorted(arch.edges, key=lambda edge: -edge[0]):
        up[source] = max(up[source], up[target] + 1)
    return [(min(d, _FAR), min(u, _FAR)) for d, u in zip(down, up, strict=True)]


def _mlp(inside: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width), nn.ReLU(), nn.Linear(width, width))


class _Net(nn.Module):
    def __init__(self, ops: int, width: int, depth: int) -> None:
        super().__init__()
        self.label = nn.Embedding(ops, width)
        self.down, self.up = nn.Embedding(_FAR + 1, width), nn.Embedding(_FAR + 1, width)
        self.forwards = nn.ModuleList([GINConv(_mlp(width, width), train_eps=True) for _ in range(depth)])
        self.backwards = nn.ModuleList([GINConv(_mlp(width, width), train_eps=True) for _ in range(depth)])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(depth)])
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 1))

    def forward(self, graphs: Collated) -> Tensor:
        x = self.label(graphs.labels) + self.down(graphs.places[:, 0]) + self.up(graphs.places[:, 1])  # [M, W]
        for forward, backward, norm in zip(self.forwards, self.backwards, self.norms, strict=True):
            x = x + F.relu(norm(forward(x, graphs.edges) + backward(x, graphs.edges.flip(0))))
        pooled = [pool(x, graphs.graph, graphs.size) for pool in (global_mean_pool, global_add_pool)]
        return self.head(torch.cat([pooled[0], pooled[1] / 8], dim=1)).squeeze(1)  # type: ignore[no-any-return]  # [B]


class GraphPredictor(nn.Module):
    """An ensemble of graph isomorphism networks over the forward and the reversed edges.

    It reads each node's longest paths but no order of nodes: architectures with the same key get the same score.

    Source: Xu et al., GIN (2019), eq. 4.1, one convolution per direction as in Wen et al., Neural predictor (2020);
    ensemble spread as uncertainty as in White et al., BANANAS (2021). Outputs are rank quantiles, not accuracies.

    Args:
        space: name of the space it was fitted on.
        ops: labels in the order of their ids.
        nets: members of the ensemble.
    """

    def __init__(self, space: str, ops: Sequence[str], nets: int = 4, width: int = 48, depth: int = 3) -> None:
        super().__init__()
        self.config: dict[str, Any] = {"space": space, "ops": list(ops), "nets": nets, "width": width, "depth": depth}
        self.ops = tuple(ops)
        self.nets = nn.ModuleList([_Net(len(ops), width, depth) for _ in range(nets)])

    def forward(self, graphs: Collated) -> Tensor:
        """Logits of the predicted rank quantile, [nets, B]."""
        return torch.stack([net(graphs) for net in self.nets])

    @torch.no_grad()
    def predict(self, archs: Sequence[Architecture], device: str = "cpu") -> tuple[Tensor, Tensor]:
        """Mean and spread over the ensemble of the predicted rank quantile, [B] each."""
        self.eval()
        found = torch.sigmoid(self(collate(archs, self.ops, device))).cpu()
        return found.mean(0), found.std(0, unbiased=False)

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"class": "GraphPredictor", **self.config}, indent=2) + "\n")
        save_file(self.state_dict(), folder / "model.safetensors")

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> GraphPredictor:
        """The predictor that `save` wrote."""
        config = json.loads((folder / "config.json").read_text())
        config.pop("class")
        with torch.random.fork_rng():  # the first weights, soon replaced, draw from the global state
            model = cls(**config)
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model.to(device)


def ranking_loss(logits: Tensor, quantiles: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean logistic loss over all pairs of which one is better, [nets, B] against [B].

    Source: Burges et al., RankNet (2005), eq. 3.

    Args:
        weights: [nets, B] of each example, for bagging.
    """
    gap = quantiles[:, None] - quantiles[None, :]
    better = (gap > 1e-6).to(logits.dtype)  # [B, B]
    if weights is not None:
        better = better * weights[:, :, None] * weights[:, None, :]
    loss = F.softplus(logits[:, None, :] - logits[:, :, None]) * better  # [nets, B, B]
    return loss.sum() / better.expand_as(loss).sum().clamp(min=1)


def predictor_loss(logits: Tensor, quantiles: Tensor, weights: Tensor) -> Tensor:
    """Squared error of the quantile plus the ranking loss; weights [nets, B] differ between the nets, for bagging."""
    error = (torch.sigmoid(logits) - quantiles) ** 2 * weights
    return error.sum() / weights.sum().clamp(min=1) * 4 + ranking_loss(logits, quantiles, weights)


def adapt(
    model: GraphPredictor, graphs: Collated, quantiles: Tensor, *, steps: int, seed: int, rate: float = 1e-3
) -> None:
    """Teach a fitted predictor, in place, the order of a few measured architectures; the scale stays near the old one.

    Args:
        graphs: the measured ones.
        quantiles: [B] their rank quantiles among themselves.
        steps: full-batch gradient steps.
    """
    model.eval()  # no dropout: so few examples are best fitted as they are
    with torch.no_grad():
        anchor = model(graphs)
    before = [p.detach().clone() for p in model.parameters()]
    generator = torch.Generator().manual_seed(seed)
    weights = torch.poisson(torch.ones(anchor.shape), generator=generator).to(anchor.device)  # a bootstrap per net
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(graphs)
        drift = sum(((p - q) ** 2).sum() for p, q in zip(model.parameters(), before, strict=True))
        loss = ranking_loss(logits, quantiles, weights) + 0.01 * ((logits - anchor) ** 2).mean() + 0.01 * drift
        loss.backward()
        optimizer.step()
