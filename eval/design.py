"""The main job: the designed network against hand-made references of the same limits, trained by the same recipe.

    python eval/design.py digits --seeds 5
    python eval/design.py cifar10            (needs GENAS_DATA)

Prints, per seed of the whole run, test accuracy as mean over three trainings, parameters, and the best reference's. The
uniform row is the same run without learned proposers, learned scores and refiners: random search with as many trials.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import mean, median, stdev

import record

import genas
from genas.console import Bars
from genas.core.records import Budget, Report
from genas.core.wire import parse_budget

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


def table(rows: list[dict[str, object]], goal: str, limit: Budget) -> str:
    lines = [
        f'"{goal}", budget {limit.seconds:g} s. Test accuracy is the mean over three trainings, the epoch and the winner '
        "chosen on validation. The reference is a small ResNet or a small MobileNetV2 of the same limit (and "
        "no slower to train than candidates may be), the better by validation, or after a short training where the budget is "
        "short; its recipe is the same.",
        "",
        "| search | seed | winner from | params | epochs | test | spread | reference | params | test | spread |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for r in rows:
        mine, theirs = r["test_accuracy"], r["reference_test_accuracy"]
        lines.append(
            f"| {r['search']} | {r['seed']} | {r['origin']} | {r['params']:.0f} | {r['epochs']} | {mean(mine):.4f} | "
            f"{stdev(mine):.4f} | {r['reference']} | {r['reference_params']:.0f} | {mean(theirs):.4f} | {stdev(theirs):.4f} |"
        )
    for name in dict.fromkeys(r["search"] for r in rows):
        means = [mean(r["test_accuracy"]) for r in rows if r["search"] == name]
        leads = [mean(r["test_accuracy"]) - mean(r["reference_test_accuracy"]) for r in rows if r["search"] == name]
        lines.append(
            f"\n{name}: median test {median(means):.4f} [{min(means):.4f}, {max(means):.4f}], median lead over the "
            f"reference {median(leads):+.4f} [{min(leads):+.4f}, {max(leads):+.4f}], {len(means)} seeds."
        )
    return "\n".join(lines)


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
            mine, theirs = mean(row["test_accuracy"]), mean(row["reference_test_accuracy"])
            print(f"{name} seed {seed}: test {mine:.4f}, params {row['params']:.0f}, epochs {row['epochs']}, "
                  f"{row['reference']}: {theirs:.4f}", flush=True)  # fmt: skip
    record.write(
        f"design-{arguments.job}",
        f"The main job: {arguments.job}",
        table(rows, goal, limit),
        rows,
        time.perf_counter() - start,
    )


if __name__ == "__main__":
    main()
