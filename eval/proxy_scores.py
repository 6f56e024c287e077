"""Scores of zero-cost proxies on architectures of published benchmarks, for eval/proxy_ranks.py.

    GENAS_DATA=... python eval/proxy_scores.py --bench nasbench201 --out /tmp/proxies

There is one file per benchmark and seed, with one architecture per line. A run that was stopped (`--minutes` stops it)
is resumed. Proxies see 16 real CIFAR-10 images (32 for swap and those called `x32`), or one graph with 16 labelled nodes,
in the published network and with one seed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from genas.core import assets, registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer, SearchSpace
from genas.core.records import Architecture, Use
from genas.probes.probes import Probes

SHARED = ("naswot", "grad_norm", "snip", "plain", "fisher", "jacov", "epe_nas")
WITH_32 = ("naswot", "jacov", "epe_nas")  # scored on 32 images too, along with swap
GROUPS = {
    "cheap": ("params", "flops", "depth", "l2_norm", "synflow", *SHARED),
    "blocks": ("expressivity", "progressivity", "trainability"),
    "images32": ("swap", *(f"{name} x32" for name in WITH_32)),
    "single": ("gradsign", "zico"),
    "spectra": ("vkdnw", "zen", "linear_regions"),
    "curved": ("ntk", "grasp"),
}


class Bench(NamedTuple):
    """Where architectures come from, and which of them make the fixed sample."""

    space: Use
    task: Use
    sample: Callable[[], Sequence[int]]
    read: Callable[[SearchSpace, Sequence[int]], list[Architecture]]


def table(name: str) -> pq.ParquetFile:
    return pq.read_table(assets.data(f"{name}.parquet"))


def live_cells() -> list[int]:
    """1,000 of the 9,445 cells of NAS-Bench-201 without dead operations, as arch_index."""
    known = np.sort(np.asarray(table("nasbench201/nb201_zc13").column("arch_index")))
    return [int(i) for i in np.random.default_rng(0).permutation(known)[:1000]]


def read_201(space: SearchSpace, numbers: Sequence[int]) -> list[Architecture]:
    strings = table("nasbench201/nb201_accuracy").sort_by("arch_index").column("arch_str")
    return [space.from_text(strings[number].as_py()) for number in numbers]


def scored_cells() -> list[int]:
    """The 292 cells of NAS-Bench-101 whose proxy scores are published, shuffled, as index."""
    known = np.unique(np.asarray(table("nasbench101/nb101_zero_cost_subset").column("index")))
    return [int(i) for i in np.random.default_rng(0).permutation(known)]


def read_101(space: SearchSpace, numbers: Sequence[int]) -> list[Architecture]:
    names = ("conv3x3", "conv1x1", "maxpool3x3")
    found = []
    for row in table("nasbench101/nb101").take(list(numbers)).to_pylist():
        count = row["n_vertices"]
        pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
        edges = tuple(pair for pair, bit in zip(pairs, row["adj_upper"], strict=True) if bit == "1")
        ops = ("input", *(names[int(op)] for op in row["ops"]), "output")
        found.append(space.check(Architecture(space.name, ops, edges)))
    return found


def graph_rows() -> list[int]:
    """300 of the 26,206 networks of NAS-Bench-Graph, as rows of its table for Cora."""
    return [int(i) for i in np.random.default_rng(0).permutation(len(cora_rows()))[:300]]


def cora_rows() -> list[dict[str, Any]]:
    rows = [row for row in table("nasbench_graph/nasbench_graph").to_pylist() if row["dataset"] == "cora"]
    return sorted(rows, key=lambda row: row["arch_hash"])


def read_graph(space: SearchSpace, numbers: Sequence[int]) -> list[Architecture]:
    labels = space.ops[2:]  # in the order of the table's codes
    rows = cora_rows()
    found = []
    for number in numbers:
        row = rows[number]
        words = zip((labels[row[f"op_{i}"]] for i in range(1, 5)), row["link"], strict=True)
        found.append(space.from_text(" ".join(f"{op}({source})" for op, source in words)))
    return found


BENCHES = {
    "nasbench201": Bench(Use("nasbench201"), Use("nasbench201"), live_cells, read_201),
    "nasbench101": Bench(Use("nasbench101"), Use("nasbench101"), scored_cells, read_101),
    **{
        f"nasbench_graph-{graph}": Bench(
            Use("nasbench_graph"), Use("nasbench_graph", {"dataset": graph}), graph_rows, read_graph
        )
        for graph in ("cora", "citeseer")
    },
}


def load(path: Path) -> dict[int, dict[str, float | None]]:
    """All scores kept, by number; a line cut off by a stop is left out."""
    found: dict[int, dict[str, float | None]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found.setdefault(row["number"], {}).update(row["scores"])
    return found


def scorers(bench: Bench, names: Sequence[str], seed: int) -> dict[str, Scorer]:
    """The proxies around one object of shared passes."""
    space, task = (registry.create(kind, use) for kind, use in (("spaces", bench.space), ("tasks", bench.task)))
    context = {"space": space, "task": task, "device": "cpu", "seed": seed, "probes": Probes(space, task, seed=seed)}
    made = {}
    for name in names:
        plain, _, images = name.partition(" x")
        made[name] = registry.create("scorers", Use(plain, {"batch": int(images)} if images else {}), **context)
    return made


def score(
    name: str, path: Path, names: Sequence[str], *, first: int, seed: int, minutes: float, backwards: bool
) -> None:
    """Score what is missing of the first architectures of the sample."""
    bench, end = BENCHES[name], time.perf_counter() + 60 * minutes
    proxies, done = scorers(bench, names, seed), load(path)
    numbers = [n for n in bench.sample()[:first] if not set(names) <= set(done.get(n, {}))]
    numbers = numbers[::-1] if backwards else numbers
    archs = bench.read(registry.create("spaces", bench.space), numbers)
    with path.open("a") as file:
        for number, arch in zip(numbers, archs, strict=True):
            if time.perf_counter() > end:
                return
            start = time.process_time()
            scores: dict[str, float | None] = {}
            for proxy, scorer in proxies.items():
                try:
                    scores[proxy] = scorer.score(arch).value
                except ScoreFailed as failure:
                    scores[proxy] = None
                    print(number, proxy, failure, flush=True)
            row = {"number": number, "cpu_seconds": round(time.process_time() - start, 3), "scores": scores}
            file.write(json.dumps(row) + "\n")
            file.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", choices=list(BENCHES), required=True)
    parser.add_argument("--out", type=Path, default=Path("/tmp/proxies"))
    parser.add_argument("--groups", nargs="+", choices=list(GROUPS), default=list(GROUPS))
    parser.add_argument("--first", type=int, default=1000, help="of the sample")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--backwards", action="store_true", help="the last first: two runs may share the work")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"{arguments.bench}-{arguments.seed}.jsonl"
    names = [name for group in arguments.groups for name in GROUPS[group]]
    score(
        arguments.bench, path, names, first=arguments.first, seed=arguments.seed, minutes=arguments.minutes,
        backwards=arguments.backwards,
    )  # fmt: skip


if __name__ == "__main__":
    main()
