"""A package of your own in one file: a search space, a published table about it and a scorer, searched by genas.

In an installed package, entry points take the place of `register` (docs/plug-ins.md):

    [project.entry-points."genas.spaces"]
    ladder = "own_space:Ladder"
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import genas
from genas import testing
from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Data, Scorer, SearchSpace, Split, Task
from genas.core.metrics import Metric
from genas.core.records import Architecture, Frame, Measurement

RUNGS = 6
KINDS = ("wide", "deep", "pool", "none")
_GAIN = {"wide": 0.05, "deep": 0.07, "pool": 0.02, "none": 0.0}


class Ladder(SearchSpace):
    """Six layers in a chain, each of three kinds or left out: 4,096 networks that a table knows.

    It builds no networks, so it has no `build`: what is known of its architectures is looked up.
    """

    name = "ladder"
    modality: ClassVar[str] = "image"
    ops: ClassVar[tuple[str, ...]] = ("input", *KINDS, "output")
    max_nodes: ClassVar[int] = RUNGS + 2
    identity_ops: ClassVar[frozenset[str]] = frozenset({"none"})  # a layer that is left out passes signals on

    def sizes(self) -> Sequence[int]:
        """Eight nodes, always."""
        return (self.max_nodes,)

    def frame(self, nodes: int) -> Frame:
        """Free kinds of layers in a fixed chain."""
        chain = tuple((i, i + 1) for i in range(RUNGS + 1))
        return Frame((("input",), *(KINDS,) * RUNGS, ("output",)), chain)

    def problems(self, arch: Architecture) -> list[str]:
        """What is illegal about the chain."""
        frame = self.frame(self.max_nodes)
        if len(arch.ops) != self.max_nodes:
            return [f"a ladder has {self.max_nodes} nodes, not {len(arch.ops)}"]
        found = [
            f"node {number} is {op!r}; it must be one of {', '.join(allowed)}"
            for number, (op, allowed) in enumerate(zip(arch.ops, frame.labels, strict=True))
            if op not in allowed
        ]
        return found if arch.edges == frame.edges else [*found, "each node must lead to the next alone"]


class LadderTable(Task):
    """The published accuracies of all ladders; a real one reads its file in `__init__`."""

    name = "ladder_table"
    description = "Published accuracies of the 4,096 networks of the ladder space on small photographs."
    input_shape = (3, 32, 32)
    outputs = 10
    here: ClassVar[bool] = False  # the photographs are not here: nothing can be trained

    def data(self, split: Split) -> Data:
        """No photographs."""
        raise ScoreFailed("the photographs of ladder_table are not here: look its figures up (validator table)")

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """`accuracy` on the validation split, charged with its training, and `test_accuracy`, charged with nothing."""
        if arch.space != "ladder" or fidelity != 1.0:
            raise ScoreFailed("ladder_table knows whole trainings of the space ladder only")
        layers = [op for op in arch.ops if op in _GAIN]
        accuracy = 0.5 + sum(_GAIN[op] for op in layers) - 0.03 * sum(a == b for a, b in pairwise(layers))
        figures = {"accuracy": accuracy, "test_accuracy": accuracy - 0.01}
        if metric not in figures:
            raise ScoreFailed(f"ladder_table has no table of {metric}; it has {', '.join(figures)}")
        return Measurement(metric, figures[metric], 60.0 if metric == "accuracy" else 0.0)


class Layers(Scorer):
    """How many layers a ladder has; less is better."""

    name = "layers"
    metric: ClassVar[Metric] = Metric("layers", "layers", "min", "cost", form="count")
    cost: ClassVar[float] = 1e-5

    def __init__(self, space: SearchSpace) -> None:
        self._space = space

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        """The number of layers that are not left out."""
        if problems := self._space.problems(arch):
            raise ScoreFailed("; ".join(problems))
        return Measurement(self.metric.name, RUNGS - arch.ops.count("none"), 0.0, fidelity, seed)


def register() -> None:
    """Make them known to genas in this process."""
    registry.register("spaces", Ladder)
    registry.register("tasks", LadderTable)
    registry.register("scorers", Layers)


def check() -> list[str]:
    """What could not be checked of them; `Broken` says what is wrong with one."""
    space, task = Ladder(), LadderTable()
    left_out = testing.check_space(space) + testing.check_task(task, space)
    return left_out + testing.check_scorer(Layers, space, task)


def search(trials: int = 30) -> genas.Report:
    """The best ladder of at most four layers, found by looking a few of the 4,096 up."""
    return genas.design(
        "The best network of ladder_table",
        space="ladder",
        scorers=["layers", "table"],
        refiners=["auto"],
        constraints=[{"metric": "layers", "at_most": 4}],
        budget={"trials": trials},
    )


if __name__ == "__main__":
    register()
    print("\n".join(f"not checked: {line}" for line in check()))
    winner = search().winner
    assert winner is not None
    print(Ladder().to_text(winner.candidate.arch), winner.value("accuracy"))
