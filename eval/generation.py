"""What the generators make: legal, different, new, fast and good? On NAS-Bench-201, beside uniform sampling.

    GENAS_DATA=... python eval/generation.py                     (about 5 minutes on one core)
    GENAS_DATA=... python eval/generation.py --llm 16            (also `llm`, so many from each of 5 seeds: slow)

The shipped models were fitted to the validation accuracies of 1,000 random cells on CIFAR-10. Of n raw draws: the share
of legal ones, of different ones (by key) and of those not among these 1,000; architectures a second. Of n different
ones as `ask` gives them: their mean validation accuracy in the tables of three data sets, and on CIFAR-10 that of the
new ones alone (cifar10_new). Median of the seeds [lowest, highest].
"""

from __future__ import annotations

import argparse
import statistics
import time

import record
import torch

from genas.core import registry
from genas.core.errors import MissingArtifact
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Use
from genas.core.rng import rng
from genas.learning import examples

SOURCE = "table:nasbench201:dataset=cifar10,sample=1000"
DATASETS = ("cifar10", "cifar100", "imagenet16_120")
USES = {
    "uniform": Use("uniform"),
    "diffusion, any level": Use("diffusion", {"level": "any"}),
    "diffusion, top, guidance 1": Use("diffusion", {"guidance": 1.0}),
    "diffusion, top": Use("diffusion"),
    "archlm, any level": Use("archlm", {"level": "any"}),
    "archlm, top, guidance 1": Use("archlm", {"guidance": 1.0}),
    "archlm, top": Use("archlm"),
}


def draw(proposer: Proposer, space: SearchSpace, n: int, seed: int) -> list[Architecture]:
    """Raw draws: for uniform the space's own, for the models as they come."""
    if proposer.name == "uniform":
        random = rng(seed, "eval")
        return [space.sample(random) for _ in range(n)]
    return proposer.draw(n, torch.Generator().manual_seed(seed))


def measure(use: Use, space: SearchSpace, tasks: dict[str, Task], known: set[str], *, n: int, seed: int) -> dict:
    """All figures of one proposer at one seed."""
    context = {
        "space": space,
        "task": tasks["cifar10"],
        "seed": seed,
        "device": "cpu",
        "limits": (),
        "ledger": Ledger(),
    }
    proposer = registry.create("proposers", use, **context)
    figures: dict[str, float] = {}
    if use.name != "llm":
        draw(proposer, space, 8, seed)  # loads the model
        start = time.perf_counter()
        raw = draw(proposer, space, n, seed)
        figures["archs_per_second"] = n / (time.perf_counter() - start)
        keys = [arch.key for arch in raw]
        figures["valid"] = sum(not space.problems(arch) for arch in raw) / n
        figures["unique"] = len(set(keys)) / n
        figures["novel"] = sum(key not in known for key in keys) / n
    start = time.perf_counter()
    asked = [candidate.arch for candidate in proposer.ask(n)]
    figures["asked"] = len(asked)
    figures["ask_seconds"] = time.perf_counter() - start
    new = [arch for arch in asked if arch.key not in known]
    for name, task, archs in [*((d, t, asked) for d, t in tasks.items()), ("cifar10_new", tasks["cifar10"], new)]:
        if archs:
            figures[name] = statistics.mean(task.lookup(arch, "accuracy").value for arch in archs)
    return figures


def table(results: dict[str, list[dict]]) -> str:
    """Markdown; one row per proposer."""
    columns = ["valid", "unique", "novel", "archs_per_second", "asked", *DATASETS, "cifar10_new"]
    lines = ["| proposer | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 1) + "|"]
    for name, runs in results.items():
        cells = [name]
        for column in columns:
            values = [run[column] for run in runs if column in run]
            digits = {"archs_per_second": 0, "asked": 0, "valid": 3, "unique": 3, "novel": 3}.get(column, 4)
            spread = [statistics.median(values), min(values), max(values)] if values else []
            cells.append("{} [{}, {}]".format(*(f"{v:.{digits}f}" for v in spread)) if values else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--llm", type=int, default=0, help="also ask `llm` with the embedded model for so many a seed")
    arguments = parser.parse_args()
    start = time.perf_counter()
    space = registry.create("spaces", "nasbench201")
    tasks = {d: registry.create("tasks", Use("nasbench201", {"dataset": d})) for d in DATASETS}
    known = {example.arch.key for example in examples(space, [SOURCE])}
    uses = {name: (use, arguments.n) for name, use in USES.items()}
    if arguments.llm:
        uses[f"llm, embedded, n={arguments.llm}"] = (Use("llm"), arguments.llm)
    results: dict[str, list[dict]] = {}
    for name, (use, n) in uses.items():
        try:
            results[name] = [measure(use, space, tasks, known, n=n, seed=seed) for seed in range(arguments.seeds)]
        except MissingArtifact as error:
            print(f"{name}: {error}")
            continue
        print(name, results[name][0], flush=True)
    about = (
        f"{arguments.seeds} seeds, n = {arguments.n} a seed. Accuracies are validation accuracies of the table. The models "
        f"were fitted on `{SOURCE}`; `novel` and `cifar10_new` leave those cells out. Guidance and the archlm's size were "
        "chosen while looking at these tables, so the top rows are slightly optimistic. `llm` is the embedded SmolLM2.\n\n"
    )
    title = "What the generators make on nasbench201"
    record.write("generation", title, about + table(results), results, time.perf_counter() - start)


if __name__ == "__main__":
    main()
