"""Does a language model earn its place? NAS-Bench-201, 100 evaluated cells, beside evolution and published figures.

    GENAS_DATA=... python eval/llm_proposer.py --out /tmp/llm-proposer          (goes on where it was stopped)
    GENAS_DATA=... python eval/llm_proposer.py --out ... --searches "navigator:model=openai:MODEL" --seeds 3

Each run asks for 100 different cells, reads their validation accuracies (200 epochs) and nothing else, and then reads
the test accuracy of the one with the best validation accuracy, once. `archlm` is asked for 10 at a time and told of
them; where the name says so its model was fitted here, on figures that do not tell the target's accuracies:

- `no accuracies`: 1,000 uniform cells, ranked by training-free figures (naswot and synflow by log ranks) of each data
  set; no accuracy of any NAS-Bench-201 cell.
- `other data sets`: 1,000 uniform cells with the validation accuracies of the two *other* data sets.
- `shipped`: models/archlm, which has seen the validation accuracies of 1,000 cells on CIFAR-10 and CIFAR-100.

`renamed` runs in a copy of the space whose operations have neutral names and a task that does not name the benchmark.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import product
from pathlib import Path
from typing import Any

import record
import torch

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.pareto import log_rank_sum
from genas.core.records import Architecture, Measurement, Objective, Trial, Use
from genas.core.rng import rng
from genas.examples import Example, examples
from genas.learning import fit_examples

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
FREE = ("naswot", "synflow")
CELLS, EVALUATIONS, BATCH = 1000, 100, 10
KINDS = {"no accuracies": "free", "other data sets": "transfer"}
ABLATIONS = {", without history": {"history": 0}, ", without fitting": {"steps": 0}}
PUBLISHED = {  # valid / test in percent, as in Table 4 of CoLLM-NAS (arXiv 2509.26037); they use 100 cells or more
    "GENIUS (GPT-4), published": ("91.07 / 93.79", "70.96 / 70.91", "45.29 / 44.96"),
    "LLMatic, published": ("91.42 / 94.26", "71.41 / 71.62", "44.98 / 45.87"),
    "RZ-NAS (GPT-4o), published": ("91.45 / 94.24", "73.35 / 73.30", "46.53 / 46.24"),
    "LM-Searcher, published": ("91.52 / 94.20", "72.82 / 72.96", "46.48 / 46.51"),
    "CoLLM-NAS (Qwen3-30B, at most 100 cells), published": ("91.59 / 94.37", "73.44 / 73.44", "46.62 / 46.79"),
    "(the best cell by validation)": ("91.61 / 94.37", "73.49 / 73.51", "46.73 / 46.20"),
}


class RenamedCells(SearchSpace):
    """The cells under neutral names, in another order: a model that remembers the benchmark is not helped by it."""

    name = "cells"
    ops = ("start", "end", "amber", "birch", "cedar", "delta", "ember")
    max_nodes = 8

    def __init__(self) -> None:
        self.inner: SearchSpace = registry.create("spaces", "nasbench201")
        new = [self.ops[2 + i] for i in rng(0, "neutral names").permutation(5)]
        self.to_old = dict(zip(("start", "end", *new), self.inner.ops, strict=True))
        self.to_new = {old: new for new, old in self.to_old.items()}

    def sizes(self):
        return self.inner.sizes()

    def frame(self, nodes):
        frame = self.inner.frame(nodes)
        labels = tuple(tuple(sorted(self.to_new[op] for op in labels)) for labels in frame.labels)
        return type(frame)(labels, frame.edges, frame.open_edges)

    def old(self, arch: Architecture) -> Architecture:
        """The cell of the benchmark."""
        return Architecture("nasbench201", tuple(self.to_old.get(op, op) for op in arch.ops), arch.edges)

    def problems(self, arch):
        frame = self.frame(8)
        if arch.space != self.name or len(arch.ops) != 8 or arch.edges != frame.edges:
            return ["a cell is eight nodes of the space cells, joined as all of them are"]
        wrong = [op for op, labels in zip(arch.ops, frame.labels, strict=True) if op not in labels]
        return [f"{op!r} may not stand there; the operations are {', '.join(self.ops[2:])}" for op in wrong]

    def build(self, arch, task):
        return self.inner.build(self.old(arch), task)


class RenamedTask(Task):
    """The task without the benchmark's name."""

    name = "pictures"

    def __init__(self, inner: Task, space: RenamedCells) -> None:
        self.inner, self.space = inner, space
        self.input_shape, self.outputs = inner.input_shape, inner.outputs
        self.description = f"Classification of {inner.input_shape[1]}-pixel pictures into {inner.outputs} classes."

    def data(self, split):
        return self.inner.data(split)

    def lookup(self, arch, metric, *, fidelity=1.0):
        return self.inner.lookup(self.space.old(arch), metric, fidelity=fidelity)


