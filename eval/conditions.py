"""Do conditions work? Conditioned on low latency on a device and high accuracy, what fraction of samples has both?

    GENAS_DATA=... python eval/conditions.py

On NAS-Bench-201, over all cells: latency within the 20th percentile of the device, and CIFAR-10 validation accuracy
above the 90th percentile. (Also within the 40th percentile of latency, since on most devices no cell at all is that fast
and that accurate.) The shipped diffusion model was fitted on accuracies and latencies of the 1,000 cells on its card.
Raw samples, 5 seeds: `base rate` samples uniformly (the fraction among all cells is given too), `top` is conditioned on
accuracy only, `latency` on latency only, `both` on both. `both of the fast` is the fraction of accurate cells among those
that keep the latency limit, by which a run filters.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import product

import numpy as np
import record
import torch

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Architecture, Constraint, Use
from genas.core.rng import rng

DEVICES = ("pixel3", "edgegpu", "1080ti_1")
WAYS = {
    "base rate": None,
    "top": {"limits": False},
    "latency": {"level": "any"},
    "both, guidance 1": {"guidance": 1.0},
    "both": {},
    "both, guidance 4": {"guidance": 4.0},
}


def figures(task: Task, arch: Architecture) -> tuple[float, float]:
    """Latency and accuracy of a cell; an unmeasured latency breaks every limit."""
    try:
        latency = task.lookup(arch, "latency_ms").value
    except ScoreFailed:
        latency = float("inf")
    return latency, task.lookup(arch, "accuracy").value


def measure(device: str, percentile: float, seeds: int, n: int) -> dict[str, dict[str, list[float]]]:
    """The shares per way and seed on one device."""
    space = registry.create("spaces", "nasbench201")
    task = registry.create("tasks", Use("nasbench201", {"dataset": "cifar10", "latency_device": device}))
    labels = [op for op in space.ops if op not in ("input", "output")]
    cells = np.array([figures(task, space.cell(ops)) for ops in product(labels, repeat=6)])
    slow, good = float(np.percentile(cells[:, 0], percentile)), float(np.percentile(cells[:, 1], 90))
    result: dict[str, dict[str, list[float]]] = {
        "all cells": {"both": [float(((cells[:, 0] <= slow) & (cells[:, 1] > good)).mean())]}
    }
    for name, options in WAYS.items():
        wish = dict(options) if options is not None else None
        limited = wish is not None and wish.pop("limits", True)
        limits = (Constraint("latency_ms", at_most=slow),) if limited else ()
        shares: dict[str, list[float]] = {"latency": [], "accuracy": [], "both": [], "both of the fast": []}
        for seed in range(seeds):
            if wish is None:
                random = rng(seed, "conditions")
                drawn = [space.sample(random) for _ in range(n)]
            else:
                context = {"space": space, "task": task, "seed": seed, "device": "cpu", "limits": limits}
                proposer = registry.create("proposers", Use("diffusion", wish), **context)
                drawn = proposer.draw(n, torch.Generator().manual_seed(seed))
            found = np.array([figures(task, arch) for arch in drawn])
            fast, accurate = found[:, 0] <= slow, found[:, 1] > good
            for key, value in (("latency", fast), ("accuracy", accurate), ("both", fast & accurate)):
                shares[key].append(float(value.mean()))
            shares["both of the fast"].append(float((fast & accurate).sum() / max(1, fast.sum())))
        result[name] = shares
    return result


def table(results: dict[str, dict[str, dict[str, list[float]]]]) -> str:
    """Markdown; one row per device and way, in per cent."""
    columns = ("latency", "accuracy", "both", "both of the fast")
    lines = [
        "| device, latency within | asked for | " + " | ".join(columns) + " |",
        "| --- " * (len(columns) + 2) + "|",
    ]
    for device, ways in results.items():
        for name, shares in ways.items():
            cells = []
            for column in columns:
                values = [100 * v for v in shares.get(column, [])]
                spread = f" [{min(values):.1f}, {max(values):.1f}]" if len(values) > 1 else ""
                cells.append(f"{statistics.median(values):.1f}{spread}" if values else "")
            lines.append(f"| {device} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n", type=int, default=1000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    results = {
        f"{device}, {percentile} %": measure(device, percentile, arguments.seeds, arguments.n)
        for percentile, device in product((20, 40), DEVICES)
    }
    about = (
        f"Per cent of {arguments.n} raw draws of the shipped diffusion with latency within that percentile of the device, "
        "CIFAR-10 validation accuracy above the 90th, and both; median of "
        f"{arguments.seeds} seeds [lowest, highest]. It was fitted on 1,000 cells with their latencies.\n\n"
    )
    record.write(
        "conditions", "Do conditions hold on nasbench201", about + table(results), results, time.perf_counter() - start
    )


if __name__ == "__main__":
    main()
