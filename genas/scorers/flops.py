"""Counts the floating-point operations of one forward pass."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from genas.core.metrics import FLOPS, Metric
from genas.core.records import Architecture
from genas.scorers._network import NetworkScorer
from genas.training.fresh import blank, fresh_network, guarded


class Flops(NetworkScorer):
    """Operations that one example takes: 2 x the multiply-adds of convolutions and matrix products.

    Source: torch.utils.flop_counter. Element-wise work (activations, normalisation, pooling, message gathering) is not
    counted. For graph tasks one example is the graph that the task gives.

    Args: see `NetworkScorer`.
    """

    name = "flops"
    metric: ClassVar[Metric] = FLOPS
    cost: ClassVar[float] = 0.05

    def figure(self, arch: Architecture) -> float:
        """The count for one example."""
        return self.without_memory(lambda device: self._count(arch, device))

    def _count(self, arch: Architecture, device: str) -> int:
        network = fresh_network(self._space, self._task, arch, device=device).eval()
        inputs = blank(self._task, 1, device=device)
        with guarded(), torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(inputs)
        total: int = counter.get_total_flops()
        return total