def training_free(space: SearchSpace) -> list[Example]:
    """Uniform cells with what untrained networks tell of them: one task for each data set."""
    random, cells = rng(0, "training-free"), {}
    while len(cells) < CELLS:
        arch = space.sample(random)
        cells.setdefault(arch.key, arch)
    found = []
    for dataset in DATASETS:
        task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
        worth = log_rank_sum([[figure(task, arch, metric) for arch in cells.values()] for metric in FREE])
        costs = [{"params": task.lookup(arch, "params").value} for arch in cells.values()]
        rows = zip(cells.values(), worth, costs, strict=True)
        found += [Example(arch, f"training-free {dataset}", float(w), "uniform cells", c) for arch, w, c in rows]
    return found


def figure(task: Task, arch: Architecture, metric: str) -> float:
    """What the table says; the least where the network could not be scored (it is not connected)."""
    try:
        return task.lookup(arch, metric).value
    except ScoreFailed:
        return -float("inf")


def model(kind: str, dataset: str, folder: Path) -> str:
    """The folder of a model that knows nothing of the accuracies on the data set; fitted where it is not there yet."""
    space = registry.create("spaces", "nasbench201")
    out = folder / ("model-free" if kind == "free" else f"model-{kind}-{dataset}")
    if not (out / "README.md").is_file():
        others = [f"table:nasbench201:dataset={d},sample={CELLS}" for d in DATASETS if d != dataset]
        found = training_free(space) if kind == "free" else examples(space, others)
        fit_examples("archlm", space, found, out, epochs=20 if kind == "free" else 30)
    return str(out)


def rows(searches: list[str]) -> dict[str, tuple[Use, str]]:
    """What each row runs, and the kind of model fitted for it; archlm is several rows, others NAME:KEY=VALUE,..."""
    found: dict[str, tuple[Use, str]] = {}
    for search in searches:
        name, _, options = search.partition(":")
        if search != "archlm":
            given = dict(part.split("=", 1) for part in options.split(",") if part)
            use = Use(name, {k: json.loads(v) if v[:1] in "0123456789[{" else v for k, v in given.items()})
            found[search] = use, ""
            continue
        found["archlm, shipped"] = Use("archlm"), ""
        found |= {f"archlm, {words}": (Use("archlm"), kind) for words, kind in KINDS.items()}
        words, kind = next(iter(KINDS.items()))
        found |= {f"archlm, {words}{less}": (Use("archlm", change), kind) for less, change in ABLATIONS.items()}
    return found


def measure(use: Use, dataset: str, seed: int, *, renamed: bool) -> dict[str, Any]:
    """The validation accuracies in the order asked, and the test accuracy of the best."""
    task: Task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
    space: SearchSpace = RenamedCells() if renamed else registry.create("spaces", "nasbench201")
    seen = RenamedTask(task, space) if isinstance(space, RenamedCells) else task
    kind = "proposers" if use.name in registry.names("proposers") else "refiners"
    context = {"space": space, "task": seen, "seed": seed, "objectives": (Objective("accuracy"),), "limits": ()}
    search = registry.create(kind, use, **context, device="cpu", ledger=Ledger(), request=None)
    start, values, archs = time.process_time(), [], []
    step = 1 if use.name == "regularized_evolution" else BATCH
    while len(values) < EVALUATIONS and (asked := search.ask(min(step, EVALUATIONS - len(values)))):
        told = [Trial(c, (Measurement("accuracy", seen.lookup(c.arch, "accuracy").value),)) for c in asked]
        values += [trial.value("accuracy") for trial in told]
        archs += [trial.candidate.arch for trial in told]
        search.tell(told)
    seconds = time.process_time() - start
    best = archs[max(range(len(values)), key=values.__getitem__)]
    test = registry.create("validators", "table", task=seen).test(best).value
    return {"values": values, "test": test, "seconds": seconds / max(1, len(values))}


