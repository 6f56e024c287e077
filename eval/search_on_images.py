"""Searches on real images, each with the same CPU time: small convolutional networks for CIFAR-10, trained for real.

    GENAS_DATA=... python eval/search_on_images.py            (about an hour on one core)

Each search has `--seconds` of CPU time on one thread for everything it does: asking, and short trainings of what it
asks for. Then the network that was best on the validation split is trained in full, and only then the test split is
read, once. A search that needs long to think tries fewer networks.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median

import record

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Proposer, Scorer, Validator
from genas.core.ledger import Ledger
from genas.core.pareto import broken
from genas.core.records import Candidate, Constraint, Objective, Trial, Use
from genas.training.timing import threads

SEARCHES = {
    "uniform": Use("uniform"),
    "regularized_evolution": Use("regularized_evolution", {"population": 12, "sample": 4}),
    "tpe": Use("tpe"),
    "auto": Use("auto"),
}
LIMITS = (Constraint("params", at_most=60_000), Constraint("flops", at_most=1e7))
TASK = Use("cifar10", {"limit": 3000})
SHORT = Use("short_train", {"epochs": 2, "of": 8, "examples": 800})
FULL = Use("train", {"epochs": 8})


def measured(candidate: Candidate, counts: list[Scorer], short: Scorer, seed: int) -> Trial:
    trial = Trial(candidate, tuple(count.score(candidate.arch) for count in counts))
    if reasons := broken(trial, LIMITS):
        return Trial(candidate, trial.measurements, "; ".join(reasons))
    try:
        return Trial(candidate, (*trial.measurements, short.score(candidate.arch, seed=seed)))
    except ScoreFailed as failure:
        return Trial(candidate, trial.measurements, str(failure))


def run(name: str, seed: int, seconds: float) -> dict[str, object]:
    """One search, and the test accuracy of what it found."""
    task, space = registry.create("tasks", TASK), registry.create("spaces", "conv_net")
    context = {
        "space": space, "task": task, "seed": seed, "device": "cpu", "limits": LIMITS,
        "objectives": (Objective("accuracy"),), "ledger": Ledger(),
    }  # fmt: skip
    kind = "proposers" if SEARCHES[name].name in registry.names("proposers") else "refiners"
    search: Proposer = registry.create(kind, SEARCHES[name], **context)
    *counts, short = (registry.create("scorers", use, **context) for use in ("params", "flops", SHORT))
    task.data("train"), task.data("val")  # read before the clock starts
    begin, best, tried = time.process_time(), [], 0
    while time.process_time() - begin < seconds and (asked := search.ask(1)):
        trial = measured(asked[0], counts, short, seed)
        tried += trial.failure is None
        best = max(
            best, [(trial.value("accuracy") or 0.0, tried, trial.candidate.arch)] if trial.failure is None else []
        )
        search.tell([trial])
    spent = time.process_time() - begin
    value, _, arch = best[0]
    validator: Validator = registry.create("validators", FULL, **context)
    full, test = validator.score(arch, seed=seed).value, validator.test(arch, seed=seed).value
    return {
        "tried": tried,
        "seconds": spent,
        "short": value,
        "val": full,
        "test": test,
        "params": counts[0].score(arch).value,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--searches", nargs="+", default=list(SEARCHES), choices=list(SEARCHES))
    parser.add_argument(
        "--out", type=Path, default=Path("/tmp/search_on_images.json"), help="raw results, to go on from"
    )
    args = parser.parse_args()
    done = json.loads(args.out.read_text()) if args.out.is_file() else {}
    with threads(1):
        for seed in range(args.seeds):
            for name in args.searches:
                key = f"{name} {seed} {args.seconds:g}"
                if key not in done:
                    done[key] = run(name, seed, args.seconds)
                    args.out.write_text(json.dumps(done))
                print(key, done[key], flush=True)
    lines = ["| search | test accuracy | networks tried | short validation accuracy of the best | params |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for name in args.searches:
        rows = [done[f"{name} {seed} {args.seconds:g}"] for seed in range(args.seeds)]
        texts = [
            f"{median(r[key] for r in rows):{form}} [{min(r[key] for r in rows):{form}}, {max(r[key] for r in rows):{form}}]"
            for key, form in (("test", ".4f"), ("tried", ".0f"), ("short", ".4f"), ("params", ".0f"))
        ]
        lines.append(f"| {name} | " + " | ".join(texts) + " |")
    about = (
        f"{args.seconds:g} CPU seconds each on one thread, asking included; {args.seeds} seeds, median [lowest, highest]. "
        f"Networks of at most 60,000 parameters and 10 million FLOPs for CIFAR-10, {TASK.options['limit']:,} training images; a short training is "
        f"{SHORT.options['epochs']} epochs of {SHORT.options['examples']:,} images (judged on 500), the winner's is {FULL.options['epochs']} of all, "
        "far from converged (the seconds above are those of the searches). `uniform` is random search. The models of architectures that `auto` asks were fitted on digits. Seeds 0 to 2 were run at commit 264ba86.\n\n"
    )
    record.write(
        "search_on_images",
        "Searches on CIFAR-10 images, equal CPU time",
        about + "\n".join(lines),
        done,
        sum(r["seconds"] for r in done.values()),
    )


if __name__ == "__main__":
    main()
