"""What does each part of the training contribute? One small ResNet in equal CPU seconds: optimizer, filters, rate, precision.

    GENAS_DATA=... python eval/training.py --seconds 8 40 --seeds 3            (some 80 minutes of one core; resumes)

The network is the hand-made one of eval/by_hand.py. One part is removed at a time: `adamw` also trains the filters with
AdamW (at two rates), `drawn` leaves the first filters at their random initialisation, `lagging` judges the averaged
weights with averaged batch statistics. Three arms add something: `growing` starts the decay of the rate with smaller
images, `twice` decays from twice the rate, `bfloat16` computes in that precision. Each is trained with a constant rate
for 40 % of the seconds and judged (as in a rung of a race), then with a decaying rate, and tested. No cell chooses by the
test split.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import record
import torch
from torch import nn
from whole_budget import MIRRORED, task_of

from genas.core import clock, registry
from genas.core.building import build
from genas.core.interfaces import SearchSpace, Task
from genas.training import loop
from genas.training.judging import judge
from genas.training.leg import Leg
from genas.training.loop import Training
from genas.training.optimizers import optimizers_of
from genas.training.recipe import Recipe
from genas.training.timing import keep_memory
from genas.training.whitening import whitened

SETS = ("cifar10", "land_use", "chest_xray", "math_symbols")
# The arms and their learning rates.
ARMS = {
    "whole": 0.016, "adamw 0.004": 0.004, "adamw 0.008": 0.008, "drawn": 0.016, "lagging": 0.016, "growing": 0.016,
    "twice": 0.016, "bfloat16": 0.016,
}  # fmt: skip
RACE = 0.4


def adamw(network: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)]


class Lagging(Training):
    """Its averaged weights are judged with averages of the batch statistics."""

    def _average(self) -> None:
        super()._average()
        keep = max(0.0, 1 - (loop._PROFILE + 1) / (self.steps + loop._PROFILE))
        for average, value in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
            if value.is_floating_point():
                average.lerp_(value, 1 - keep)

    def _renew_norms(self) -> None:
        """Nothing is renewed."""


def cell(name: str, arm: str, seconds: float, seed: int) -> dict[str, Any]:
    space: SearchSpace = registry.create("spaces", "conv_net")
    task: Task = registry.create("tasks", task_of(name))
    stride = "s2" if min(task.input_shape[1:]) >= 48 else "s1"
    text = f"full stem16 {stride} relu mean | residual k3 d1 w16 | residual k3 d1 w32 | residual k3 d1 w64"
    for split in ("train", "val", "test"):
        task.data(split)
    network = build(space, space.from_text(text), task, seed)
    if arm != "drawn":
        whitened(network, task)
    loop.optimizers_of = adamw if arm.startswith("adamw") else optimizers_of  # type: ignore[attr-defined]
    recipe = Recipe(learning_rate=ARMS[arm], flips="mirror" if name in MIRRORED else "none")
    precision = "bfloat16" if arm == "bfloat16" else "float32"
    training = (Lagging if arm == "lagging" else Training)(network, task, recipe, seed=seed, precision=precision)
    rung = training.advance(Leg("race", seconds=RACE * seconds))
    rate = 2 * ARMS[arm] if arm == "twice" else None
    growing = arm == "growing"
    final = training.advance(Leg("final", seconds=(1 - RACE) * seconds, decay=True, growing=growing, rate=rate))
    test = judge(training.averaged, task, task.data("test"), training.device)
    return {
        "set": name, "arm": arm, "seconds": seconds, "seed": seed, "rung": rung.value, "val": final.value,
        "test": test.value, "epochs": round(training.examples / training.size, 2),
    }  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """Medians over seeds, with the range."""
    found: dict[tuple[str, float, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["set"], row["seconds"], row["arm"]].append(row)
    lines = ["| set | seconds | training | after the rung (validation) | test | seeds |"]
    lines.append("| --- | ---: | --- | ---: | ---: | ---: |")
    for (name, seconds, arm), cells in sorted(
        found.items(), key=lambda item: (item[0][:2], list(ARMS).index(item[0][2]))
    ):
        figures = [
            f"{median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"
            for key in ("rung", "test")
            for values in [[c[key] for c in cells]]
        ]
        lines.append(f"| {name} | {seconds:g} | {arm} | {' | '.join(figures)} | {len(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--seconds", nargs="+", type=float, default=[8.0, 40.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=record.RESULTS / "training.jsonl", help="one line per cell")
    args = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    clock.now = time.process_time
    rows = record.rows(args.out)
    done = {(row["set"], row["arm"], row["seconds"], row["seed"]) for row in rows}
    for seed in range(args.seeds):
        for seconds in args.seconds:
            for name in args.sets:
                for arm in ARMS:
                    if (name, arm, seconds, seed) in done:
                        continue
                    rows.append(cell(name, arm, seconds, seed))
                    record.add(args.out, rows[-1])
                    print(rows[-1], flush=True)
    spent = sum(row["seconds"] for row in rows)
    about = (__doc__ or "").partition("\n\n")[2].partition("\n\n")[2] + "\n"
    record.write("training", "What each part of the training gives", about + table(rows), rows, spent)


if __name__ == "__main__":
    main()
