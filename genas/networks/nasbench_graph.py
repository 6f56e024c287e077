"""The network of NAS-Bench-Graph: four graph layers wired as a tree; its leaves are joined to classify each node.

This file imports torch and torch_geometric only, so that a trained network can be exported as this file and a weights
file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.nn import ARMAConv, ChebConv, GATConv, GCNConv, GINConv, GraphConv, SAGEConv


class GraphNet(nn.Module):
    """A classifier of the nodes of a graph.

    Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search" (NeurIPS 2022), section 3.1.
    The layout (concatenated leaves, positions of the linear layers, GAT with two heads, Chebyshev order 2) is the one
    that reproduces the parameter counts of the published table. Different here: the table also counts a batch norm
    (2 x hidden) for a skip, which has nothing to normalise; the order dropout, layer, batch norm, ReLU is our choice.

    Args:
        link: the input of each of the four layers: 0 for the node features, k for the k-th layer.
        ops: the kinds of the four layers.
        features: features per node.
        outputs: number of classes.
        hidden: width of all layers; must be even, because GAT has two heads.
        pre: number of linear layers before the four.
        post: number of linear layers between the leaves and the classifier.
        dropout: dropout rate before each layer.

    Raises:
        ValueError: all four layers are skips, or a kind of layer is unknown.
    """

    def __init__(
        self,
        link: Sequence[int],
        ops: Sequence[str],
        features: int,
        outputs: int,
        *,
        hidden: int = 128,
        pre: int = 0,
        post: int = 0,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "link": list(link),
            "ops": list(ops),
            "features": features,
            "outputs": outputs,
            "hidden": hidden,
            "pre": pre,
            "post": post,
            "dropout": dropout,
        }
        self.link, self.ops = tuple(link), tuple(ops)
        raw, self.leaves = _raw_nodes(link, ops), _leaves(link, ops)
        if not self.leaves:
            raise ValueError("at least one of the layers must not be a skip")
        self.dropout, self.relu = nn.Dropout(dropout), nn.ReLU()  # modules, so that proxies can hook them
        self.before = nn.ModuleList(nn.Linear(hidden if i else features, hidden) for i in range(pre))
        first = hidden if pre else features
        self.layers = nn.ModuleDict()
        self.norms = nn.ModuleDict()
        for node, (source, op) in enumerate(zip(link, ops, strict=True), start=1):
            if op != "skip":
                self.layers[str(node)] = _layer(op, first if source in raw else hidden, hidden)
                self.norms[str(node)] = nn.BatchNorm1d(hidden)
        joined = hidden * len(self.leaves)
        self.after = nn.ModuleList(nn.Linear(hidden if i else joined, hidden) for i in range(post))
        self.classifier = nn.Linear(hidden if post else joined, outputs)

    def forward(self, x: Any, edge_index: Tensor | None = None) -> Tensor:
        """Logits [N, outputs] of each node.

        Args:
            x: features [N, F]; or, without `edge_index`, an object with attributes `x` and `edge_index`.
            edge_index: source and target node of each directed edge [2, E].
        """
        if edge_index is None:
            x, edge_index = x.x, x.edge_index
        for linear in self.before:
            x = self.relu(linear(self.dropout(x)))  # [N, H]
        nodes = [x]
        for node, (source, op) in enumerate(zip(self.link, self.ops, strict=True), start=1):
            nodes.append(nodes[source] if op == "skip" else self._step(node, op, nodes[source], edge_index))
        joined = torch.cat([nodes[leaf] for leaf in self.leaves], dim=1)  # [N, leaves x H]
        for linear in self.after:
            joined = self.relu(linear(self.dropout(joined)))  # [N, H]
        logits: Tensor = self.classifier(self.dropout(joined))  # [N, outputs]
        return logits

    def _step(self, node: int, op: str, values: Tensor, edge_index: Tensor) -> Tensor:
        values, layer = self.dropout(values), self.layers[str(node)]
        new = layer(values) if op == "fc" else layer(values, edge_index)
        active: Tensor = self.relu(self.norms[str(node)](new))  # [N, H]
        return active


def _raw_nodes(link: Sequence[int], ops: Sequence[str]) -> set[int]:
    """The nodes that hold the raw features: the input, and skips of such nodes."""
    raw = {0}
    for node, (source, op) in enumerate(zip(link, ops, strict=True), start=1):
        if op == "skip" and source in raw:
            raw.add(node)
    return raw


def _leaves(link: Sequence[int], ops: Sequence[str]) -> list[int]:
    """The layers that feed the prediction: those that feed no other layer, except raw features."""
    return [node for node in range(1, len(ops) + 1) if node not in link and node not in _raw_nodes(link, ops)]


def _layer(op: str, inputs: int, outputs: int) -> nn.Module:
    """One message-passing layer, or a linear one for `fc`."""
    makers: dict[str, Any] = {
        "gat": lambda: GATConv(inputs, outputs // 2, heads=2),
        "gcn": lambda: GCNConv(inputs, outputs),
        "gin": lambda: GINConv(nn.Linear(inputs, outputs)),
        "cheb": lambda: ChebConv(inputs, outputs, K=2),
        "sage": lambda: SAGEConv(inputs, outputs),
        "arma": lambda: ARMAConv(inputs, outputs),
        "graph": lambda: GraphConv(inputs, outputs),
        "fc": lambda: nn.Linear(inputs, outputs),
    }
    if op not in makers:
        raise ValueError(f"there is no graph layer {op!r}")
    layer: nn.Module = makers[op]()
    return layer
