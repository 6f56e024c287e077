"""The result of a whole budget on a set of images: genas, a hand-made ResNet, frozen features and random search.

    GENAS_DATA=... python eval/whole_budget.py --seconds 60 300 1200 --jobs 2
    GENAS_DATA=... python eval/whole_budget.py --columns by_hand frozen --sets sign_digits --seeds 1
    python eval/whole_budget.py --table                                    (prints what has been measured so far)

A cell is one set, budget, column and seed. Each runs in its own process with one thread and appends one line to --out
when it is done. After a restart, finished cells are skipped and failed ones are tried again. With --jobs 2, two cells run
side by side, each pinned to a core. Logs and run folders are in runs/whole_budget/.

All columns use the same splits and at most 100,000 parameters; only `frozen_any` is judged without that limit.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import record

if TYPE_CHECKING:
    from genas.core.interfaces import Task
    from genas.core.records import Use

LIMIT = 100_000  # parameters
MIRRORED = {"land_use", "steel_defects", "cifar10"}  # an image keeps its class when mirrored left to right
OPTIONS: dict[str, dict[str, Any]] = {
    "sign_digits": {}, "land_use": {"mirror": True}, "steel_defects": {"mirror": True}, "chest_xray": {},
    "math_symbols": {"limit": 4000}, "cifar10": {"limit": 10_000}, "mnist": {"limit": 4000},
}  # fmt: skip
PUBLISHED = {"cifar10", "mnist"}  # tasks of their own; the others are parquet files for the task `images`
GENAS = ("genas", "genas+stems", "uniform")
COLUMNS = ("genas", "genas+stems", "by_hand", "frozen", "frozen_any", "uniform")
PAIRS = (  # whose gains over which others
    ("genas", ("by_hand",)), ("genas+stems", ("by_hand", "frozen")), ("genas+stems", ("by_hand", "frozen_any")),
    ("genas", ("uniform",)),
)  # fmt: skip
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
FOLDER = Path(__file__).parent.parent / "runs" / "whole_budget"


@dataclass(frozen=True)
class Cell:
    """One measurement: which set, how many CPU seconds, which column, which seed."""

    set: str
    seconds: float
    column: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.set}-{self.seconds:g}-{self.column}-{self.seed}"


# What a cell measures -------------------------------------------------------------------------------------------------


def task_of(name: str) -> Use:
    from genas.core.records import Use

    if name in PUBLISHED:
        return Use(name, OPTIONS[name])
    return Use("images", {"path": f"{os.environ['GENAS_DATA']}/images/{name}.parquet", **OPTIONS[name]})


def _genas(column: str, task: Use, seconds: float, seed: int, folder: Path) -> dict[str, float]:
    """One run of genas: the one place that says how each of its columns is asked for."""
    import genas
    from genas.core import clock
    from genas.core.records import Constraint, Use
    from genas.run import race_search

    race_search.START = 0.0  # reading the images is charged
    clock.now = time.process_time  # budgets are CPU seconds here, so that a busy machine takes nothing from a cell
    space = Use("conv_net", {"pretrained": column == "genas+stems"})
    known: dict[str, Any] = {"task": task, "space": space, "constraints": (Constraint("params", LIMIT),)}
    if column == "uniform":
        known |= {"proposers": (Use("uniform"),)}
    executor = "serial:threads=1"
    goal = "An image classifier"
    report = genas.design(goal, budget=f"{seconds:g} seconds", out=folder, executor=executor, seed=seed, **known)
    if report.winner is None:
        raise RuntimeError(f"no network was found: {report.text}")
    read = {"test": "test_accuracy", "val": "accuracy", "params": "params"}
    return {name: value for name, metric in read.items() if (value := report.winner.value(metric)) is not None}


def _by_hand(task: Task, mirror: bool, seconds: float, seed: int) -> dict[str, float]:
    import by_hand

    train, val, test = task.data("train"), task.data("val"), task.data("test")
    return by_hand.train(*train, *val, *test, task.outputs, seconds, seed, max_params=LIMIT, mirror=mirror)


def measure(cell: Cell, core: int | None) -> None:
    """Run one cell in this process and write its figures to its folder."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    import torch

    import genas.api  # noqa: F401 - imports are not charged
    from genas.core import registry

    torch.set_num_threads(1)
    folder, use = FOLDER / cell.name, task_of(cell.set)
    task: Task = registry.create("tasks", use)
    if cell.column not in GENAS:
        for split in ("train", "val", "test"):
            task.data(split)  # images are in memory when the clock starts; genas reads them within its budget
    wall, cpu = time.perf_counter(), _cpu()
    if cell.column == "by_hand":
        figures = _by_hand(task, cell.set in MIRRORED, cell.seconds, cell.seed)
    elif cell.column in ("frozen", "frozen_any"):
        import frozen

        limit = LIMIT if cell.column == "frozen" else None
        figures = frozen.train(task, cell.seconds, cell.seed, max_params=limit)
    else:
        figures = _genas(cell.column, use, cell.seconds, cell.seed, folder / "run")
    took = {"cpu_seconds": round(_cpu() - cpu, 2), "wall_seconds": round(time.perf_counter() - wall, 2)}
    (folder / "cell.json").write_text(json.dumps({**figures, **asdict(cell), **took}))


