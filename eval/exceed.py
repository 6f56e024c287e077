"""Does the diffusion model exceed its training data? Fitted on 7 % of NAS-Bench-201 without the best 1 %, then 50 queries.

    GENAS_DATA=... python eval/exceed.py --out /tmp/exceed          (5 seeds x 3 data sets; resumes where it was stopped)

Each seed samples 1,094 cells (7 % of 15,625) from those outside the best 156 by validation accuracy on that data set,
and fits a model to them from scratch. Five rounds of ten table queries follow: samples at the top level and edits of the
best cells so far form a pool, from which the predictor of the scorer `gnn` (`genas.predictors.blend`, without a graph
network, fitted to all labels so far) chooses. `samples alone` omits edits and predictor. `predictor alone` lets the
predictor choose from the same number of uniform cells. Reported is the gap between the best of the 50 queried cells and
the optimum of the table, in percentage points of validation accuracy; training cells do not count. No test accuracy is
read.
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
from genas.core.examples import Example
from genas.core.records import Architecture, Use
from genas.core.rng import rng, seed_of
from genas.learners._fit import fit_examples
from genas.predictors.blend import Blend, views
from genas.proposers.diffusion import DiffusionProposer

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
ROUNDS, BATCH, POOL = 5, 10, 300
ELITE, EDITS = 10, 15  # best cells known, and the edits of each that join the pool
METHODS = ("random", "predictor alone", "samples alone", "diffusion")


def search(
    method: str, space, truth: dict[Architecture, float], known: dict[Architecture, float], *, seed: int, folder: Path
) -> list[float]:
    """The accuracies of the queried cells, in order."""
    random = rng(seed, "exceed")
    proposer = DiffusionProposer(space, seed, model=str(folder))
    cells, known, queried = list(truth), dict(known), []
    for number in range(ROUNDS):
        if method in ("random", "predictor alone"):
            pool = [cells[int(i)] for i in random.permutation(len(cells))[: POOL + ELITE * EDITS]]
        elif method == "samples alone":
            pool = [c.arch for c in proposer.ask(BATCH * 4)]
        else:
            best = sorted(known, key=known.__getitem__)[-ELITE:]
            generator = torch.Generator().manual_seed(seed_of(seed, number))
            pool = proposer.draw(POOL, generator) + [arch for one in best for arch in proposer.edit(one, EDITS)]
        pool = [arch for arch in dict.fromkeys(pool) if arch not in known]
        if method in ("predictor alone", "diffusion") and pool:
            blend = Blend(seed)
            blend.fit(views(space, list(known)), list(known.values()))
            pool = [pool[int(i)] for i in np.argsort(-blend.predict(views(space, pool))[0])]
        for arch in pool[:BATCH]:
            known[arch] = truth[arch]
            queried.append(truth[arch])
    return queried


def measure(dataset: str, seed: int, out: Path, epochs: int) -> dict[str, list[float]]:
    """The distance of the best so far from the optimum after each query, in percentage points, per method."""
    space = registry.create("spaces", "nasbench201")
    task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
    labels = [op for op in space.ops if op not in ("input", "output")]
    truth = {a: task.lookup(a, "accuracy").value for a in map(space.cell, product(labels, repeat=6))}
    cells = sorted(truth, key=truth.__getitem__)[:-156]
    chosen = [cells[int(i)] for i in rng(seed, dataset).permutation(len(cells))[:1094]]
    found = [
        Example(a, dataset, truth[a], "7 % without the best 1 %", {"params": task.lookup(a, "params").value})
        for a in chosen
    ]
    folder = out / f"{dataset}-{seed}"
    if not (folder / "model_index.json").is_file():
        fit_examples("diffusion", space, found, folder, epochs=epochs, seed=seed)
    best, result = max(truth.values()), {}
    for method in METHODS:
        queried = search(method, space, truth, {a: truth[a] for a in chosen}, seed=seed, folder=folder)
        result[method] = [round(100 * (best - v), 4) for v in np.maximum.accumulate(queried)]
    return result


def table(results: dict[str, dict[str, list[float]]]) -> str:
    """Markdown; one row per method."""
    lines = ["| method | " + " | ".join(DATASETS) + " |", "| --- " * (len(DATASETS) + 1) + "|"]
    for method in METHODS:
        cells = []
        for dataset in DATASETS:
            gaps = [runs[method][-1] for key, runs in results.items() if key.startswith(f"{dataset}-")]
            cells.append(f"{statistics.median(gaps):.2f} [{min(gaps):.2f}, {max(gaps):.2f}]" if gaps else "")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "| DGPO (published; its own pool and number of queries) | 0.32 over its data sets | | |"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    start = time.perf_counter()
    results: dict[str, dict[str, list[float]]] = {}
    for seed, dataset in product(range(arguments.seeds), DATASETS):
        cache = arguments.out / f"{dataset}-{seed}.json"
        if not cache.is_file():
            arguments.out.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps(measure(dataset, seed, arguments.out, arguments.epochs)))
        results[f"{dataset}-{seed}"] = json.loads(cache.read_text())
        print(dataset, seed, {method: gaps[-1] for method, gaps in results[f"{dataset}-{seed}"].items()}, flush=True)
    about = (
        f"Percentage points of validation accuracy below the table's optimum after {ROUNDS * BATCH} queries, median of "
        f"{arguments.seeds} seeds [lowest, highest]; fitted on 1,094 cells without the best 156. Goal: 0.20. "
        "The predictor took the place of extra-trees (0.00, 0.00, 0.22 with the diffusion) after a comparison on seeds 5 to "
        "9 of ImageNet16-120 and CIFAR-100.\n\n"
    )
    title = "Exceeding the data: 7 % of nasbench201 without its best 1 %, then 50 queries"
    record.write("exceed", title, about + table(results), results, time.perf_counter() - start)


if __name__ == "__main__":
    main()
