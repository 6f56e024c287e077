"""Devices, threads, precision and the seconds of a training step."""

from __future__ import annotations

import ctypes
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from genas.core.errors import RequestError
from genas.core.interfaces import Task

PRECISIONS = ("float32", "bfloat16")


def pick_device(device: str) -> torch.device:
    """The torch device of a name; "auto" is a GPU if there is one.

    Raises:
        RequestError: this machine has no such device.
    """
    found = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    if device == "auto":
        device = found[0]
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise RequestError(
            f"The device {device!r} can't be used here: networks are trained and timed on this machine, which has "
            f"{' and '.join(found)}. Write one of these, or leave the device out. "
            "Latencies of other devices are looked up in tables, such as that of the nasbench201 benchmark "
            "(docs/requests.md names its devices)."
        ) from error
    return torch.device(device)


def _own_chance(device: torch.device) -> AbstractContextManager[None]:
    """A context in which dropout does not change the global random state."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Within this context, torch uses `count` CPU threads; afterwards as many as before. None changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def timed_passes(network: nn.Module, inputs: Any, *, runs: int, warmup: int, threads_used: int) -> list[float]:
    """Milliseconds of each of `runs` forward passes without gradients, after `warmup` passes that do not count.

    Args:
        network: in evaluation mode, on the device of the inputs.
        inputs: a tensor, or a batch of graphs.
        runs: timed passes.
        warmup: passes before those.
        threads_used: CPU threads during the passes.
    """
    times: list[float] = []
    tensors = [inputs] if isinstance(inputs, Tensor) else network.parameters()
    device = next((tensor.device for tensor in tensors), torch.device("cpu"))
    with threads(threads_used), torch.inference_mode():
        for run in range(warmup + runs):
            _wait(device)
            start = time.perf_counter()
            network(inputs)
            _wait(device)
            if run >= warmup:
                times.append((time.perf_counter() - start) * 1e3)
    return times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def keep_memory() -> None:
    """Make glibc keep the memory of large tensors for the next step instead of returning it to the system.

    Results do not change; a training step takes about a tenth less CPU time. Without glibc, this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        for parameter in (-3, -1):  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
            library.mallopt(parameter, 2**31 - 1)


def warm_up() -> None:
    """Make a tiny training step: the first one of a process loads torch's compiler, which takes seconds."""
    network = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.zeros(1, 2)).sum().backward()
    optimizer.step()


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def best_threads(network: nn.Module, task: Task, device: str) -> tuple[int | None, float]:
    """One thread or all, whichever trains faster now, and its seconds per example; on a GPU, None.

    All threads must be faster by a fifth: on a busy machine they wait for each other, and small networks gain little.
    """
    if pick_device(device).type != "cpu" or torch.get_num_threads() == 1:
        return None, seconds_per_example(network, task, device)
    with threads(1):
        one = seconds_per_example(network, task, device)
    every = seconds_per_example(network, task, device)
    return (1, one) if one < 1.2 * every else (torch.get_num_threads(), every)


def fastest_threads(network: nn.Module, task: Task, device: str) -> int | None:
    """One thread, or one per core that this process may use, whichever trains faster now; on a GPU, None."""
    with threads(cores()):
        return best_threads(network, task, device)[0]


def fastest_precision(network: nn.Module, task: Task, device: str) -> str:
    """The precision in which the network trains faster now; bfloat16 must be faster by a tenth."""
    single, half = (seconds_per_example(network, task, device, runs=3, precision=name) for name in PRECISIONS)
    return PRECISIONS[1] if single > 1.1 * half else PRECISIONS[0]


def seconds_per_example(
    network: nn.Module,
    task: Task,
    device: str,
    *,
    batch_size: int = 64,
    runs: int = 5,
    precision: str = "float32",
) -> float:
    """Seconds of a training step, divided by the batch size: the median of several runs after a warm-up.

    Args:
        network: it is moved to the device and left in training mode.
        task: provides the examples.
        device: name of the device.
        batch_size: examples per step.
        runs: number of timed steps.
        precision: "float32" or "bfloat16".
    """
    where = pick_device(device)
    layout = torch.channels_last if len(task.input_shape) == 3 else torch.contiguous_format
    network = network.to(where).to(memory_format=layout).train()  # type: ignore[call-overload]
    x, y = (tensor.to(where) for tensor in task.batch(batch_size))
    x = x.contiguous(memory_format=layout)
    forward: Callable[[Tensor], Tensor] = network
    if getattr(network, "frozen", ""):  # its stem is computed only once in training
        whole: Any = network
        with torch.no_grad():
            x = whole.stem(whole.resize(x)).contiguous(memory_format=layout)
        forward = whole.rest
    times = []
    with _own_chance(where):
        for _ in range(runs + 1):
            start = time.perf_counter()
            with torch.autocast(where.type, torch.bfloat16, enabled=precision == "bfloat16"):
                loss = task.loss(forward(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            if where.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:]) / len(y)
