"""Counts the memory that one inference needs: the weights and the largest sum of activations held at once."""

from __future__ import annotations

import weakref
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genas.core.metrics import MEMORY, Metric
from genas.core.records import Architecture
from genas.scorers._network import NetworkScorer
from genas.training.fresh import blank, fresh_network, guarded


class MemoryMb(NetworkScorer):
    """Peak memory of the forward pass of one example in megabytes (10^6 bytes): weights, buffers and live activations.

    An activation counts from the operation that makes it until nothing refers to it any more, as an allocator that
    wastes nothing would have it; scratch space inside an operation is not seen. No memory is really taken (torch's
    meta device), except for networks that only run on real numbers.

    Args: see `NetworkScorer`.
    """

    name = "memory_mb"
    metric: ClassVar[Metric] = MEMORY
    cost: ClassVar[float] = 0.05

    def figure(self, arch: Architecture) -> float:
        """The megabytes for one example."""
        return self.without_memory(lambda device: self._peak(arch, device)) / 1e6

    def _peak(self, arch: Architecture, device: str) -> int:
        network = fresh_network(self._space, self._task, arch, device=device).eval()
        inputs = blank(self._task, 1, device=device)
        fixed = [*network.parameters(), *network.buffers()]
        with guarded(), torch.no_grad(), _LiveBytes(fixed) as counted:
            if isinstance(inputs, Tensor):
                counted.meet(inputs)
            network(inputs)
        peak: int = counted.peak
        return peak


class _LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds the storage of every tensor that an operation returns, and takes it off when the storage is freed."""

    def __init__(self, fixed: list[Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._live: dict[int, int] = {}
        self._now = 0
        self.peak: int = 0
        for tensor in fixed:
            self.meet(tensor)

    def meet(self, tensor: Tensor) -> None:
        """Count a storage, once."""
        storage = tensor.untyped_storage()
        number = storage._cdata
        if number in self._live:
            return
        self._live[number] = storage.nbytes()
        self._now += storage.nbytes()
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._drop, number)

    def _drop(self, number: int) -> None:
        self._now -= self._live.pop(number, 0)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and meet what it returns."""
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self.meet(leaf)
        return result
