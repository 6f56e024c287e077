"""Does a language model earn its place? NAS-Bench-201, 100 evaluated cells, compared with evolution and published figures.

    GENAS_DATA=... python eval/llm_proposer.py --out /tmp/llm-proposer          (resumes where it was stopped)
    GENAS_DATA=... python eval/llm_proposer.py --out ... --searches "navigator:model=openai:MODEL" --seeds 3
    GENAS_DATA=... python eval/llm_proposer.py --out ... --prompted --seeds 5   (the embedded chat model, 12 cells)

Each run asks for 100 different cells and reads only their validation accuracies (200 epochs). Then it reads the test
accuracy of the cell with the best validation accuracy, once. `archlm` is asked for 10 cells at a time and receives their
results. Where its name says so, the model was fitted here, on figures that do not reveal the target's accuracies:

- `no accuracies`: 1,000 uniform cells, ranked by zero-cost proxies (naswot and synflow by log ranks) of each data set;
  no accuracy of any NAS-Bench-201 cell.
- `other data sets`: 1,000 uniform cells with the validation accuracies of the two *other* data sets.
- `shipped`: models/archlm, which was fitted on the validation accuracies of 1,000 cells on CIFAR-10 and CIFAR-100.

`--prompted` asks the embedded SmolLM2 with the prompts that large models get, with one part left out in turn, and under
neutral names (`renamed`: labels assigned by seed, no documentation, no name of the task). The result is written to
`results/llm_prompted.json`.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import record
import torch

import genas
from genas.core import phrases, registry
from genas.core.errors import ScoreFailed
from genas.core.examples import Example, examples
from genas.core.interfaces import SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.pareto import log_rank_sum
from genas.core.records import Architecture, Use
from genas.core.rng import rng
from genas.learners._fit import fit_examples
from genas.simulation import simulate

DATASETS = ("cifar10", "cifar100", "imagenet16_120")
FREE = ("naswot", "synflow")
CELLS, EVALUATIONS, BATCH = 1000, 100, 10
KINDS = {"no accuracies": "free", "other data sets": "transfer"}
ABLATIONS: dict[str, dict[str, Any]] = {
    ", without history": {"history": 0},
    ", without neighbours": {"near": 0},
    ", with fitting": {"steps": 20},
}
FEW, FEW_BATCH = 12, 4  # cells of a prompted run, and how many are asked for at a time
SHORT = {"batch": 4, "examples": 3, "repairs": 0}
WITHOUT: dict[str, dict[str, Any]] = {
    "": {},
    ", renamed": {"renamed": True},
    ", without history": {"history": 0},
    ", without reflection": {"reflection": 0},
    ", without retrieval": {"retrieval": 0},
    ", without bands": {"partition": 1},
}
PROMPTED = {
    "llm": Use("llm", SHORT),
    "llm, renamed": Use("llm", {**SHORT, "renamed": True}),
    **{
        f"navigator{less}": Use("navigator", {**SHORT, "words": 40, "history": 4, "reflection": 3, **change})
        for less, change in WITHOUT.items()
    },
}
PUBLISHED = {  # valid / test in percent, as in Table 4 of CoLLM-NAS (arXiv 2509.26037); they use 100 cells or more
    "GENIUS (GPT-4), published": ("91.07 / 93.79", "70.96 / 70.91", "45.29 / 44.96"),
    "LLMatic, published": ("91.42 / 94.26", "71.41 / 71.62", "44.98 / 45.87"),
    "RZ-NAS (GPT-4o), published": ("91.45 / 94.24", "73.35 / 73.30", "46.53 / 46.24"),
    "LM-Searcher, published": ("91.52 / 94.20", "72.82 / 72.96", "46.48 / 46.51"),
    "CoLLM-NAS (Qwen3-30B, at most 100 cells), published": ("91.59 / 94.37", "73.44 / 73.44", "46.62 / 46.79"),
    "(the best cell by validation)": ("91.61 / 94.37", "73.49 / 73.51", "46.73 / 46.20"),
}


def training_free(space: SearchSpace) -> list[Example]:
    """Uniform cells with what untrained networks tell of them: one task for each data set."""
    random = rng(0, "training-free")
    cells: dict[str, Architecture] = {}
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
        if search != "archlm":
            found[search] = phrases.parse_use(search), ""
            continue
        found["archlm, shipped"] = Use("archlm"), ""
        found |= {f"archlm, {words}": (Use("archlm"), kind) for words, kind in KINDS.items()}
        words, kind = next(iter(KINDS.items()))
        found |= {f"archlm, {words}{less}": (Use("archlm", change), kind) for less, change in ABLATIONS.items()}
    return found


def measure(use: Use, dataset: str, seed: int, *, cells: int = EVALUATIONS, step: int = BATCH) -> dict[str, Any]:
    """The validation accuracies in the order asked, and the test accuracy of the best."""
    task: Task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
    ledger = Ledger()
    curve = simulate("nasbench201", task, use, cells, seed, batch=step, ledger=ledger)
    best = curve.measured[int(curve.values.argmax())].candidate.arch
    test = registry.create("validators", "table", task=task).test(best).value
    seconds = curve.seconds / max(1, len(curve.measured))
    found = {"values": curve.values.tolist(), "test": test, "seconds": seconds}
    calls = [event for event in ledger.read() if event["kind"] == "completion"]
    return found | ({"calls": len(calls), "tokens": sum(c.get("tokens", 0) for c in calls)} if calls else {})


def spread(found: list[float], digits: int = 2) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(found):.{digits}f}±{statistics.stdev(found) if len(found) > 1 else 0.0:.{digits}f}"


def cell(runs: list[dict[str, Any]]) -> str:
    """Validation and test accuracy over the seeds, in percent."""
    return " / ".join(
        spread([100 * v for v in found]) for found in ([max(r["values"]) for r in runs], [r["test"] for r in runs])
    )


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


def kept(path: Path, made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is in the file, made and written where there is none."""
    if not path.is_file():
        path.write_text(json.dumps(made()))
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def searches(out: Path, names: list[str], seeds: int) -> None:
    """The first table: every data set, 100 cells."""
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, (use, kind) in rows(names).items():
        for dataset, seed in product(DATASETS, range(seeds)):

            def run(use: Use = use, kind: str = kind, dataset: str = dataset, seed: int = seed) -> dict[str, Any]:
                named = Use(use.name, {**use.options, "model": model(kind, dataset, out)}) if kind else use
                return measure(named, dataset, seed, step=1 if use.name == "regularized_evolution" else BATCH)

            found = kept(out / f"{name.replace('/', '_')}-{dataset}-{seed}.json", run)
            results.setdefault(name, {}).setdefault(dataset, []).append(found)
            print(name, dataset, seed, cell([found]), flush=True)
        title, about = "Language models as proposers on nasbench201", ABOUT.format(seeds)
        record.write(
            "llm_proposer",
            title,
            about + table(results),
            results,
            spent(r for by in results.values() for r in by.values()),
        )


