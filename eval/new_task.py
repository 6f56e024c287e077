"""An unseen task: how many queries until the generator, conditioned on the task's description, finds the best cell?

    GENAS_DATA=... python eval/new_task.py --out /tmp/new-task      (resumes where it was stopped)

For each data set of NAS-Bench-201, a diffusion model is fitted to 1,000 cells on the two *other* data sets (validation
accuracies, conditioned on the descriptions), once per seed of the cells. It is then conditioned on the description of the
unseen data set. `as drawn` queries its samples in the order of sampling. `ordered by the other tables` sorts 3,000 of
them by the sum of log(rank / n) over the other two tables, which a transfer may read completely; the same order without a
generator goes through all 15,625 cells; `uniform` samples at random. A query reads the column of the unseen data set; the
best cell is the one with the best validation accuracy. Sampling stops after 3,000 different cells.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import product
from pathlib import Path

import numpy as np
import record
import torch

from genas.core import registry
from genas.core.examples import examples
from genas.core.pareto import log_rank_sum
from genas.core.records import Use
from genas.learners._fit import fit_examples

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
MOST = 3000
PUBLISHED = {"cifar10": "", "cifar100": "goal 3", "imagenet16_120": "goal 10"}


def queries(order: list[str], truth: dict[str, float]) -> int:
    """How many are asked until the best is met; one more than there are where it is not among them."""
    best = max(truth.values())
    return next((i for i, key in enumerate(order, 1) if truth[key] == best), len(order) + 1)


def measure(target: str, seed: int, folder: Path, epochs: int | None) -> dict[str, int]:
    """Queries to the best cell per way of asking."""
    space = registry.create("spaces", "nasbench201")
    tasks = {d: registry.create("tasks", Use("nasbench201", {"dataset": d})) for d in DATASETS}
    labels = [op for op in space.ops if op not in ("input", "output")]
    cells = {arch.key: arch for arch in map(space.cell, product(labels, repeat=6))}  # the same network counts once
    keys = list(cells)
    truth = {d: {k: task.lookup(a, "accuracy").value for k, a in cells.items()} for d, task in tasks.items()}
    others = [d for d in DATASETS if d != target]
    if not (folder / "model_index.json").is_file():
        found = examples(space, [f"table:nasbench201:dataset={d},sample=1000,seed={seed}" for d in others])
        fit_examples("diffusion", space, found, folder, epochs=epochs, seed=seed)
    context = {"space": space, "task": tasks[target], "seed": seed, "device": "cpu"}
    proposer = registry.create("proposers", Use("diffusion", {"model": str(folder)}), **context)
    drawn = [candidate.arch.key for candidate in proposer.ask(MOST)]
    rank = dict(zip(keys, log_rank_sum([[truth[d][k] for k in keys] for d in others]), strict=True))
    uniform = [keys[int(i)] for i in np.random.default_rng(seed).permutation(len(keys))]
    return {
        "uniform": queries(uniform, truth[target]),
        "no generator, ordered by the other tables": queries(sorted(keys, key=lambda k: -rank[k]), truth[target]),
        "diffusion, as drawn": queries(drawn, truth[target]),
        "diffusion, ordered by the other tables": queries(sorted(drawn, key=lambda k: -rank[k]), truth[target]),
    }


def table(results: dict[str, dict[str, dict[str, int]]]) -> str:
    """Markdown; one row per way."""
    lines = ["| asked | " + " | ".join(f"{d} {PUBLISHED[d]}" for d in DATASETS) + " |", "| --- " * 4 + "|"]
    for way in next(iter(results[DATASETS[0]].values())):
        cells = []
        for dataset in DATASETS:
            values = [run[way] for run in results[dataset].values()]
            mean = statistics.mean(values)
            cells.append(f"{mean:.0f} ({statistics.median(values):.0f} [{min(values)}, {max(values)}])")
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="of each fit; what suits the number of examples if left out")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    results: dict[str, dict[str, dict[str, int]]] = {d: {} for d in DATASETS}
    for seed, dataset in product(range(arguments.seeds), DATASETS):
        cache = arguments.out / f"{dataset}-{seed}.json"
        if not cache.is_file():
            arguments.out.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(measure(dataset, seed, arguments.out / f"{dataset}-{seed}", arguments.epochs)))
        results[dataset][str(seed)] = json.loads(cache.read_text())
        print(dataset, seed, results[dataset][str(seed)], flush=True)
    about = (
        f"Queries until the best-validation cell, mean (median [lowest, highest]) of {arguments.seeds} seeds; one more than "
        "there are where it is not met. The column of the target is never read before a query.\n\n"
    )
    title = "A new task in words: queries to the best cell of nasbench201"
    record.write("new_task", title, about + table(results), results, time.perf_counter() - start)


if __name__ == "__main__":
    main()
