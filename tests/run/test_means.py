"""How finals are trained: what their length says about the learning rate and the size of the images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genas.core import registry
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Use
from genas.run.means import Means, rate_of_final
from genas.run.schedule import Schedule, by_trials
from genas.run.trainer import Trainer

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
USUAL = "full stem8 s1 relu mean | residual k3 d1 w8"
DEPTHWISE = "full stem8 s1 relu mean | separable k3 d1 w8"


def means(folder: Path, measured: str = "float32", **options: Any) -> Means:
    ledger = Ledger(folder / "ledger.jsonl")
    validator = registry.create("validators", Use("train", options), space=SPACE, task=TASK, ledger=ledger)
    trainer = Trainer(SPACE, TASK, validator, "cpu", None)
    schedule = Schedule("seconds", (), 10.0, precision=measured)
    return Means(schedule, trainer, registry.create("executors", "serial"))


def candidate(text: str, **recipe: Any) -> Candidate:
    return Candidate(SPACE.from_text(text), "test", recipe=recipe)


def test_long_finals_begin_at_a_higher_rate_and_with_few_passes_at_the_highest() -> None:
    assert rate_of_final(0.008, 1.0, short=True) == 0.008
    assert rate_of_final(0.008, 100.0, short=False) == 0.016
    assert rate_of_final(0.008, 20.0, short=False) == 0.032
    assert rate_of_final(0.02, 100.0, short=False) == 0.032
    assert rate_of_final(0.1, 20.0, short=False) == 0.1, "a rate that is higher already is not lowered"


def test_the_rate_that_a_user_fixes_holds_in_the_final_too(tmp_path: Path) -> None:
    known = candidate(USUAL, learning_rate=0.004)
    assert means(tmp_path).of_final(known, 10.0, 1e6, heir=False)["learning_rate"] == 0.008
    assert means(tmp_path, learning_rate=0.004).of_final(known, 10.0, 1e6, heir=False)["learning_rate"] == 0.004


@pytest.mark.parametrize(("passes", "heir", "growing"), [(15, False, True), (30, False, False), (30, True, True)])
def test_images_grow_where_a_final_has_few_passes(tmp_path: Path, passes: int, heir: bool, growing: bool) -> None:
    size = len(TASK.data("train").labels)
    found = means(tmp_path).of_final(candidate(USUAL), 1.0, passes * size + 1, heir=heir)
    assert found["growing"] is growing
    assert found["examples"] == passes * size + 1


def test_examples_are_counted_as_they_are_where_no_seconds_are(tmp_path: Path) -> None:
    made = means(tmp_path)
    made.schedule = by_trials(3, epochs=2, examples=100, children=False)
    assert made.of_final(candidate(USUAL), 120, 0.0, heir=False)["examples"] == 120


def test_depthwise_networks_stay_in_single_precision_unless_a_user_wants_it_otherwise(tmp_path: Path) -> None:
    usual, depthwise = candidate(USUAL), candidate(DEPTHWISE)
    assert [means(tmp_path, "bfloat16").of_rung(c) for c in (usual, depthwise)] == ["bfloat16", "float32"]
    fixed = means(tmp_path, "bfloat16", precision="bfloat16")
    assert [fixed.of_rung(c) for c in (usual, depthwise)] == ["bfloat16", "bfloat16"]
    assert fixed.speed(usual) > 0
