"""Accuracy against latency on NAS-Bench-201: how much of the true front's hypervolume 400 evaluations find.

    GENAS_DATA=... python eval/pareto.py

Objectives are validation accuracy and one device's latency (a table, so free), min-max scaled over all cells that have
both; the reference is 1.05 in both. The true front is that of all these cells. NSGA-II is the refiner `nsga2` where it
is there. The published-like figures beside (pymoo's NSGA-II .986 to .9986, random .970 to .995) are on test accuracy.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import record
from search_regret import DATASETS, CachedCells, _cells, accuracies

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Proposer
from genas.core.records import Architecture, Measurement, Objective, Trial, Use
from genas.tasks.nasbench201 import NasBench201Task

HARDWARE = ("edgegpu", "edgetpu", "pixel3")
DEVICES = ("1080ti_1", "titan_rtx_32", "gold_6240", "samsung_a50", "silver_4114")
GOALS = (Objective("accuracy"), Objective("latency_ms", "min"))


def latency(task: NasBench201Task, cell: Architecture) -> float:
    """Milliseconds, or nan where the cell was not measured on the device."""
    try:
        return task.lookup(cell, "latency_ms").value
    except ScoreFailed:
        return float("nan")


def front(points: np.ndarray) -> np.ndarray:
    """The points that no other is better than, by the first column; smaller is better."""
    kept = []
    for point in points[np.lexsort((points[:, 1], points[:, 0]))]:
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return np.array(kept)


def volume(points: np.ndarray, reference: float = 1.05) -> float:
    """Area between the front and the reference."""
    best = front(points)
    ends = np.append(best[1:, 0], reference)
    return float(((ends - best[:, 0]) * (reference - best[:, 1])).sum())


def run(search: Proposer, points: dict[str, np.ndarray], raw: dict[str, tuple[float, float]], count: int) -> list[str]:
    """Keys of the measured cells, one at a time."""
    found: list[str] = []
    while len(found) < count and (asked := search.ask(1)):
        key = asked[0].arch.key
        if key not in points:
            search.tell([Trial(asked[0], failure="not measured on this device")])
            continue
        found.append(key)
        values = zip(GOALS, raw[key], strict=True)
        search.tell([Trial(asked[0], tuple(Measurement(goal.metric, v) for goal, v in values))])
    return found


def measure(  # noqa: PLR0917
    name: str, dataset: str, device: str, space: CachedCells, seeds: int, count: int, done: dict
) -> list[dict]:
    """All runs of one search on one pair of objectives."""
    known, task = accuracies(space, dataset), NasBench201Task(dataset=dataset, latency_device=device)
    raw = {c.key: (known[c.key], ms) for c in _cells(space) if not np.isnan(ms := latency(task, c))}
    every = np.array([(-a, ms) for a, ms in raw.values()])
    every = (every - every.min(0)) / np.ptp(every, axis=0)
    points, best = dict(zip(raw, every, strict=True)), {tuple(p) for p in front(every)}
    runs = []
    for seed in range(seeds):
        key = f"{name} {dataset} {device} {seed} {count}"
        if key not in done:
            kind = "proposers" if name in registry.names("proposers") else "refiners"
            context = {"space": space, "task": task, "seed": seed, "objectives": GOALS, "limits": (), "device": "cpu"}
            start = time.process_time()
            search = registry.create(kind, Use(name), **context)
            found = np.array([points[k] for k in run(search, points, raw, count)])
            seconds = (time.process_time() - start) / len(found)
            share, members = volume(found) / volume(every), len(best & {tuple(p) for p in found})
            done[key] = {"share": share, "members": members, "front": len(best), "seconds": seconds}
        runs.append(done[key])
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=400)
    parser.add_argument("--devices", nargs="+", default=[*HARDWARE, *DEVICES])
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS))
    parser.add_argument("--searches", nargs="+", default=["uniform", "auto"])
    parser.add_argument("--out", type=Path, default=Path("/tmp/pareto.json"), help="raw results, to go on from")
    args = parser.parse_args()
    begin, space = time.perf_counter(), CachedCells()
    done = json.loads(args.out.read_text()) if args.out.is_file() else {}
    lines = ["| search | data set | device | share of hypervolume | members of the front found | ms a query |"]
    lines.append("| --- | --- | --- | ---: | ---: | ---: |")
    for dataset in args.datasets:
        for device in args.devices:
            for name in args.searches:
                runs = measure(name, dataset, device, space, args.seeds, args.evaluations, done)
                args.out.write_text(json.dumps(done))
                shares = [r["share"] for r in runs]
                members = f"{np.median([r['members'] for r in runs]):.0f}/{runs[0]['front']}"
                spread = f"{np.median(shares):.4f} [{min(shares):.4f}, {max(shares):.4f}]"
                cost = f"{1e3 * np.mean([r['seconds'] for r in runs]):.0f}"
                lines.append(f"| {name} | {dataset} | {device} | {spread} | {members} | {cost} |")
                print(lines[-1], flush=True)
    about = (
        f"{args.evaluations} evaluations, one at a time, {args.seeds} seeds, median [lowest, highest]; validation accuracy "
        "and latency, scaled over all cells, reference 1.05. Goal .998. NSGA-II of pymoo on test accuracy: .986 to "
        ".9986, random .970 to .995.\n\n"
    )
    title = "Share of the true Pareto hypervolume on NAS-Bench-201"
    record.write("pareto", title, about + "\n".join(lines), lines[2:], time.perf_counter() - begin)


if __name__ == "__main__":
    main()
