"""What the contract suites need to know of the plug-ins: which task goes with which space, and quick options."""

from __future__ import annotations

from wine_table import wine_csv

from genas import testing
from genas.core import registry
from genas.core.context import Context
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Constraint, Use

# A new space that is not listed is tried with the task of its modality.
TASK_OF_SPACE = {
    "conv_net": Use("digits"),
    "nasbench101": Use("nasbench101"),
    "nasbench201": Use("nasbench201"),
    "nasbench_graph": Use("nasbench_graph", {"latency_device": None}),
}
WINE = Use("tabular", {"path": str(wine_csv())})
TASK_OF_MODALITY = {
    "image": Use("digits"), "graph": TASK_OF_SPACE["nasbench_graph"], "text": Use("hwgpt"), "tabular": WINE,
}  # fmt: skip
SMALL = {
    "darts": {"cells": 1, "channels": 4},
    "fbnet": {"stages": 2, "width": 0.5},
    "gpt": {"scale": "tiny"},
    "mobile": {"stages": 2},
    "nasbench101": {"cells": 1, "channels": 8},
    "nasbench201": {"cells": 1, "channels": 4},
    "nasbench_graph": {"hidden": 8},
    "transnas_macro": {"channels": 4, "blocks": 1},
}  # quick to build and run
FULL = {"nasbench_graph": {"hidden": 8}}  # where a table is looked up, the space as published will do
SERVES = {"nash": ("conv_net",)}  # what says at once that other spaces won't do
QUICK = {
    "block_latency": {"runs": 1, "checks": 0},
    "inherited_train": {"epochs": 1, "of": 10, "examples": 64},
    "latency_ms": {"runs": 3, "warmup": 1},
    "short_train": {"epochs": 1, "of": 10, "examples": 64},
    "train": {"epochs": 1, "examples": 64},
}


def small_space(name: str) -> SearchSpace:
    space: SearchSpace = registry.create("spaces", Use(name, SMALL.get(name, {})))
    return space


def task_for(space: SearchSpace) -> Task:
    task: Task = registry.create("tasks", TASK_OF_SPACE.get(space.name) or TASK_OF_MODALITY[space.modality])
    return task


def context_for(space: SearchSpace, task: Task, *, seed: int = 0) -> Context:
    """What a run hands to its plug-ins."""
    return testing.context(space, task, seed=seed, limits=(Constraint("params", at_most=1e9),))
