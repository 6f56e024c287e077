"""Ranks untrained networks by how much signal their weights let through, without any data."""

from __future__ import annotations

import math
import time
from copy import copy
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import blank, fresh_network, guarded, seeded
from genas.nn.train import pick_device

_NORMS = (_BatchNorm, nn.GroupNorm, nn.LayerNorm)  # instance norms are batch norms to torch


class Synflow(Scorer):
    """How much signal flows through an untrained network: the log of the synaptic flow through all its weights.

    Source: Tanaka et al., "Pruning neural networks without any data" (NeurIPS 2020), eq. 2, summed over the weights as
    a score by Abdelfattah et al. (ICLR 2021): log of the sum of theta x dR/dtheta with R the summed output for an input
    of ones through |theta|. Here R is differentiated through its logarithm, so that flows too large for 64 bits have a
    score; normalisation layers pass their input on; weights are the parameters of two or more dimensions.

    Args:
        space: builds the network.
        task: sets its inputs and outputs.
        device: where the network runs.
    """

    name = "synflow"
    metric: ClassVar[str] = "synflow"
    cost: ClassVar[float] = 0.5

    def __init__(self, space: SearchSpace, task: Task, device: str = "cpu") -> None:
        self._space, self._task, self._device = space, task, device

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The natural logarithm of the flow at the weights of `seed`.

        Raises:
            ScoreFailed: where no signal reaches the output, or nothing can be run.
        """
        start = time.perf_counter()
        chosen = pick_device(self._device)
        device = "cpu" if chosen.type == "mps" else str(chosen)  # mps has no float64
        network = fresh_network(self._space, self._task, arch, seed=seed, device=device).eval().double()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.abs_()
        for module in network.modules():
            if isinstance(module, _NORMS):
                module.register_forward_hook(lambda _module, args, _output: args[0])
        inputs = _ones(blank(self._task, 1, device=device))
        with guarded(), seeded("synflow", arch.key, seed), torch.enable_grad():
            value = _log_flow(network, inputs)
        return Measurement(self.metric, value, time.perf_counter() - start, fidelity, seed)


def _ones(inputs: Any) -> Any:
    """All inputs (node features where they are graphs) as ones in float64."""
    if isinstance(inputs, Tensor):
        return torch.ones_like(inputs, dtype=torch.float64)
    graph = copy(inputs)
    graph.x = torch.ones_like(inputs.x, dtype=torch.float64)
    return graph


def _log_flow(network: nn.Module, inputs: Any) -> float:
    total = network(inputs).sum()  # R
    if not math.isfinite(total.item()):
        raise ScoreFailed(f"the summed output is {total.item():g}, too large for 64 bits")
    if total.item() <= 0:
        raise ScoreFailed(f"the summed output is {total.item():g}: no signal flows to the output")
    weights = [p for p in network.parameters() if p.ndim >= 2 and p.requires_grad]
    grads = torch.autograd.grad(total.log(), weights, allow_unused=True)
    share = sum(float((w.detach() * g).sum()) for w, g in zip(weights, grads, strict=True) if g is not None)
    if share <= 0:
        raise ScoreFailed("no weight takes part in the output")
    return math.log(total.item()) + math.log(share)
