"""Freshly initialised networks, and inputs for proxies. Nothing here changes the global random state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.core.rng import seed_of
from genas.training.timing import pick_device


def fresh_network(
    space: SearchSpace, task: Task, arch: Architecture, *, seed: int = 0, device: str = "cpu"
) -> nn.Module:
    """The network of `arch` with initial weights that depend only on the architecture and `seed`.

    Args:
        space: builds the network.
        task: defines its inputs and outputs.
        arch: the architecture.
        seed: of the initial weights.
        device: the device of the network; "auto" is a GPU if there is one, "meta" has shapes but no memory.

    Raises:
        ScoreFailed: the architecture is illegal, or the network does not fit into memory.
    """
    if problems := space.problems(arch):
        raise ScoreFailed("; ".join(problems))
    with seeded("fresh", arch.key, seed), guarded(), torch.device("meta" if device == "meta" else "cpu"):
        network = space.build(arch, task)
    with guarded():
        return network if device == "meta" else network.to(pick_device(device))


def outline(space: SearchSpace, task: Task, arch: Architecture) -> nn.Module:
    """The network of `arch` for its shapes only, on the meta device; if a layer needs real values, on the CPU.

    Raises:
        ScoreFailed: the architecture cannot be built at all.
    """
    try:
        return fresh_network(space, task, arch, device="meta")
    except ScoreFailed:
        return fresh_network(space, task, arch)


@contextmanager
def seeded(*parts: object) -> Iterator[None]:
    """Within this context, torch's CPU generator is seeded by `parts`; afterwards it is as before."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_of(*parts))
        yield


@contextmanager
def guarded() -> Iterator[None]:
    """Within this context, errors of torch (shapes, memory) become ScoreFailed."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ScoreFailed("out of memory") from error
    except (RuntimeError, ValueError) as error:  # ValueError: batch norm over a single value
        lines = str(error).strip().splitlines() or ["unknown reason"]
        text = lines[0]
        reason = "out of memory" if "memory" in text.lower() and "alloc" in text.lower() else text[:200]
        raise ScoreFailed(f"the network cannot be run: {reason}") from error


def is_tensor_task(task: Task) -> bool:
    """Whether inputs of the task are plain tensors of `input_shape`, so that a constant batch can replace them."""
    return task.modality != "graph"


def example(task: Task, n: int, *, seed: int = 0, device: str = "cpu") -> Any:
    """`n` prepared training inputs, as the network takes them.

    Raises:
        ScoreFailed: the task has no data.
    """
    inputs, _ = task.batch(n, seed)
    return inputs.to(pick_device(device))


def blank(task: Task, n: int, *, device: str = "cpu") -> Any:
    """Inputs that cost as much as `n` examples: ones of `input_shape`, or real examples if inputs are graphs."""
    if is_tensor_task(task):
        return torch.ones((n, *task.input_shape), device=device if device == "meta" else pick_device(device))
    return example(task, n, device=device)
