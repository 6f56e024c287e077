"""What a short request gets."""

from __future__ import annotations

import pytest

import genas
from genas import defaults
from genas.core.records import Use

GOAL = "digits under 20k parameters"


def test_a_design_without_a_budget_has_ten_minutes() -> None:
    assert genas.interpret(GOAL).budget.seconds == 600
    assert genas.interpret(f"{GOAL}, budget 90 s").budget.seconds == 90
    trials = genas.interpret(f"{GOAL}, try 30 networks").budget
    assert (trials.trials, trials.seconds) == (30, None)


def test_epochs_without_a_budget_are_kept_by_counting_trials() -> None:
    request = genas.interpret(f"{GOAL}, train for 20 epochs")
    assert (request.budget.trials, request.budget.seconds) == (defaults.TRIALS, None)
    assert request.validator == Use("train", {"epochs": 20})


def test_a_table_needs_no_budget() -> None:
    budget = genas.interpret("the nasbench201 benchmark, CIFAR-10").budget
    assert (budget.seconds, budget.trials) == (None, None)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        ("", True),
        (", trained from scratch", False),
        (", without pretrained weights", False),
        (", no pretraining", False),
        (", pretrained stems are fine", True),
    ],
)
def test_from_scratch_leaves_pretrained_stems_out(words: str, allowed: bool) -> None:
    space = genas.interpret(GOAL + words).space
    assert space == (Use("conv_net") if allowed else Use("conv_net", {"pretrained": False}))


def test_images_are_trained_on_all_cores_and_tables_are_not() -> None:
    from genas.training.timing import cores

    images, rows = genas.interpret(GOAL, device="cpu"), genas.interpret("the nasbench201 benchmark, CIFAR-10")
    assert defaults.executor(images).name == ("threads" if cores() > 1 else "serial")
    assert defaults.executor(rows) == Use("serial")


def test_a_race_is_told_what_it_decides_otherwise(tmp_path) -> None:  # type: ignore[no-untyped-def]
    report = genas.design(
        GOAL, out=tmp_path, budget={"trials": 1}, scorers=["params", "short_train"],
        validator={"name": "train", "options": {"epochs": 1, "examples": 64}}, device="cpu",
    )  # fmt: skip
    page = (tmp_path / "report.html").read_text()
    assert report.winner is not None
    assert "the scorer short_train is not used" in page
