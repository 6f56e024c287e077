"""Growing networks that keep what they learned, compared with random search, at equal seconds of training.

    python eval/nash.py --seeds 3 --seconds 24 --full 30

On digits, under a limit on parameters: first the same random networks; then, until the seconds are spent, `nash` with
`inherited_train`, `nash` with `short_train` (the same moves, new weights), and random search with `short_train`. Seconds
are CPU time, so that a busy machine does not matter (set OMP_NUM_THREADS=1). Prints the best validation accuracy, the
test accuracy of that network with the same weights, and its test accuracy after a full training from scratch.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

import record
import torch

from genas.core import registry, wire
from genas.core.building import build
from genas.core.interfaces import Proposer
from genas.core.ledger import Ledger
from genas.core.meter import Meter
from genas.core.records import Architecture, Candidate, Constraint, Measurement, Objective, Trial, Use
from genas.training.judging import judge
from genas.training.loop import Training, train
from genas.training.recipe import Recipe

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
ARMS = {
    "nash, inherited weights": ("nash", "inherited_train"),
    "nash, fresh weights": ("nash", "short_train"),
    "random, fresh weights": ("uniform", "short_train"),
}
SHORT = {"epochs": 3, "of": 60}
SEEN = "settings are the paper's and the defaults; epochs and seconds were set after a look at seed 100."


@dataclass
class Arm:
    """One search under way."""

    name: str
    proposer: Proposer
    meter: Meter
    ledger: Ledger
    seed: int
    spent: float = 0.0
    trials: list[Trial] = field(default_factory=list)

    def measure(self, candidate: Candidate) -> None:
        event = {"kind": "candidate", "id": f"candidate {candidate.arch.key}", "key": candidate.arch.key}
        if self.ledger.find(str(event["id"])) is None:
            self.ledger.append({**event, "candidate": wire.to_data(candidate)})
        start = time.process_time()
        (made,) = self.meter.measure([candidate.arch], seed=self.seed)
        self.spent += time.process_time() - start
        self.trials.append(
            Trial(candidate, (made,)) if isinstance(made, Measurement) else Trial(candidate, (), str(made))
        )
        self.proposer.tell(self.trials[-1:])

    def step(self, limit: Constraint) -> None:
        """Ask until something keeps the limit, and measure that."""
        for candidate in self.proposer.ask(1):
            if limit.holds(params(candidate.arch)):
                self.measure(candidate)
            else:
                self.proposer.tell([Trial(candidate, failure="too large")])

    def best(self) -> Trial:
        return max((t for t in self.trials if t.failure is None), key=lambda t: t.value("accuracy") or 0.0)


def params(arch: Architecture) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in SPACE.build(arch, TASK).parameters())


def arm(name: str, seed: int, limit: Constraint, restart: float | None) -> Arm:
    proposer, scorer = ARMS[name]
    ledger = Ledger()
    use = Use(scorer, SHORT | ({"restart": restart} if restart and scorer == "inherited_train" else {}))
    context: dict[str, Any] = {"space": SPACE, "task": TASK, "ledger": ledger, "device": "cpu", "seed": seed}
    made = Meter(registry.create("scorers", use, **context), use, ledger)
    context |= {"objectives": (Objective("accuracy"),), "limits": (limit,)}
    kind = "refiners" if proposer in registry.names("refiners") else "proposers"
    return Arm(name, registry.create(kind, proposer, **context), made, ledger, seed)


def first(seed: int, count: int, limit: Constraint) -> list[Candidate]:
    """Random networks within the limit, drawn by another name than the random arm's."""
    source = registry.create("proposers", "uniform", space=SPACE, seed=seed + 1_000_000)
    found: list[Candidate] = []
    while len(found) < count:
        found += [c for c in source.ask(8) if limit.holds(params(c.arch))]
    return found[:count]


def figures(run: Arm, full: int) -> dict[str, object]:
    best = run.best()
    arch = best.candidate.arch
    row: dict[str, object] = {
        "search": run.name, "seed": run.seed, "trials": len(run.trials), "seconds": round(run.spent, 1),
        "val": best.value("accuracy"), "median_val": median(t.value("accuracy") or 0.0 for t in run.trials),
        "params": params(arch), "arch": SPACE.to_text(arch), "origin": best.candidate.origin,
    }  # fmt: skip
    if full:
        if ARMS[run.name][1] == "inherited_train":
            own = run.meter.scorer.weights(arch, seed=run.seed)  # type: ignore[attr-defined]
        else:  # the same training again
            own = trained(arch, SHORT["epochs"], run.seed, decay=1.0)
        row["test"] = tested(arch, own, run.seed)
        row["test_full"] = tested(arch, trained(arch, full, run.seed), run.seed)
    return row


def trained(arch: Architecture, epochs: int, seed: int, **more: float) -> dict[str, torch.Tensor]:
    training = Training(build(SPACE, arch, TASK, seed), TASK, Recipe(), seed=seed)
    train(training, epochs, **more)
    return training.weights()


def tested(arch: Architecture, weights: dict[str, torch.Tensor], seed: int) -> float:
    network = build(SPACE, arch, TASK, seed)
    network.load_state_dict(weights)
    return judge(network, TASK, TASK.data("test"), torch.device("cpu")).value


def table(rows: list[dict[str, Any]], options: argparse.Namespace) -> str:
    lines = [
        f"Digits, at most {options.params:,} parameters, {options.seconds:g} processor seconds of training for each search and seed, the first "
        f"{options.first} networks random and the same for all; {SHORT['epochs']} epochs for each network, the best by "
        f"validation. Test with the weights it was chosen by, and trained from scratch for {options.full} epochs.",
        "",
        "| search | networks | best validation | median validation | test, own weights | test, from scratch | parameters |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in ARMS:
        mine = [r for r in rows if r["search"] == name]
        cells = [f"{mean(r['trials'] for r in mine):.0f}"]
        for key in ("val", "median_val", "test", "test_full"):
            values = [r[key] for r in mine]
            cells.append(f"{median(values):.4f} [{min(values):.4f}, {max(values):.4f}]")
        lines.append(f"| {name} | {' | '.join(cells)} | {median(r['params'] for r in mine):,.0f} |")
    lines.append(f"\n{options.seeds} seeds, from {options.start} on; {SEEN}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the processor, for each search and seed")
    parser.add_argument("--params", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=6, help="random networks that all searches begin with")
    parser.add_argument(
        "--full", type=int, default=60, help="epochs from scratch; 0 prints validation only, records nothing"
    )
    parser.add_argument(
        "--restart", type=float, help="peak learning rate of inherited_train after a start from a parent"
    )
    parser.add_argument("--out", type=Path, help="keep finished seeds there, and go on with them")
    options = parser.parse_args()
    begun, rows = time.perf_counter(), []
    if options.out and options.out.exists():
        rows = [json.loads(line) for line in options.out.read_text().splitlines()]
    limit = Constraint("params", at_most=options.params)
    for seed in range(options.start, options.start + options.seeds):
        if any(row["seed"] == seed for row in rows):
            continue
        arms = [arm(name, seed, limit, options.restart) for name in ARMS]
        for candidate in first(seed, options.first, limit):
            for run in arms:
                run.measure(candidate)
        while waiting := [run for run in arms if run.spent < options.seconds]:
            min(waiting, key=lambda run: run.spent).step(limit)
        done = [figures(run, options.full) for run in arms]
        rows += done
        print(*done, sep="\n", flush=True)
        if options.out:
            options.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if options.full:
        record.write("nash", "Growing networks", table(rows, options), rows, time.perf_counter() - begun)


if __name__ == "__main__":
    main()