def cell(runs: list[dict[str, Any]]) -> str:
    """Validation and test accuracy, mean and standard deviation over the seeds, in percent."""
    parts = []
    for found in ([max(run["values"]) for run in runs], [run["test"] for run in runs]):
        spread = statistics.stdev(found) if len(found) > 1 else 0.0
        parts.append(f"{100 * statistics.mean(found):.2f}±{100 * spread:.2f}")
    return " / ".join(parts)


def table(results: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Markdown: ours, then what is published."""
    head = "| search | CIFAR-10 | CIFAR-100 | ImageNet16-120 | best of all found | after 20 | after 50 | s an architecture |"
    lines = [head, "| --- " * 8 + "|"]
    top = {d: max(max(run["values"]) for by in results.values() for run in by[d]) for d in DATASETS}
    for name, by in results.items():
        hits = " ".join(f"{sum(max(r['values']) == top[d] for r in by[d])}/{len(by[d])}" for d in DATASETS)
        early = [
            " ".join(f"{100 * statistics.mean(max(r['values'][:at]) for r in by[d]):.2f}" for d in DATASETS)
            for at in (20, 50)
        ]
        seconds = statistics.median(run["seconds"] for runs in by.values() for run in runs)
        lines.append(
            f"| {name} | "
            + " | ".join(cell(by[d]) for d in DATASETS)
            + f" | {hits} | {early[0]} | {early[1]} | {seconds:.2f} |"
        )
    return "\n".join([*lines, *(f"| {name} | " + " | ".join(v) + " | | | | |" for name, v in PUBLISHED.items())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--searches", nargs="+", default=["uniform", "regularized_evolution", "archlm"])
    parser.add_argument("--renamed", nargs="*", default=[], help="searches to run in the renamed space too")
    parser.add_argument("--out", type=Path, required=True, help="fitted models and finished runs, to go on from")
    args = parser.parse_args()
    torch.set_num_threads(1)
    start, results = time.perf_counter(), {}
    args.out.mkdir(parents=True, exist_ok=True)
    uses = {name: (*row, False) for name, row in rows(args.searches).items()}
    uses |= {f"{name}, renamed": (*row, True) for name, row in rows(args.renamed).items()}
    for name, (use, kind, renamed) in uses.items():
        for dataset, seed in product(DATASETS, range(args.seeds)):
            cache = args.out / f"{name.replace('/', '_')}-{dataset}-{seed}.json"
            if not cache.is_file():
                named = Use(use.name, {**use.options, "model": model(kind, dataset, args.out)}) if kind else use
                cache.write_text(json.dumps(measure(named, dataset, seed, renamed=renamed)))
            results.setdefault(name, {}).setdefault(dataset, []).append(json.loads(cache.read_text()))
            print(name, dataset, seed, cell(results[name][dataset][-1:]), flush=True)
        title, about = "Language models as proposers on nasbench201", ABOUT.format(args.seeds)
        record.write("llm_proposer", title, about + table(results), results, time.perf_counter() - start)


ABOUT = """Validation / test accuracy in percent of the cell with the best validation accuracy of 100 evaluated cells, \
mean ± standard deviation of {} seeds; both after 200 epochs, by the published tables. The test accuracy is read once a run, \
after it. `best of all found`: runs that met the cell with the best validation accuracy found by any row, by data set. \
`archlm, no accuracies`: fitted on training-free figures of 1,000 uniform cells; `other data sets`: on validation \
accuracies of 1,000 cells on the two other data sets; `shipped`: models/archlm, which saw those of 1,000 cells on CIFAR-10 and \
CIFAR-100 (for ImageNet16-120 it is in the position of `other data sets`). Models were fitted once and not once a seed. \
regularized_evolution (population 50, sample 10) is told after every cell, archlm after 10. Guidance, \
steps and batch of archlm were chosen on other columns of these cells (12-epoch, quantised and FGSM accuracies, seeds from 1000). \
On ImageNet16-120 the cell with the best validation accuracy has 46.20 test accuracy, so a search that \
chooses by validation and finds it can't reach published test figures above that.

"""


if __name__ == "__main__":
    main()
