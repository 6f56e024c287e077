"""How well do zero-cost proxies rank architectures? Kendall and Spearman on published accuracies, NAS-Bench-201 first.

    GENAS_DATA=... python eval/proxy_ranks.py --out /tmp/proxies --group fast      (about 10 minutes on one core)
    GENAS_DATA=... python eval/proxy_ranks.py --out /tmp/proxies --group spectra   (about 40 minutes)
    GENAS_DATA=... python eval/proxy_ranks.py --out /tmp/proxies --group slow      (about 20 minutes)
    GENAS_DATA=... python eval/proxy_ranks.py --out /tmp/proxies                   (the table of what was scored)

Scores are kept in a file a cell a line: a run that is stopped goes on where it was (`--minutes` stops it). Every proxy
sees 16 real CIFAR-10 images and the published network (16 channels, 5 cells a stage), one seed, whatever the data set
whose accuracies it is compared with.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import record
from scipy.stats import kendalltau, rankdata, spearmanr

from genas.core import assets, registry
from genas.core.errors import ScoreFailed
from genas.core.pareto import log_rank_sum
from genas.nn.probe import Probes

CELLS = 1000  # of the 9,445 non-degenerate ones
GROUPS = {
    "fast": (
        "params", "flops", "depth", "l2_norm", "synflow", "naswot", "grad_norm", "snip", "plain", "fisher", "jacov",
        "epe_nas",
    ),
    "spectra": ("expressivity", "progressivity", "trainability", "vkdnw", "zen"),
    "slow": ("swap", "linear_regions", "ntk", "gradsign", "zico", "grasp"),
}  # fmt: skip
DATASETS = {"C10": "cifar10", "C100": "cifar100", "IN16": "imagenet16_120"}
SMALL_IS_GOOD = {"ntk"}  # params and flops rank networks too: more is better
# Kendall / Spearman on C10, C100, IN16: VKDNW (CVPR 2025) table 1; GradSign: its paper (Spearman only)
PUBLISHED = {
    "flops": ".623/.799 .586/.763 .545/.718", "depth": ".626/.767 .646/.787 .623/.764",
    "grad_norm": ".328/.438 .341/.451 .310/.418", "snip": ".431/.591 .440/.597 .389/.521",
    "grasp": ".352/.505 .349/.498 .359/.502", "synflow": ".561/.758 .553/.750 .531/.719",
    "jacov": ".616/.800 .639/.820 .602/.779", "naswot": ".571/.762 .607/.799 .605/.794",
    "zen": ".102/.103 .079/.072 .091/.109", "gradsign": "-/.765 -/.793 -/.783",
    "zico": ".607/.802 .614/.809 .587/.779", "vkdnw": ".618/.815 .634/.829 .622/.814",
    "TE-NAS": ".536/.722 .537/.723 .523/.709", "AZ-NAS": ".712/.892 .696/.880 .673/.859",
    "VKDNW aggregate": ".750/.919 .753/.919 .743/.906",
}  # fmt: skip
# Fixed before any accuracy was looked at.
AGGREGATES = {
    "nwot+synflow+jacov": ("naswot", "synflow", "jacov"),
    "TE-NAS": ("ntk", "linear_regions"),
    "AZ-NAS": ("expressivity", "progressivity", "trainability", "flops"),
    "VKDNW aggregate": ("vkdnw", "jacov", "expressivity", "trainability", "flops"),
}
STORED = {  # our name -> the column of nb201_zc13.parquet
    **{n: f"cifar10_{n}" for n in ("params", "flops", "l2_norm", "synflow", "grad_norm", "snip", "plain", "fisher")},
    **{n: f"cifar10_{n}" for n in ("jacov", "epe_nas", "zen", "grasp")},
    "naswot": "cifar10_nwot",
}


def sample() -> list[int]:
    """The fixed random sample, as arch_index."""
    known = np.asarray(pq.read_table(assets.data("nasbench201/nb201_zc13.parquet")).column("arch_index"))
    known = np.sort(known)
    return [int(i) for i in np.random.default_rng(0).permutation(known)[:CELLS]]


def load(path: Path) -> dict[int, dict[str, float | None]]:
    """All scores kept, by arch_index; a line cut off by a stop is left out."""
    found: dict[int, dict[str, float | None]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found.setdefault(row["arch_index"], {}).update(row["scores"])
    return found


def score(path: Path, names: tuple[str, ...], *, cells: int, minutes: float, part: str) -> None:
    """Score what is missing of the first `cells` of the sample; `part` is like 0/2."""
    space, task = registry.create("spaces", "nasbench201"), registry.create("tasks", "nasbench201")
    probes = Probes(space, task)
    context = {"space": space, "task": task, "device": "cpu", "seed": 0, "probes": probes}
    scorers = {name: registry.create("scorers", name, **context) for name in names}
    strings = pq.read_table(assets.data("nasbench201/nb201_accuracy.parquet")).sort_by("arch_index").column("arch_str")
    done, end = load(path), time.perf_counter() + 60 * minutes
    mine, of = map(int, part.split("/"))
    with path.open("a") as file:
        for number in sample()[:cells][mine::of]:
            if set(names) <= set(done.get(number, {})):
                continue
            if time.perf_counter() > end:
                return
            start = time.perf_counter()
            arch = space.from_text(strings[number].as_py())
            scores: dict[str, float | None] = {}
            for name, scorer in scorers.items():
                try:
                    scores[name] = scorer.score(arch).value
                except ScoreFailed:
                    scores[name] = None
            row = {"arch_index": number, "seconds": round(time.perf_counter() - start, 3), "scores": scores}
            file.write(json.dumps(row) + "\n")
            file.flush()


def columns(found: dict[int, dict[str, float | None]], cells: list[int]) -> dict[str, np.ndarray]:
    """Each proxy, larger is better, over the cells; NaN where it was not measured, the worst where it failed."""
    result = {}
    for name in sorted({name for scores in found.values() for name in scores}):
        values = np.array([found.get(c, {}).get(name, np.nan) for c in cells], dtype=object)
        failed = np.array([value is None for value in values])
        numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
        numbers = -numbers if name in SMALL_IS_GOOD else numbers
        numbers[failed] = np.nanmin(numbers)
        result[name] = numbers
    return result


def log_ranks(scores: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """The sum over proxies of log(rank / n), the best having rank n: being bad in one of them weighs much."""
    return log_rank_sum([scores[name] for name in names])


def from_the_top(scores: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """Minus the sum of log(rank), the best having rank 1: being among the best in one of them weighs much."""
    return -log_rank_sum([-scores[name] for name in names])


def plain_ranks(scores: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    """The sum of ranks."""
    return np.sum([rankdata(scores[name]) for name in names], axis=0)


def agreement(values: np.ndarray, accuracy: np.ndarray) -> tuple[float, float]:
    return float(kendalltau(values, accuracy)[0]), float(spearmanr(values, accuracy)[0])


def search(scores: dict[str, np.ndarray], accuracies: dict[str, np.ndarray], half: np.ndarray) -> tuple[str, ...]:
    """Greedily, the set whose sum of log ranks has the best mean Kendall over the data sets on these cells."""
    chosen: tuple[str, ...] = ()
    best = 0.0
    part = {name: values[half] for name, values in scores.items()}
    while True:
        trials = {}
        for name in part.keys() - set(chosen):
            summed = log_ranks(part, (*chosen, name))
            trials[name] = np.mean([kendalltau(summed, acc[half])[0] for acc in accuracies.values()])
        name = max(sorted(trials), key=trials.__getitem__)
        if trials[name] < best + 0.002:
            return chosen
        chosen, best = (*chosen, name), float(trials[name])


class Table:
    """Rows of agreement with the accuracies of the cells."""

    def __init__(self, order: list[int]) -> None:
        published = pq.read_table(assets.data("nasbench201/nb201_accuracy.parquet")).sort_by("arch_index")
        theirs = pq.read_table(assets.data("nasbench201/nb201_zc13.parquet")).to_pylist()
        by_index = {row["arch_index"]: row for row in theirs}
        self.stored = {name: np.array([by_index[c][s] for c in order], dtype=float) for name, s in STORED.items()}
        self.accuracies = {d: np.asarray(published.column(f"{c}_test_acc"))[order] for d, c in DATASETS.items()}
        self.figures: dict[str, dict] = {}
        heads = ["proxy", "cells", *(f"{d} tau / rho" for d in DATASETS), "C10 of its top 10", "published", "as stored"]
        self.lines = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]

    def add(self, name: str, values: np.ndarray, on: np.ndarray | None = None) -> None:
        """One row; NaN is left out."""
        known = ~np.isnan(values) if on is None else on & ~np.isnan(values)
        row: dict = {d: agreement(values[known], accuracy[known]) for d, accuracy in self.accuracies.items()}
        row |= {"cells": int(known.sum())}
        row["top10"] = float(self.accuracies["C10"][known][np.argsort(-values[known], kind="stable")[:10]].mean())
        cells = [name, str(row["cells"]), *("{:.3f} / {:.3f}".format(*row[d]) for d in self.accuracies)]
        cells += [f"{row['top10']:.2f}", PUBLISHED.get(name, "")]
        if name in self.stored:
            both = known & np.isfinite(self.stored[name])
            row["stored"] = float(spearmanr(values[both], self.stored[name][both])[0])
        cells.append(f"{row['stored']:.3f}" if "stored" in row else "")
        self.figures[name] = row
        self.lines.append("| " + " | ".join(cells) + " |")


def report(path: Path) -> tuple[str, dict]:
    """The table and its figures."""
    found = load(path)
    order = [c for c in sample() if c in found]
    scores, table = columns(found, order), Table(order)
    for name, values in scores.items():
        table.add(name, values)
    for name, members in AGGREGATES.items():
        if all(m in scores for m in members):
            known = ~np.isnan(np.sum([scores[m] for m in members], axis=0))
            for title, combine in ((name, log_ranks), (f"{name}, ranks", plain_ranks)):
                values = np.full(len(order), np.nan)
                values[known] = combine({m: scores[m][known] for m in members}, members)
                table.add(title, values)
    complete = {n: v for n, v in scores.items() if np.isnan(v).mean() < 0.05}
    known = ~np.isnan(np.sum(list(complete.values()), axis=0))
    first = known & (np.arange(len(order)) % 2 == 0)
    chosen = search(complete, table.accuracies, first)
    pairs = (("found on half A: " + "+".join(chosen), chosen), ("VKDNW aggregate", AGGREGATES["VKDNW aggregate"]))
    for name, members in pairs:
        for half, on in (("half B", known & ~first), ("half A", first), ("both", known)):
            for how, combine in (("", log_ranks), (", log ranks from the top", from_the_top)):
                values = np.full(len(order), np.nan)
                values[on] = combine({m: scores[m][on] for m in members}, members)
                if half == "both" or not how:
                    table.add(f"{name}; {half}{how}", values)
    return "\n".join(table.lines), table.figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("/tmp/proxies"))
    parser.add_argument("--group", choices=list(GROUPS))
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--part", default="0/1", help="score each n-th cell only: 0/2 and 1/2 are two halves")
    parser.add_argument("--write", action="store_true", help="write eval/results")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "nasbench201.jsonl"
    start = time.perf_counter()
    if arguments.group:
        score(path, GROUPS[arguments.group], cells=arguments.cells, minutes=arguments.minutes, part=arguments.part)
        return
    table, figures = report(path)
    if arguments.write:
        about = (
            "Kendall tau / Spearman rho with the published test accuracy (CIFAR-10, CIFAR-100, ImageNet16-120) on a fixed "
            "random sample of the 9,445 non-degenerate cells. `published` is on all cells and by the authors' code; "
            "`as stored` the Spearman with NAS-Bench-Suite-Zero's scores of the same proxy (other initial weights and "
            "images; they depend on the seed most for plain, grasp and epe_nas). Aggregates are sums of log(rank / n), "
            "the best having rank n, over the cells that have every member. One set is found greedily by the mean tau on "
            "half of the cells (A): judge it by the other half (B), whose figures were seen while the members on offer were "
            "chosen. One seed of the initial weights. The scores were made with the commits 3b71a40 to 5461029.\n\n"
        )
        record.write(
            "proxy_ranks", "How well zero-cost proxies rank", about + table, figures, time.perf_counter() - start
        )
    else:
        print(table)


if __name__ == "__main__":
    main()
