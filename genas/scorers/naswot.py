"""Ranks untrained networks by how differently they switch their activations on for different inputs."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture, Measurement
from genas.nn.fresh import example, fresh_network, guarded, seeded

_SWITCHES = (
    nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.Mish,
)  # fmt: skip


class Naswot(Scorer):
    """How well an untrained network tells inputs apart: the log-determinant of the kernel of its activation patterns.

    Source: Mellor et al., "Neural Architecture Search without Training" (ICML 2021), eq. 2, with a batch of 32; every
    ReLU-like layer counts, its code being 1 where its input is above zero.

    Args:
        space: builds the network.
        task: gives the training examples.
        device: where the network runs.
        batch: examples compared with each other.
    """

    name = "naswot"
    metric: ClassVar[str] = "naswot"
    cost: ClassVar[float] = 1.0

    def __init__(self, space: SearchSpace, task: Task, device: str = "cpu", *, batch: int = 32) -> None:
        self._space, self._task, self._device, self._batch = space, task, device, batch

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The log-determinant at the weights and the examples of `seed`.

        Raises:
            ScoreFailed: where two examples are told apart by no activation, or nothing can be run.
        """
        start = time.perf_counter()
        network = fresh_network(self._space, self._task, arch, seed=seed, device=self._device).train()
        inputs = example(self._task, self._batch, seed=seed, device=self._device)
        kernel = _Kernel(self._batch)
        for module in network.modules():
            if isinstance(module, _SWITCHES):
                module.register_forward_pre_hook(kernel.add)
        with guarded(), seeded("naswot", arch.key, seed), torch.no_grad():
            network(inputs)
        return Measurement(self.metric, kernel.log_det(), time.perf_counter() - start, fidelity, seed)


class _Kernel:
    """The sum over layers of the number of activations at which two examples agree."""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._sum: Tensor | None = None  # [B, B]

    def add(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        code = (args[0][: self._batch].flatten(1) > 0).float()  # [B, activations]
        agree = (code @ code.T + (1 - code) @ (1 - code).T).double()  # [B, B]
        self._sum = agree if self._sum is None else self._sum + agree

    def log_det(self) -> float:
        if self._sum is None:
            raise ScoreFailed("the network has no activation layer to look at")
        sign, value = torch.linalg.slogdet(self._sum.cpu())
        if sign.item() <= 0:
            raise ScoreFailed("the kernel is singular: two examples switch every activation alike")
        return float(value.item())
