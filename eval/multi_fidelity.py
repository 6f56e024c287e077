"""Do cheap, shorter trainings help a search? Gap to the best cell by the epochs spent, in units of full trainings.

    GENAS_DATA=... python eval/multi_fidelity.py                                    (about 10 minutes on one core)

nasbench201 (CIFAR-10): 12 of 200 epochs are the only shorter training with a table, so brackets have two rungs (eta=17).
nasbench101: the 20,001 cells with validation accuracies after 4, 12, 36 and 108 epochs (eta=3); a neighbour is one of the
24 nearest of them. A training always costs all of its epochs, even if the cell was trained for fewer before. Searches
with a single fidelity spend 1 per cell. Nothing is trained and no test accuracy is read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import record
from other_spaces import ValidatedCells, space_of
from search_regret import CachedCells, cells_of

from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Use
from genas.simulation import TableSpace, simulate
from genas.tasks.nasbench201 import NasBench201Task

_AT = (5, 10, 20, 50, 100)  # full trainings
ONE = ("uniform", "regularized_evolution", "local_search", "tpe", "auto")
SEVERAL = ("successive_halving", "hyperband", "bohb")


class Study(NamedTuple):
    space: SearchSpace
    task: Task
    best: float  # the highest accuracy at full fidelity
    options: dict[str, float]  # of the searches by several fidelities


def study(name: str) -> Study:
    """One of the two tables."""
    if name == "nasbench201":
        cells, task = CachedCells(), NasBench201Task(dataset="cifar10")
        best = max(task.lookup(cell, "accuracy").value for cell in cells_of(cells))
        return Study(cells, task, best, {"eta": 17, "lowest": 0.05})
    part = ValidatedCells(answers="validated")
    best = max(part.lookup(cell, "accuracy").value for cell in part.measured)
    return Study(TableSpace(space_of(name), part.measured), part, best, {"eta": 3, "lowest": 1 / 27})


def measure(use: Use, case: Study, seed: int, most: int) -> dict[str, Any]:
    """The curve of one run, as regret in points after each of 1 to `most` full trainings (chance where none is done)."""
    run = simulate(case.space, case.task, use, most, seed)
    best = [np.fmax(0.1, run.best_after(whole)) for whole in range(1, most + 1)]  # chance among ten classes
    curve = [100 * (case.best - float(value)) for value in best]
    return {"curve": curve, "trainings": len(run.measured), "seconds": run.seconds}


def row(name: str, case: str, runs: list[dict[str, Any]]) -> str:
    """One line of the table: mean regret, and the spread at the end."""
    curves = np.array([r["curve"] for r in runs])
    means = [f"{curves[:, at - 1].mean():.2f}" for at in _AT if at <= curves.shape[1]]
    last = curves[:, -1]
    spread = f"{np.median(last):.2f} [{last.min():.2f}, {last.max():.2f}]"
    trainings = f"{np.mean([r['trainings'] for r in runs]):.0f}"
    return f"| {name} | {case} | " + " | ".join([*means, spread, trainings]) + " |"


def draw(results: dict[str, dict[str, list[dict[str, Any]]]], path: Path) -> None:
    """Mean regret over full trainings, one panel a table."""
    from matplotlib.figure import Figure

    from genas.reporting.palette import COLOURS

    figure = Figure(figsize=(8, 3), layout="constrained")
    for axes, (case, by) in zip(figure.subplots(1, len(results), squeeze=False)[0], results.items(), strict=True):
        for number, (name, runs) in enumerate(by.items()):
            curve = np.mean([r["curve"] for r in runs], axis=0)
            colour, style = COLOURS[number % len(COLOURS)], "--" if name in SEVERAL else "-"
            axes.plot(
                range(1, len(curve) + 1),
                np.maximum(curve, 5e-3),
                color=colour,
                linestyle=style,
                label=name,
                linewidth=1.2,
            )
        axes.set(title=case, yscale="log", xlabel="full trainings spent")
    record.save(figure, "mean regret, points", path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trainings", type=int, default=100, help="full trainings' worth of epochs")
    parser.add_argument("--tables", nargs="+", default=["nasbench201", "nasbench101"])
    parser.add_argument("--searches", nargs="+", default=[*ONE, *SEVERAL])
    parser.add_argument("--out", type=Path, default=Path("/tmp/multi_fidelity.json"), help="raw results, to go on from")
    args = parser.parse_args()
    done = json.loads(args.out.read_text()) if args.out.is_file() else {}
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    spent = " | ".join(str(at) for at in _AT if at <= args.trainings)
    lines = [f"| search | table | regret at {spent} | median at the end [lowest, highest] | trainings |"]
    lines.append("| --- | --- |" + " ---: |" * (lines[0].count("|") - 3))
    for name in args.tables:
        case = study(name)
        for search in args.searches:
            options: dict[str, Any] = {"generators": []} if search == "auto" else {}
            options = case.options if search in SEVERAL else options
            for seed in range(args.seeds):
                key = f"{search} {name} {seed} {args.trainings}"
                if key not in done:
                    done[key] = measure(Use(search, options), case, seed, args.trainings)
                    args.out.write_text(json.dumps(done))
                results.setdefault(name, {}).setdefault(search, []).append(done[key])
            lines.append(row(search, name, results[name][search]))
            print(lines[-1], flush=True)
    draw(results, Path(__file__).parent / "figures" / "multi_fidelity.png")
    about = (
        f"CIFAR-10, one training at a time, {args.seeds} seeds; mean regret in points of validation accuracy (all epochs) "
        f"of the best cell that was trained in full, after epochs worth that many full trainings. {', '.join(SEVERAL)} "
        "train most cells for 12 of 200 epochs (nasbench201) or 4, 12 and 36 of 108 (nasbench101: 20,001 cells), the "
        "others all in full. Defaults, but for eta and lowest, which the tables' epochs dictate; `auto` has no generators "
        "and on nasbench101 no proxies but parameters. No cost is charged for asking.\n\n"
        "![curves](figures/multi_fidelity.png)\n\n"
    )
    seconds = sum(r["seconds"] for by in results.values() for runs in by.values() for r in runs)
    title = "Searches by several fidelities"
    record.write("multi_fidelity", title, about + "\n".join(lines), lines[2:], seconds)


if __name__ == "__main__":
    main()