def _cpu() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


# Running the cells ----------------------------------------------------------------------------------------------------


def read(path: Path) -> dict[Cell, dict[str, Any]]:
    """The finished cells of a results file."""
    return {Cell(r["set"], r["seconds"], r["column"], r["seed"]): r for r in record.rows(path)}


def run_all(cells: Sequence[Cell], jobs: int, out: Path) -> None:
    """Run the cells, `jobs` at a time, each in a fresh process; append the figures of each to `out`."""
    available = sorted(os.sched_getaffinity(0))
    if jobs > len(available):
        raise SystemExit(f"--jobs {jobs}, but only {len(available)} cores: cells would slow each other down")
    cores: queue.Queue[int | None] = queue.Queue()
    for core in available[:jobs] if jobs > 1 else [None]:
        cores.put(core)
    lock = threading.Lock()

    def one(cell: Cell) -> None:
        core = cores.get()
        try:
            row = _in_process(cell, core)
        finally:
            cores.put(core)
        with lock:
            if row is None:
                print(f"{cell.name}: failed, see {FOLDER / cell.name / 'log'}", flush=True)
                return
            record.add(out, row)
            print(f"{cell.name}: {row['test']:.4f} ({row['cpu_seconds']:.0f} CPU s)", flush=True)

    out.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, cells))


def _in_process(cell: Cell, core: int | None) -> dict[str, Any] | None:
    """The figures of a cell, or None where its process failed."""
    folder = FOLDER / cell.name
    shutil.rmtree(folder, ignore_errors=True)  # a run must not go on with what a crash has left
    folder.mkdir(parents=True)
    command = [sys.executable, __file__, "--cell", json.dumps(asdict(cell))]
    command += [] if core is None else ["--core", str(core)]
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "HF_HUB_OFFLINE": "1"}
    with (folder / "log").open("w") as log:
        try:
            subprocess.run(
                command, env=environment, stdout=log, stderr=log, check=False, timeout=10 * cell.seconds + 600
            )
        except subprocess.TimeoutExpired:
            log.write("\ntook too long and was ended\n")
    result = folder / "cell.json"
    return {**json.loads(result.read_text()), "commit": _commit()} if result.is_file() else None


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(git, capture_output=True, text=True, check=False, cwd=FOLDER.parent.parent).stdout.strip()


# The table ------------------------------------------------------------------------------------------------------------


