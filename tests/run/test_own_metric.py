"""A scorer of another package brings a metric of its own: one file, and limits, tables and sentences follow it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installed_package import installed_package
from tiny_design import TINY

import genas
import genas.api
from genas.core import declared
from genas.core.errors import RequestError
from genas.core.records import Constraint, Objective, Request
from genas.reporting import words

DIGITS = "A classifier for 8x8 handwritten digits"
MANY = {key: value for key, value in TINY.items() if key != "scorers"} | {"budget": {"trials": 3}}


@pytest.fixture(autouse=True)
def power_package(tmp_path: Path) -> Iterator[None]:
    """An installed package that names the scorer in `power_scorer.py` as its entry point."""
    with installed_package(tmp_path / "site", "power", "[genas.scorers]\npower = power_scorer:PowerScorer\n"):
        yield


def read(sentence: str, **known: object) -> Request:
    return genas.interpret(f"{DIGITS}, {sentence}", **known)


def limits(sentence: str) -> tuple[Constraint, ...]:
    return read(sentence).constraints


@pytest.mark.parametrize(
    "said",
    [
        "at most 3 mW of power_mw",
        "power_mw under 3",
        "power_mw at most 3mW",
        "power_mw <= 3",
        "no more than 3 mW power draw",
        "power draw below 3 mW",
        "under 3 mW",
        "power_mw of less than 3",
    ],
)
def test_a_sentence_limits_it_by_name_label_or_unit(said: str) -> None:
    assert limits(said) == (Constraint("power_mw", at_most=3.0),)


def test_a_range_and_limits_on_other_metrics_stand_beside_it() -> None:
    assert limits("power_mw between 1 and 3 mW, under 50k parameters, at least 90 % accuracy") == (
        Constraint("power_mw", at_most=3.0, at_least=1.0),
        Constraint("params", at_most=49_999.0),
        Constraint("accuracy", at_least=0.9),
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("power_mw under 3 W", "power_mw is counted in mW"),
        ("power_mw under 3 ms", "power_mw is counted in mW"),
        ("power_mw at least 3 mW", "Should power_mw be that much or more"),
        ("latency under 3 mW", "of what"),
        ("power_mw at most 0", "can.t be a limit"),
        ("highest power_mw", "asks for a bad network"),
        ("something about power_mw", "What is wanted of power_mw"),
    ],
)
def test_nothing_that_is_said_of_it_is_guessed_or_dropped(said: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        read(said)


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("accuracy first, then power_mw", ["accuracy", "power_mw"]),
        ("lowest power_mw", ["power_mw", "accuracy"]),
        ("low power_mw", ["accuracy", "power_mw"]),
        ("power draw first", ["power_mw", "accuracy"]),
    ],
)
def test_a_sentence_wishes_for_it_and_its_goal_is_its_own(said: str, order: list[str]) -> None:
    goals = {"accuracy": "max", "power_mw": "min"}
    assert read(said).objectives == tuple(Objective(metric, goals[metric]) for metric in order)


def test_the_limit_brings_its_scorer_and_gates_candidates() -> None:
    trials = genas.propose(f"{DIGITS}, at most 3 mW of power_mw", 6, proposers=["uniform"], device="cpu")
    assert len(trials) == 6
    for trial in trials:
        assert trial.value("power_mw") == 0.25 * len(trial.candidate.arch.edges) <= 3


def test_a_request_file_limits_it_and_the_report_shows_it_with_unit_and_label(tmp_path: Path) -> None:
    limit = [{"metric": "power_mw", "at_most": 3}]
    report = genas.design(DIGITS, out=tmp_path / "run", constraints=limit, **MANY)
    assert report.winner is not None
    value = report.winner.value("power_mw")
    assert value is not None and value <= 3
    figure = f"{value:.3g} mW"
    assert f"Limits kept: {figure} (power draw at most 3 mW)." in report.text
    page = (tmp_path / "run" / "report.html").read_text()
    assert "power draw (mW)" in page and "power draw at most 3 mW" in page
    assert f"power draw {figure}" in genas.api.report(tmp_path / "run")


def test_candidates_are_not_ranked_by_a_cost_and_a_smaller_one_is_better() -> None:
    record = declared.metric("power_mw")
    assert (record.goal, record.promising, record.sign) == ("min", False, -1.0)
    assert words.heading("power_mw") == "power draw (mW)"
    assert words.figure("power_mw", 1.23456) == "1.23 mW"
    assert words.heading("test_power_mw") == "test power draw (mW)"
