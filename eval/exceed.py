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
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import record
import torch

from genas.core import registry
from genas.core.examples import Example
from genas.core.interfaces import Proposer, SearchSpace
from genas.core.records import Architecture, Candidate, Trial, Use
from genas.core.rng import rng, seed_of
from genas.learners._fit import fit_examples
from genas.predictors.blend import Blend, views
from genas.proposers.diffusion import DiffusionProposer
from genas.simulation import simulate

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
ROUNDS, BATCH, POOL = 5, 10, 300
ELITE, EDITS = 10, 15  # best cells known, and the edits of each that join the pool
METHODS = ("random", "predictor alone", "samples alone", "diffusion")


class Rounds(Proposer):
    """Asks in ROUNDS rounds for the best of a pool that the method makes anew in each."""

    def __init__(
        self, method: str, space: SearchSpace, cells: list[Architecture], known: dict[Architecture, float], *,
        seed: int, folder: Path,
    ) -> None:  # fmt: skip
        self.name, self.space, self.cells, self.known, self.seed = method, space, cells, dict(known), seed
        self.random, self.round = rng(seed, "exceed"), 0
        self.proposer = DiffusionProposer(space, seed, model=str(folder))

    def ask(self, n: int) -> list[Candidate]:
        pool: list[Architecture] = []
        while not pool and self.round < ROUNDS:
            pool = [arch for arch in dict.fromkeys(self._pool()) if arch not in self.known]
            self.round += 1
        if self.name in ("predictor alone", "diffusion") and pool:
            blend = Blend(self.seed)
            blend.fit(views(self.space, list(self.known)), list(self.known.values()))
            pool = [pool[int(i)] for i in np.argsort(-blend.predict(views(self.space, pool))[0])]
        return [Candidate(arch, self.name) for arch in pool[:n]]

    def tell(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self.known[trial.candidate.arch] = trial.measurements[0].value

    def _pool(self) -> list[Architecture]:
        if self.name in ("random", "predictor alone"):
            return [self.cells[int(i)] for i in self.random.permutation(len(self.cells))[: POOL + ELITE * EDITS]]
        if self.name == "samples alone":
            return [c.arch for c in self.proposer.ask(BATCH * 4)]
        best = sorted(self.known, key=self.known.__getitem__)[-ELITE:]
        generator = torch.Generator().manual_seed(seed_of(self.seed, self.round))
        return self.proposer.draw(POOL, generator) + [a for one in best for a in self.proposer.edit(one, EDITS)]


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
        asking = Rounds(method, space, list(truth), {a: truth[a] for a in chosen}, seed=seed, folder=folder)
        queried = simulate(space, task, asking, ROUNDS * BATCH, batch=BATCH).best
        result[method] = [round(100 * (best - float(v)), 4) for v in queried]
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