def table(done: dict[Cell, dict[str, Any]]) -> str:
    """Mean test accuracy of each column, the gains below, and what the cells took."""
    tests: dict[tuple[float, str, str], dict[int, float]] = defaultdict(dict)
    for cell, row in done.items():
        tests[cell.seconds, cell.set, cell.column][cell.seed] = row["test"]
    rows = sorted({(s, name) for s, name, _ in tests}, key=lambda key: (key[0], list(OPTIONS).index(key[1])))
    lines = ["| set | seconds | " + " | ".join(COLUMNS) + " |", "| --- | ---: |" + " ---: |" * len(COLUMNS)]
    for seconds, name in rows:
        means = [_mean(tests.get((seconds, name, column), {})) for column in COLUMNS]
        lines.append(f"| {name} | {seconds:g} | " + " | ".join(means) + " |")
    lines += ["", "| gain in points | seconds | mean | 95 % interval | worst set | pairs |"]
    lines.append("| --- | ---: | ---: | ---: | --- | ---: |")
    for ours, others in PAIRS:
        for seconds in sorted({s for s, _ in rows}):
            gains = {name: _gains(tests, seconds, name, ours, others) for s, name in rows if s == seconds}
            lines += _gain_row(f"{ours} - {' or '.join(others)}", seconds, {k: v for k, v in gains.items() if v})
    heads = ("column", "seconds", "CPU seconds taken", "seconds of the clock", "commits")
    lines += ["", f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: | --- |"]
    for column in COLUMNS:
        for seconds in sorted({s for s, _ in rows}):
            took = [row for cell, row in done.items() if (cell.column, cell.seconds) == (column, seconds)]
            if took:
                cpu, wall = (_range(r[key] for r in took) for key in ("cpu_seconds", "wall_seconds"))
                commits = ", ".join(sorted({row["commit"] for row in took}))
                lines.append(f"| {column} | {seconds:g} | {cpu} | {wall} | {commits} |")
    return "\n".join(lines)


def _mean(values: dict[int, float]) -> str:
    """The mean, the range and the number of seeds."""
    found = list(values.values())
    shown = f" [{min(found):.3f}, {max(found):.3f}]" if len(found) > 1 else ""
    return f"{mean(found):.4f}{shown} ({len(found)})" if found else "-"


def _range(values: Iterable[float]) -> str:
    found = list(values)
    return f"{mean(found):.0f} [{min(found):.0f}, {max(found):.0f}]"


def _gains(
    tests: dict[tuple[float, str, str], dict[int, float]], seconds: float, name: str, ours: str, others: Sequence[str]
) -> list[float]:
    """Points gained per seed over the other column, or over the one of two with the better mean on this set."""
    mine, rivals = tests.get((seconds, name, ours), {}), [tests.get((seconds, name, other), {}) for other in others]
    if not mine or not all(rivals):
        return []
    rival = max(rivals, key=lambda values: mean(values.values()))
    return [100 * (mine[seed] - rival[seed]) for seed in sorted(mine.keys() & rival.keys())]


def _gain_row(what: str, seconds: float, gains: dict[str, list[float]]) -> list[str]:
    """The mean over sets, so that a set with more seeds counts no more; the interval is over all pairs."""
    if not gains:
        return []
    pairs = [gain for of_set in gains.values() for gain in of_set]
    means = {name: mean(of_set) for name, of_set in gains.items()}
    worst = min(means, key=lambda name: means[name])
    return [
        f"| {what} | {seconds:g} | {mean(means.values()):+.2f} | {_interval(pairs)} | {worst} {means[worst]:+.2f} "
        f"| {len(pairs)} |"
    ]


def _interval(pairs: Sequence[float]) -> str:
    """Student's interval of the mean of paired differences."""
    if len(pairs) < 2:
        return "-"
    from scipy.stats import t

    half = float(t.ppf(0.975, len(pairs) - 1)) * stdev(pairs) / len(pairs) ** 0.5
    return f"[{mean(pairs) - half:+.2f}, {mean(pairs) + half:+.2f}]"


ABOUT = f"""Test accuracy, mean over seeds [range] (how many), after a budget of so many CPU seconds of one thread. At most
{LIMIT:,} parameters, except for `frozen_any`. `genas`: from scratch; `genas+stems`: pretrained first blocks are allowed; `by_hand`: a small
ResNet at the limit, one frozen recipe for the whole budget (`eval/by_hand.py`); `frozen`: as many blocks of EfficientNet-Lite0 as keep
the limit, frozen, and logistic regression on their pooled maps; `frozen_any`: the same with 9 to 16 blocks; `uniform`: random search, in the race that `genas` runs. Gains are paired over sets and seeds; where two columns
are named, against the one with the better mean on the set. Cells were measured by several calls; "-dirty" is said where the results of
the cells before were not committed yet. The clock of genas includes reading the images and the test, that of the others does not.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(OPTIONS), choices=list(OPTIONS))
    parser.add_argument("--seconds", nargs="+", type=float, default=[60.0])
    parser.add_argument("--columns", nargs="+", default=list(COLUMNS), choices=COLUMNS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=record.RESULTS / "whole_budget.jsonl", help="one line per cell")
    parser.add_argument("--table", action="store_true", help="only print the table of what is done")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cell:
        measure(Cell(**json.loads(args.cell)), args.core)
        return
    if not args.table:
        done = read(args.out)
        order = [(d, s, n, c) for d in range(args.seeds) for s in args.seconds for n in args.sets for c in args.columns]
        cells = [Cell(name, seconds, column, seed) for seed, seconds, name, column in order]
        run_all([cell for cell in cells if cell not in done], args.jobs, args.out)
    done = read(args.out)
    if args.table:
        print(table(done))
        return
    spent = sum(row["cpu_seconds"] for row in done.values())
    record.write(
        "whole_budget", "A whole budget, beside a hand-made network", ABOUT + table(done), list(done.values()), spent
    )


if __name__ == "__main__":
    main()
