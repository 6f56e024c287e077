"""How long do zero-cost proxies take? Seven of them on NAS-Bench-201, with shared passes and each on its own.

    GENAS_DATA=... python eval/bench_proxies.py           (about 2 minutes on one core)

CPU seconds of one thread, for the published network (16 channels, 5 cells per stage) and a batch of 16 real CIFAR-10
images. `one network`: all seven scorers on the cell that is best on CIFAR-10, once, including the construction of the
network. `score_all`: time per network on random cells, scored by one scorer after the other as in a run. `each on its
own`: the same scorers without shared passes. The other rows: a single proxy, or three that share a pass, on the same
random cells.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

import record
import torch

from genas.core import registry
from genas.core.interfaces import Scorer, SearchSpace, Task
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.probes.probes import Probes

PROXIES = ("params", "flops", "synflow", "naswot", "jacov", "grad_norm", "snip")
OTHERS = (
    ("rank_aggregate",), ("swap",), ("gradsign", "zico"), ("gradsign", "zico", "ntk"), ("linear_regions",), ("grasp",),
    ("vkdnw",), ("zen",), ("expressivity", "progressivity", "trainability"),
)  # fmt: skip
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"


def made(space: SearchSpace, task: Task, names: Sequence[str], *, shared: bool) -> list[Scorer]:
    """The scorers, around one object of shared passes or each with its own."""
    context: dict[str, Any] = {"space": space, "task": task, "device": "cpu", "seed": 0}
    probes = Probes(space, task)
    return [
        registry.create("scorers", name, **context, probes=probes if shared else Probes(space, task)) for name in names
    ]


def seconds(
    space: SearchSpace, task: Task, archs: list[Architecture], *, names: Sequence[str] = PROXIES, shared: bool = True
) -> float:
    """CPU seconds per architecture of all scorers."""
    scorers = made(space, task, names, shared=shared)
    start = time.process_time()
    for scorer in scorers:
        scorer.score_all(archs)
    return (time.process_time() - start) / len(archs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cells", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    space, task = registry.create("spaces", "nasbench201"), registry.create("tasks", "nasbench201")
    best = [space.from_text(BEST)]
    cells = [space.sample(rng(i, "bench")) for i in range(arguments.cells)]
    seconds(space, task, best, shared=True)  # warms up
    figures: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        for shared in (True, False):
            for name, archs in (("one network", best), ("score_all", cells)):
                key = f"{name}, {'shared passes' if shared else 'each on its own'}"
                figures.setdefault(key, []).append(seconds(space, task, archs, shared=shared))
    for names in OTHERS:
        taken = [seconds(space, task, cells, names=names) for _ in range(min(arguments.repeats, 3))]
        figures[" + ".join(names) + ", random cells"] = taken
    lines = ["| what | CPU seconds per network |", "| --- | --- |"]
    for name, values in figures.items():
        lines.append(f"| {name} | {statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}] |")
    ratio = [
        b / a
        for a, b in zip(*(figures[f"one network, {k}"] for k in ("shared passes", "each on its own")), strict=True)
    ]
    lines.append(f"| one network, ratio | {statistics.median(ratio):.1f} [{min(ratio):.1f}, {max(ratio):.1f}] |")
    about = (
        f"CPU seconds of one thread, median of {arguments.repeats} runs [lowest, highest] ({', '.join(PROXIES)}), below "
        f"them of {min(arguments.repeats, 3)} runs of other proxies.\n\n"
    )
    title = "Seconds that zero-cost proxies take"
    record.write("bench_proxies", title, about + "\n".join(lines), figures, time.perf_counter() - start)


if __name__ == "__main__":
    main()
