"""A graph network to export."""

from __future__ import annotations

from torch import Tensor, nn
from torch_geometric.nn import GCNConv


class TinyGraphNet(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.config = {"inputs": inputs, "outputs": outputs}
        self.body = GCNConv(inputs, outputs)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.body(x, edge_index)