def prompted(out: Path, seeds: int) -> None:
    """The second table: the embedded chat model on CIFAR-10, few cells."""
    earlier = out / "earlier"
    if not (earlier / "report.json").is_file():  # what navigator may retrieve: 30 uniform cells on another data set
        task = Use("nasbench201", {"dataset": "cifar100"})
        mixes: dict[str, Any] = {"proposers": ["uniform"], "scorers": ["table"]}
        genas.design("", task=task, space="nasbench201", validator="table", budget={"trials": 30}, out=earlier, **mixes)
    results: dict[str, list[dict[str, Any]]] = {
        "uniform": [measure(Use("uniform"), "cifar10", s, cells=FEW) for s in range(300)]
    }
    for seed, (name, use) in product(range(seeds), PROMPTED.items()):
        memory = {"memory": [str(earlier)]} if use.name == "navigator" else {}
        used = Use(use.name, {**use.options, **memory})
        path = out / f"prompted-{name}-{seed}.json"
        found = kept(path, partial(measure, used, "cifar10", seed, cells=FEW, step=FEW_BATCH))
        results.setdefault(name, []).append(found)
        print(name, seed, cell([found]), f"{found['seconds']:.1f} s a cell", flush=True)
    title = "The embedded chat model as proposer and refiner on nasbench201"
    record.write(
        "llm_prompted", title, ABOUT_PROMPTED.format(seeds, FEW) + few(results), results, spent(results.values())
    )


