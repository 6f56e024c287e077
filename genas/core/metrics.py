"""Metrics as records: the name of a figure, its unit, and whether more or less is better.

A plug-in that measures something new declares its own `Metric`; limits, tables, charts and sentences follow it.
`genas.core.declared` finds the record of a name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from genas.core.records import Goal

Role = Literal["quality", "promise", "cost", "clock"]
Form = Literal["plain", "count", "prefix"]
_TEST = "test_"


@dataclass(frozen=True)
class Metric:
    """What a figure means.

    Args:
        name: how requests, ledgers and tables call it, such as "latency_ms"; its figure on the test split has the name
            "test_" + `name`.
        unit: what stands behind a figure; "" for a plain number.
        goal: whether more ("max") or less ("min") is better.
        role: "quality" is what networks are judged by, "promise" a cheap sign of quality that ranks candidates, "cost"
            what a network takes (a limit or an objective, never a sign of quality), "clock" a time of training.
        digits: significant digits that are shown, or those behind the point where it is a share.
        label: what people call it; the name with spaces where it is left out.
        share: whether it is a share of the examples, in [0, 1]. It can be said in per cent, and the number of examples
            tells how sure it is.
        fraction: whether it lies in [0, 1] and can be said in per cent without being a share of the examples.
        form: "plain", "count" (written in full: 49,999), or "prefix" (with k, M or G before the unit: 12.3 MFLOPs).
    """

    name: str
    unit: str = ""
    goal: Goal = "max"
    role: Role = "promise"
    digits: int = 4
    label: str = ""
    share: bool = False
    fraction: bool = False
    form: Form = "plain"

    def __post_init__(self) -> None:
        for key, kind in (("goal", Goal), ("role", Role), ("form", Form)):
            if getattr(self, key) not in get_args(kind):
                raise ValueError(f"The {key} of the metric {self.name!r} must be one of {', '.join(get_args(kind))}")
        object.__setattr__(self, "label", self.label or self.name.replace("_", " "))
        object.__setattr__(self, "fraction", self.fraction or self.share)

    @property
    def sign(self) -> float:
        """1 or -1: a value times this is larger if it is better."""
        return 1.0 if self.goal == "max" else -1.0

    @property
    def promising(self) -> bool:
        """Whether candidates may be ranked by it: it measures or indicates quality, and is no cost or time."""
        return self.role in {"quality", "promise"}

    @property
    def on_test(self) -> Metric:
        """The same figure on the test split."""
        return replace(self, name=on_test(self.name), label=f"test {self.label}")


def on_test(name: str) -> str:
    """The name of a metric's figure on the test split."""
    return _TEST + name


def is_on_test(name: str) -> bool:
    """Whether a name is that of a figure on the test split."""
    return name.startswith(_TEST)


def off_test(name: str) -> str:
    """The metric's own name, given the name of its figure on the test split."""
    return name.removeprefix(_TEST)


ACCURACY = Metric("accuracy", role="quality", share=True)
TOKEN_ACCURACY = Metric("token_accuracy", role="quality", share=True)
ROC_AUC = Metric("roc_auc", role="quality", fraction=True)
PERPLEXITY = Metric("perplexity", goal="min", role="quality")
PARAMS = Metric("params", "params", "min", "cost", form="count")
FLOPS = Metric("flops", "FLOPs", "min", "cost", form="prefix")
SIZE = Metric("size_mb", "MB", "min", "cost", label="size")
MEMORY = Metric("memory_mb", "MB", "min", "cost", label="memory")
LATENCY = Metric("latency_ms", "ms", "min", "cost", label="latency")
ENERGY = Metric("energy_mj", "mJ", "min", "cost", label="energy")
TRAIN_TIME = Metric("train_ms", "ms", "min", "clock", label="train")
SECONDS = Metric("seconds", "s", "min", "clock")

STANDARD = {
    metric.name: metric
    for metric in (
        ACCURACY, TOKEN_ACCURACY, ROC_AUC, PERPLEXITY, PARAMS, FLOPS, SIZE, MEMORY, LATENCY, ENERGY, TRAIN_TIME, SECONDS
    )
}  # fmt: skip
