"""What a run says of itself comes from its files alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genas import account
from genas.core import wire
from genas.core.errors import RequestError
from genas.core.records import (
    Architecture,
    Budget,
    Candidate,
    Constraint,
    Measurement,
    Objective,
    Report,
    Request,
    Trial,
    Use,
)


def trial(width: int, latency: float, accuracy: float | None, failure: str | None = None, full: bool = True) -> Trial:
    arch = Architecture("conv_net", (f"stem{width}", "residual k3 d2 w8"), ((0, 1),))
    figures = [Measurement("params", width * 100.0), Measurement("latency_ms", latency)]
    if accuracy is not None:
        figures.append(Measurement("accuracy", accuracy, fidelity=1.0 if full else 0.2))
    return Trial(Candidate(arch, "uniform", note="drawn"), tuple(figures), failure)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    limit = Constraint("latency_ms", at_most=2.0)
    request = Request(
        "digits", Use("digits"), Use("conv_net"), (Objective("accuracy"),), (limit,), validator=Use("train")
    )
    won, second = trial(16, 1.0, 0.97), trial(24, 1.9, 0.96)
    shut = trial(32, 3.0, None, failure="latency_ms 3 breaks latency_ms <= 2")
    trials = (won, second, trial(8, 0.5, 0.9, full=False), shut)
    report = Report(request, won, (won,), (), trials, Budget(12.0, 3), "The winner is 16 wide.")
    (tmp_path / "ledger.jsonl").write_text('{"kind": "warning", "id": "w", "text": "only 3 trials"}\n{"kind": "cut')
    (tmp_path / "report.json").write_text(json.dumps(wire.to_data(report)))
    return tmp_path


def test_why_this_one(folder: Path) -> None:
    text = account.tell(folder)
    assert "The winner is 16 wide." in text and "Warning: only 3 trials" in text and "Spent: 12 s, 3 trials" in text
    ranked = [line for line in text.splitlines() if line.startswith("- ")]
    assert "winner" in ranked[0] and "0.9700" in ranked[0] and "0.9600" in ranked[1] and "0.9000" in ranked[2]
    assert "Stopped for breaking latency_ms <= 2: 1." in text
    assert 'The winner was made by uniform.\nIts maker noted: "drawn".' in text
    assert "References:" not in text  # there are none


def test_tighter_limits_choose_among_what_was_measured(folder: Path) -> None:
    text = account.tell(folder, [Constraint("params", at_most=2000)])
    assert "- the same winner" in text and "With latency at most 2 ms; params at most 2,000" in text
    assert "none of the networks" in account.tell(folder, [Constraint("latency_ms", at_most=0.9)])
    assert "another winner" in account.tell(folder, [Constraint("params", at_least=2000)])


def test_looser_limits_say_what_is_not_known(folder: Path) -> None:
    text = account.tell(folder, [Constraint("latency_ms", at_most=4.0)])
    assert "1 candidates that the run's limits had stopped" in text and "Only a new design" in text
    assert "did not measure energy_mj" in account.tell(folder, [Constraint("energy_mj", at_most=4.0)])


def test_runs_that_are_none_or_not_finished_are_explained(folder: Path) -> None:
    (folder / "report.json").unlink()
    with pytest.raises(RequestError, match="not finished"):
        account.tell(folder)
    with pytest.raises(RequestError, match="no run"):
        account.tell(folder / "absent")


def test_the_outline_names_the_amounts_and_the_cost() -> None:
    request = Request("x", Use("digits"), Use("conv_net"), budget=Budget(seconds=600))
    assert "10 min at most" in account.outline(request) and "finalists" in account.outline(request)
    table = Request("x", Use("nasbench201"), Use("nasbench201"), validator=Use("table"))
    assert "nothing is trained" in account.outline(table)
    asked = Request("x", Use("digits"), Use("conv_net"), proposers=(Use("llm", {"model": "openai:m"}),))
    assert "openai:m" in account.outline(asked) and "no time limit" in account.outline(asked)