def spent(groups: Iterable[list[dict[str, Any]]]) -> float:
    """CPU seconds of these runs, whenever they were made; the fitting of models is not counted."""
    return float(sum(run["seconds"] * len(run["values"]) for runs in groups for run in runs))


def few(results: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown of prompted runs: the best, the mean and the useless among the cells, and what was spent."""
    head = "| search | best | mean | below 0.2 | cells | calls | tokens | CPU s |"
    lines = [head, "| --- " * 8 + "|"]
    for name, runs in results.items():
        columns = [
            [max(r["values"]) for r in runs],
            [statistics.mean(r["values"]) for r in runs],
            [sum(v < 0.2 for v in r["values"]) / len(r["values"]) for r in runs],
        ]
        best, mean, useless = (spread(column, 4) for column in columns)
        counts = [len(r["values"]) for r in runs], [r.get("calls", 0) for r in runs], [r.get("tokens", 0) for r in runs]
        times = [r["seconds"] * len(r["values"]) for r in runs]
        figures = " | ".join(f"{statistics.mean(column):.0f}" for column in (*counts, times))
        lines.append(f"| {name} | {best} | {mean} | {useless} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--searches", nargs="+", default=["uniform", "regularized_evolution", "local_search", "archlm"])
    parser.add_argument("--prompted", action="store_true", help="the embedded chat model in their place")
    parser.add_argument("--out", type=Path, required=True, help="fitted models and finished runs, to go on from")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.prompted:
        prompted(args.out, args.seeds)
    else:
        searches(args.out, args.searches, args.seeds)


ABOUT = """Validation / test accuracy in percent of the cell with the best validation accuracy of 100 evaluated cells, \
mean ± standard deviation of {} seeds; both after 200 epochs, by the published tables. The test accuracy is read once a run, \
after it. `best of all found`: runs that met the cell with the best validation accuracy found by any row, by data set. \
`archlm, no accuracies`: fitted on training-free figures of 1,000 uniform cells; `other data sets`: on validation \
accuracies of 1,000 cells on the two other data sets; `shipped`: models/archlm, which saw those of 1,000 cells on CIFAR-10 and \
CIFAR-100 (for ImageNet16-120 it is in the position of `other data sets`). Models were fitted once and not once a seed. \
regularized_evolution (population 50, sample 10) is told after every cell, the others after 10. archlm asks for those \
of its samples and of the one-edit neighbours of its 5 best cells that it finds likeliest at the top level; guidance, \
batch, neighbours and fitting were chosen on other columns of these cells (12-epoch, quantised and FGSM accuracies, \
seeds from 1000; there too the same candidates taken at random, and fitting, did worse; their rank correlation with the \
columns reported here is 0.63 to 0.98, so the choice is not independent of these). No row of archlm is under \
neutral names: its words are numbers without a meaning before it is fitted, and it is fitted to nothing but the \
architectures on its card, so a renaming gives the same model up to the draw of its first weights, and there is no text \
that it could have read the benchmark in. \
Its choice among candidates is the model's and not drawn, so many seeds end at the same cell (±0.00). \
On ImageNet16-120 the cell with the best validation accuracy has 46.20 test accuracy, so a search that \
chooses by validation and finds it can't reach published test figures above that.

"""

ABOUT_PROMPTED = """CIFAR-10 validation accuracy, mean ± standard deviation of {} seeds (uniform: 300), {} cells a run, \
asked for and told in fours; SmolLM2 with 135 million weights under a grammar, prompts as any model gets them. `best`, `mean`: of the cells of a run; \
`below 0.2`: their share. `renamed`: neutral labels dealt by seed, no documentation, no name of the task. Retrieval \
reads a run of 30 uniform cells on CIFAR-100. This model can't follow such prompts: the rows show that every part runs and what it costs, and \
nothing about what the parts are worth to a model that can.

"""


if __name__ == "__main__":
    main()
