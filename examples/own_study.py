"""Search for what you measure yourself, here how fast a network answers: python examples/own_study.py

genas proposes networks within the limits, the function below measures each, and genas learns from what it says. Stopped
and started again with the same folder, the study goes on.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import torch

import genas

TASK = genas.Use("described", {"input_shape": [3, 32, 32], "outputs": 10})


def answers_per_second(candidate: genas.Candidate) -> float:
    """How many batches of 8 images the untrained network answers in a second of one thread."""
    network, images = candidate.build(TASK).eval(), torch.zeros(8, 3, 32, 32)
    seconds = []
    with torch.inference_mode():
        for _ in range(5):
            start = time.perf_counter()
            network(images)
            seconds.append(time.perf_counter() - start)
    return 1 / median(seconds)


def main(folder: str = "runs/own_study", **known: Any) -> genas.Study:
    """Search into the folder; known arguments of the study win over these."""
    wanted: dict[str, Any] = {
        "limits": [genas.Constraint("params", at_least=20_000, at_most=100_000)],
        "refiner": "regularized_evolution",
        "trials": 40,
    }
    with genas.Study("conv_net", answers_per_second, task=TASK, out=folder, **wanted | known) as study:
        best = study.run()
        if best is not None:
            print(f"{best.value('objective'):.0f} batches a second, {best.value('params'):,.0f} parameters:")
            print(best.candidate.text)
    return study


if __name__ == "__main__":
    main()
