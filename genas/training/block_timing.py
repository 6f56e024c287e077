"""Times each distinct block of a space's networks once: the latency of a network is the sum of its blocks'."""

from __future__ import annotations

import copy
import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.training.fresh import blank, guarded, is_tensor_task, outline
from genas.training.timing import pick_device, timed_passes

_WARMUP = 3  # passes that do not count


class _Call(NamedTuple):
    """One call of a block within a forward pass."""

    key: str
    block: nn.Module
    inputs: Tensor


class BlockTimer:
    """Latencies of networks as sums over their blocks, in ms on this machine.

    A block is a module that the network calls in turn: what stands in its `nn.Sequential`s and `nn.ModuleList`s, one
    by one. Blocks of the same modules, weights' shapes and shapes of inputs and outputs are timed once. What a network
    computes outside its blocks (a mean over pixels, an addition) is left out.

    Source: Cai et al., "ProxylessNAS" (ICLR 2019), section 3.3.1: latency is the sum of those of its operations.

    Args:
        space: builds the networks.
        task: sets inputs and outputs; its inputs are tensors.
        device: where blocks are timed: "auto", "cpu", "cuda" or another of torch.
        batch: examples in one pass.
        runs: timed passes of each block; their median counts.
        threads: CPU threads.

    Raises:
        RequestError: this machine lacks the device.
    """

    def __init__(
        self, space: SearchSpace, task: Task, device: str, *, batch: int = 1, runs: int = 15, threads: int = 1
    ) -> None:
        self._space, self._task, self._device = space, task, pick_device(device)
        self._batch, self._runs, self._threads = batch, runs, threads
        self._times: dict[str, float] = {}

    def milliseconds(self, arch: Architecture) -> float:
        """The sum over the blocks of the architecture; those that are new are timed.

        Raises:
            ScoreFailed: the network can't be built or run, or its inputs are no tensors.
        """
        return sum(self._time(call) for call in self._calls(arch))

    @property
    def distinct(self) -> int:
        """How many blocks were timed so far."""
        return len(self._times)

    def _time(self, call: _Call) -> float:
        if call.key not in self._times:
            with guarded():
                block = copy.deepcopy(call.block).to_empty(device=self._device).eval()
                with torch.no_grad():
                    for tensor in (*block.parameters(), *block.buffers()):
                        tensor.fill_(0.01 if tensor.requires_grad else 1)  # a memory's odd contents may be slow
                inputs = torch.ones(call.inputs.shape, dtype=call.inputs.dtype, device=self._device)
                times = timed_passes(block, inputs, runs=self._runs, warmup=_WARMUP, threads_used=self._threads)
            self._times[call.key] = statistics.median(times)
        return self._times[call.key]

    def _calls(self, arch: Architecture) -> list[_Call]:
        """The blocks in the order of a forward pass, of which only the shapes are computed."""
        if not is_tensor_task(self._task):
            raise ScoreFailed(f"block latencies need inputs that are tensors, which those of {self._task.name} are not")
        network = outline(self._space, self._task, arch).eval()
        device = next((str(p.device) for p in network.parameters()), "cpu")
        found: list[_Call] = []

        def note(block: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if len(inputs) != 1 or not isinstance(inputs[0], Tensor) or not isinstance(output, Tensor):
                raise ScoreFailed(f"block latencies need blocks of one tensor each; {type(block).__name__} is none")
            weights = [tuple(tensor.shape) for tensor in block.parameters()]
            key = f"{block!r} {weights} {tuple(inputs[0].shape)} {inputs[0].dtype} {tuple(output.shape)}"
            found.append(_Call(key, block, inputs[0]))

        hooks = [block.register_forward_hook(note) for block in _blocks(network)]
        with guarded(), torch.no_grad():
            network(blank(self._task, self._batch, device=device))
        for hook in hooks:
            hook.remove()
        return found


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from _blocks(child)
        elif not isinstance(child, nn.Identity):
            yield child
