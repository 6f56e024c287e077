"""A network that learns everything from scratch stays in the race beside pretrained stems that lead early."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from genas.core.metrics import ACCURACY
from genas.run.standings import Standings


def standings(**accuracy: float) -> Standings:
    """Names that begin with s stand on a pretrained stem."""
    trials = {
        k: SimpleNamespace(candidate=SimpleNamespace(arch=k), value=lambda _, v=v: v) for k, v in accuracy.items()
    }
    space: Any = SimpleNamespace(knowledge=lambda arch: "ImageNet" if arch.startswith("s") else "")
    data = SimpleNamespace(labels=range(1000))
    task: Any = SimpleNamespace(metric=ACCURACY, data=lambda _: data)
    request: Any = SimpleNamespace(objectives=[SimpleNamespace(metric="accuracy")])
    book: Any = SimpleNamespace(trials=trials)
    return Standings(request, space, task, book)


def test_one_from_scratch_stays_though_stems_lead() -> None:
    made = standings(s1=0.9, s2=0.8, f1=0.5, f2=0.4)
    assert made.staying(["s1", "s2", "f1", "f2"], 2) == ["s1", "f1"]
    assert made.staying(["s1", "s2", "f1", "f2"], 1) == ["s1", "f1"]
    assert made.staying(["s1", "s2"], 2) == ["s1", "s2"]


def test_a_leading_stem_gets_a_short_final_and_the_best_from_scratch_the_rest() -> None:
    assert standings(s1=0.9, s2=0.8, f1=0.5).finals(["s1", "s2", "f1"]) == {"s1": pytest.approx(0.25), "f1": 1.0}
    assert standings(s1=0.5, f1=0.9).finals(["s1", "f1"]) == {"f1": 1.0}
    assert standings(s1=0.5, s2=0.9).finals(["s1", "s2"]) == {"s2": 1.0}


def test_a_curve_that_still_falls_is_worth_more() -> None:
    made = standings(a=0.9, b=0.88)
    made.note("a", loss=0.3, slope=0.0)
    made.note("b", loss=0.3, slope=1.0)
    assert made.ordered(["a", "b"]) == ["a", "b"]
    made.look_ahead(4)
    assert made.ordered(["a", "b"]) == ["b", "a"]


def test_a_steep_young_curve_does_not_pass_one_that_is_far_ahead() -> None:
    made = standings(old=0.884, young=0.767)  # as measured on land_use: in the end .918 and .868
    made.note("old", loss=0.32, slope=0.42)
    made.note("young", loss=0.69, slope=0.55)
    made.look_ahead(8)
    assert made.ordered(["young", "old"]) == ["old", "young"]
