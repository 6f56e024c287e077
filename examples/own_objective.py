"""Search for what you count yourself, here the weights of the largest layer: python examples/own_objective.py

A small chip may load one layer at a time, so its largest layer must fit. The scorer below counts that; once it is
registered, requests may limit it and optimise it like any other metric.
"""

from __future__ import annotations

from typing import Any

import genas


class LargestLayer(genas.Scorer):
    """The number of weights in the largest layer.

    Args:
        space: builds the networks.
        task: whose inputs and outputs they have.
    """

    name = "largest_layer"
    metric = genas.Metric("largest_layer", "weights", goal="min", role="cost", form="count")
    cost = 0.01  # seconds, roughly: cheap scorers run first

    def __init__(self, space: genas.SearchSpace, task: genas.Task) -> None:
        self._space, self._task = space, task

    def score(self, arch: genas.Architecture, *, fidelity: float = 1.0, seed: int = 0) -> genas.Measurement:
        """The count, of the built network."""
        network = self._space.build(arch, self._task)
        return genas.Measurement(self.metric.name, float(max(p.numel() for p in network.parameters())))


genas.register("scorers", LargestLayer)


def main(folder: str = "runs/own_objective", **known: Any) -> genas.Report:
    """Design into the folder; known fields of the request win over these."""
    wanted: dict[str, Any] = {
        "objectives": [genas.Objective("accuracy"), genas.Objective("largest_layer", "min")],
        "constraints": [genas.Constraint("largest_layer", at_most=2000)],
        "scorers": ["params", "largest_layer"],
        "budget": "1 minute",
    }
    report = genas.design("A classifier for 8x8 handwritten digits", out=folder, **wanted | known)
    print(report.text)
    return report


if __name__ == "__main__":
    main()
