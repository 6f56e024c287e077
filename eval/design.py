"""The main job: the designed network against hand-made references of the same limits, trained by the same recipe.

    python eval/design.py digits --seeds 5
    python eval/design.py cifar10            (needs GENAS_DATA)

Prints, per seed of the whole run, test accuracy as mean over three trainings, parameters, and the best reference's. The
uniform row is the same run without learned proposers, learned scores and refiners: random search with as many trials.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import record

import genas
from genas.api import parse_budget
from genas.console import Bars
from genas.core.records import Report

JOBS = {
    "digits": (
        "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 50k parameters, accuracy first",
        "200 seconds",
    ),
    "cifar10": ("A classifier for CIFAR-10, under 100k parameters, accuracy first", "20 minutes"),
}
RANDOM = {"proposers": ["uniform"], "scorers": ["params", "flops", "short_train"], "refiners": ["uniform"]}


def figures(report: Report) -> dict[str, object]:
    winner = report.winner
    assert winner is not None
    tested = [t for t in report.references if t.value("test_accuracy") is not None]
    return {
        "origin": winner.candidate.origin,
        "params": winner.value("params"),
        "test_accuracy": [m.value for m in winner.all("test_accuracy")],
        "val_accuracy": [m.value for m in winner.all("accuracy") if m.fidelity == 1.0],
        "epochs": len(winner.all("accuracy")[0].curve),
        "reference": tested[0].candidate.note if tested else None,
        "reference_params": tested[0].value("params") if tested else None,
        "reference_test_accuracy": [m.value for m in tested[0].all("test_accuracy")] if tested else [],
        "trials": report.spent.trials,
        "charged_seconds": report.spent.seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", help="instead of the job's own")
    parser.add_argument("--uniform", action="store_true", help="also random search")
    parser.add_argument("--out", type=Path, help="keep the runs there, and go on with them")
    arguments = parser.parse_args()
    goal, budget = JOBS[arguments.job]
    limit = parse_budget(arguments.budget or budget)
    start, rows = time.perf_counter(), []
    root = arguments.out or Path(tempfile.mkdtemp())
    for seed in range(arguments.seeds):
        for name, known in {"default": {}, **({"uniform": RANDOM} if arguments.uniform else {})}.items():
            with Bars() as bars:
                report = genas.design(
                    goal, out=root / f"{name}-{seed}", progress=bars, seed=seed, budget=limit, **known
                )
            row = {"search": name, "seed": seed, **figures(report)}
            rows.append(row)
            mine, theirs = statistics.mean(row["test_accuracy"]), statistics.mean(row["reference_test_accuracy"])
            print(f"{name} seed {seed}: test {mine:.4f}, params {row['params']:.0f}, epochs {row['epochs']}, "
                  f"{row['reference']}: {theirs:.4f}", flush=True)  # fmt: skip
    for name in dict.fromkeys(row["search"] for row in rows):
        means = [statistics.mean(row["test_accuracy"]) for row in rows if row["search"] == name]
        gaps = [
            m - statistics.mean(r["reference_test_accuracy"])
            for m, r in zip(means, [r for r in rows if r["search"] == name], strict=True)
        ]
        print(f"{name}: median test {statistics.median(means):.4f} ({min(means):.4f} to {max(means):.4f}), "
              f"median lead over the reference {statistics.median(gaps):+.4f}, {len(means)} seeds")  # fmt: skip
    print(record.write(f"design-{arguments.job}", rows, time.perf_counter() - start))


if __name__ == "__main__":
    main()
