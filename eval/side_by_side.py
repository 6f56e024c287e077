"""How many examples do several workers train in the time in which one trains its own? Threads and processes of a race.

    GENAS_DATA=... python eval/side_by_side.py --seconds 20 --workers 2       (on an idle machine)

Each worker trains the first network of the portfolio on sign_digits for a time, as in a rung. The final leg of a race is
measured too, with one torch thread and with as many as workers.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import record
import torch

from genas.core import registry, wire
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Request, Use
from genas.run.crew import Crew
from genas.run.trainer import Course, Trainer
from genas.training.leg import Leg


def examples(executor: Use, seconds: float, networks: int, threads: int) -> int:
    """What so many networks see together in the seconds, after a leg that is not counted."""
    task_use = Use("images", {"path": str(Path(os.environ["GENAS_DATA"]) / "images" / "sign_digits.parquet")})
    request = Request("side by side", task_use, Use("conv_net"))
    with tempfile.TemporaryDirectory() as folder, registry.create("executors", executor) as workers:
        ledger = Ledger(Path(folder) / "ledger.jsonl")
        task, space = registry.create("tasks", task_use), registry.create("spaces", "conv_net")
        validator = registry.create("validators", "train", space=space, task=task, ledger=ledger)
        trainer = Trainer(space, task, validator, "cpu", ledger.store)
        ledger.append({"kind": "request", "id": "request", "request": wire.to_data(request)})
        crew = Crew(request, ledger, trainer, executor=workers, device="cpu", spent=lambda: 0.0)
        first = space.portfolio(task, [])[0]
        pairs = [Candidate(first.arch, "side", recipe={**first.recipe, "smoothing": n / 100}) for n in range(networks)]
        torch.set_num_threads(threads)
        seen = []
        legs: tuple[Leg, ...] = ()
        for name, each in (("warm", 2.0), ("counted", seconds)):
            legs = (*legs, Leg(name, seconds=each))
            courses = [Course(pair, 0, legs, "", 0.5, judged=50) for pair in pairs]
            seen.append(sum(int(event["seen"]) for _, event in crew.results(courses, name)))
        ledger.close()
    return seen[1] - seen[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    start, count = time.perf_counter(), args.workers
    cases = {
        "one worker": (Use("serial", {"threads": 1}), 1, 1),
        f"threads, {count} workers": (Use("threads", {"workers": count}), count, 1),
        f"processes, {count} workers": (Use("processes", {"workers": count, "threads": 1}), count, 1),
        f"one network, {count} threads of torch": (Use("serial", {"threads": count}), 1, count),
    }
    found = {name: examples(use, args.seconds, networks, threads) for name, (use, networks, threads) in cases.items()}
    alone = found["one worker"]
    lines = ["| who trains | examples | times one worker |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {seen:,} | {seen / alone:.2f} |" for name, seen in found.items()]
    about = f"Examples of sign_digits (48x48 colour) seen in {args.seconds:g} seconds of the clock.\n\n"
    record.write("side_by_side", "Trainings side by side", about + "\n".join(lines), found, time.perf_counter() - start)


if __name__ == "__main__":
    main()
