"""Counts the floating-point operations of one forward pass."""

from __future__ import annotations

import time
from typing import ClassVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import blank, fresh_network, guarded, is_tensor_task


class Flops(Scorer):
    """Operations that one example takes: 2 x the multiply-adds of convolutions and matrix products.

    Source: torch.utils.flop_counter. Element-wise work (activations, normalisation, pooling, message gathering) is not
    counted. For graph tasks one example is the graph that the task gives.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
    """

    name = "flops"
    metric: ClassVar[str] = "flops"
    larger_is_better: ClassVar[bool] = False
    cost: ClassVar[float] = 0.05

    def __init__(self, space: SearchSpace, task: Task) -> None:
        self._space, self._task = space, task

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The count; the same for every seed and fidelity.

        Raises:
            ScoreFailed: where the network cannot be built or run, or the task has no example for it.
        """
        start = time.perf_counter()
        if not is_tensor_task(self._task):
            count = self._count(arch, "cpu")
        else:
            try:
                count = self._count(arch, "meta")
            except ScoreFailed:  # an operation without a meta kernel
                count = self._count(arch, "cpu")
        return Measurement(self.metric, float(count), time.perf_counter() - start, fidelity, seed)

    def _count(self, arch: Architecture, device: str) -> int:
        network = fresh_network(self._space, self._task, arch, device=device).eval()
        inputs = blank(self._task, 1, device=device)
        with guarded(), torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(inputs)
        total: int = counter.get_total_flops()
        return total
