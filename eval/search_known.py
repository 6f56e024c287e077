"""Unique queries that searches need to reach the best-validation cell of NAS-Bench-201, beside what is known.

Known means (300 runs, cap 1,000 for random search): regularised evolution with population 50 and sample 10 needs 181
(CIFAR-10), 144 (CIFAR-100), 259 (ImageNet16-120); steepest local search with restarts 188, 155, 1,354. Nothing is
trained: the accuracies are a dict over the space's own cells.

    GENAS_DATA=... python eval/search_known.py --seeds 50
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow.parquet as pq
import record

from genas.core import assets, registry
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate, Measurement, Objective, Trial, Use

_NUMBERED = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_SLOTS = ("op_0_1", "op_0_2", "op_1_2", "op_0_3", "op_1_3", "op_2_3")
_KNOWN = {
    "regularized_evolution": {"cifar10": 181, "cifar100": 144, "imagenet16_120": 259},
    "local_search": {"cifar10": 188, "cifar100": 155, "imagenet16_120": 1354},
}
_SEARCHES = {
    "uniform": Use("uniform"),
    "regularized_evolution": Use("regularized_evolution", {"population": 50, "sample": 10}),
    "local_search": Use("local_search"),
}


class CachedCells(SearchSpace):
    """The space with its cells and neighbours made once, as keys take most of the time."""

    def __init__(self) -> None:
        self._inner = registry.create("spaces", "nasbench201")
        self.name, self.ops, self.max_nodes = self._inner.name, self._inner.ops, self._inner.max_nodes
        self._cells: dict[tuple[str, ...], Architecture] = {}
        self._near: dict[tuple[str, ...], list[Architecture]] = {}

    def problems(self, arch):
        return self._inner.problems(arch)

    def build(self, arch, task):
        return self._inner.build(arch, task)

    def frame(self, nodes):
        return self._inner.frame(nodes)

    def cell(self, ops: tuple[str, ...]) -> Architecture:
        if ops not in self._cells:
            self._cells[ops] = self._inner.cell(ops[1:-1])
        return self._cells[ops]

    def sample(self, rng):
        return self.cell(("input", *(_NUMBERED[int(i)] for i in rng.integers(5, size=6)), "output"))

    def neighbors(self, arch):
        if arch.ops not in self._near:
            self._near[arch.ops] = [self.cell(near.ops) for near in self._inner.neighbors(arch)]
        return iter(self._near[arch.ops])


def accuracies(space: CachedCells, dataset: str) -> dict[str, float]:
    """Validation accuracy by key."""
    table = pq.read_table(assets.data("nasbench201/nb201_accuracy.parquet"))
    values = np.asarray(table.column(f"{dataset}_val_acc")) / 100
    codes = zip(*(np.asarray(table.column(slot)) for slot in _SLOTS), strict=True)
    cells = [space.cell(("input", *(_NUMBERED[c] for c in code), "output")) for code in codes]
    return {cell.key: float(v) for cell, v in zip(cells, values, strict=True)}


def queries(search: Proposer, known: dict[str, float], cap: int) -> tuple[int, float]:
    """Unique queries until the best cell (the cap where it was not reached), and the best accuracy by the cap."""
    target, best, count = max(known.values()), 0.0, 0
    while count < cap:
        candidates: list[Candidate] = search.ask(1)
        if not candidates:
            break
        trials = [Trial(c, (Measurement("accuracy", known[c.arch.key]),)) for c in candidates]
        count += len(trials)
        best = max(best, *(t.measurements[0].value for t in trials), 0.0)
        if best >= target:
            return count, best
        search.tell(trials)
    return cap, best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--cap", type=int, default=5000, help="queries at which a run is given up")
    parser.add_argument("--datasets", nargs="+", default=["cifar10", "cifar100", "imagenet16_120"])
    parser.add_argument("--searches", nargs="+", default=list(_SEARCHES))
    args = parser.parse_args()
    lines = [
        "| search | dataset | mean queries | standard error | median | reached | best at cap | known mean | seconds |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    begin = time.perf_counter()
    space = CachedCells()
    for dataset in args.datasets:
        known = accuracies(space, dataset)
        for name in args.searches:
            use, start = _SEARCHES[name], time.perf_counter()
            kind = "proposers" if name == "uniform" else "refiners"
            runs = []
            for seed in range(args.seeds):
                context = {"space": space, "seed": seed, "objectives": (Objective("accuracy"),)}
                runs.append(queries(registry.create(kind, use, **context), known, args.cap))
            counts = np.array([r[0] for r in runs], dtype=float)
            reached = sum(r[1] >= max(known.values()) for r in runs)
            error = counts.std(ddof=1) / np.sqrt(len(counts)) if len(counts) > 1 else 0.0
            lines.append(
                f"| {name} | {dataset} | {counts.mean():.0f} | {error:.0f} | {np.median(counts):.0f} | "
                f"{reached}/{len(runs)} | {np.mean([r[1] for r in runs]):.4f} | "
                f"{_KNOWN.get(name, {}).get(dataset, '-')} | {time.perf_counter() - start:.0f} |"
            )
            print(lines[-1], flush=True)
    about = f"{args.seeds} seeds, cap {args.cap}; a run that does not reach the cell counts as the cap.\n\n"
    title = "Unique queries to the best-validation cell of NAS-Bench-201"
    record.write("search_known", title, about + "\n".join(lines), lines[2:], time.perf_counter() - begin)


if __name__ == "__main__":
    main()
