"""What a run says of itself comes from its files alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from written_ledger import write_ledger

from genas.core import wire
from genas.core.errors import RequestError
from genas.core.ledger import Event, Ledger
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
from genas.run import account


def trial(width: int, latency: float, accuracy: float | None, failure: str | None = None, full: bool = True) -> Trial:
    arch = Architecture("conv_net", (f"stem{width}", "residual k3 d2 w8"), ((0, 1),))
    figures = [Measurement("params", width * 100.0), Measurement("latency_ms", latency)]
    if accuracy is not None:
        figures.append(Measurement("accuracy", accuracy, fidelity=1.0 if full else 0.2))
    return Trial(Candidate(arch, "uniform", note="drawn"), tuple(figures), failure)


def finish(folder: Path, report: Report, *events: Event, tail: str = "") -> None:
    """The files of a finished run."""
    (folder / "report.json").write_text(json.dumps(wire.to_data(report)))
    write_ledger(folder / "ledger.jsonl", events)
    ledger = Ledger(folder / "ledger.jsonl")
    account.seal(folder, ledger)
    ledger.close()
    with (folder / "ledger.jsonl").open("a") as file:
        file.write(tail)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    limit = Constraint("latency_ms", at_most=2.0)
    request = Request(
        "digits", Use("digits"), Use("conv_net"), (Objective("accuracy"),), (limit,), validator=Use("table")
    )
    won, second = trial(16, 1.0, 0.97), trial(24, 1.9, 0.96)
    shut = trial(32, 3.0, None, failure="latency_ms 3 breaks latency_ms <= 2")
    trials = (won, second, trial(8, 0.5, 0.9, full=False), shut)
    report = Report(request, won, (won,), (), trials, Budget(12.0, 3), "The winner is 16 wide.")
    finish(tmp_path, report, {"kind": "warning", "id": "w", "text": "only 3 trials"}, tail='{"kind": "cut')
    return tmp_path


@pytest.fixture
def raced(tmp_path: Path) -> Path:
    request = Request("digits", Use("digits"), Use("conv_net"), (Objective("accuracy"),), budget=Budget(trials=3))

    def network(width: int, origin: str, *accuracies: float, test: float | None = None) -> Trial:
        arch = Architecture(
            "conv_net", ("input", f"stem{width}", "residual k3 d1 w8", "output"), ((0, 1), (1, 2), (2, 3))
        )
        figures = [Measurement("params", width * 100.0)]
        for share, value in zip((0.1, 0.4, 1.0), accuracies, strict=False):
            figures.append(Measurement("accuracy", value, fidelity=share, examples=270))
        figures += [] if test is None else [Measurement("test_accuracy", test, examples=360)]
        return Trial(
            Candidate(arch, origin, note="hand-made: small ResNet" if origin == "reference" else "drawn"),
            tuple(figures),
        )

    won = network(24, "uniform", 0.5, 0.7, 0.9, test=0.88)
    hand = network(32, "reference", 0.6, 0.65)
    trials = (won, hand, network(16, "uniform", 0.4))
    report = Report(request, won, (won,), (hand,), trials, Budget(9.0, 3), "The winner is 24 wide.")
    finish(tmp_path, report)
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


def test_the_outline_of_a_race_in_trials_names_its_rungs() -> None:
    request = Request("x", Use("digits"), Use("conv_net"), budget=Budget(trials=24), refiners=(Use("local_search"),))
    text = account.outline(request)
    assert "a race of 20 networks, hand-made ones among them, and 4 children of the leaders that join" in text
    assert "rung 1: 20, up to 4 %; rung 2: 11, up to 13 %; rung 3: 3, up to 40 %" in text
    assert "40 passes over the data in all, 60 % of them alone" in text and "no time limit" in text
    again = replace(request, validator=Use("train", {"epochs": 3, "seeds": 3}))
    assert "3 passes" in account.outline(again) and "with 2 more seeds" in account.outline(again)
    assert "a race of 1 hand-made network." in account.outline(replace(request, budget=Budget(trials=1)))


def test_the_outline_of_a_race_in_seconds_says_what_needs_no_timing() -> None:
    request = Request("x", Use("digits"), Use("conv_net"), budget=Budget(seconds=600))
    text = account.outline(request)
    assert "at most 16 networks start" in text and "children" not in text
    assert "About 60 % of the training time goes to the network that is left" in text
    assert "depends on this machine's speed and the data, and is written into the ledger" in text
    assert "Cost: about 10 min of the clock." in text
    with pytest.raises(RequestError, match="Write a budget of at least"):
        account.outline(replace(request, budget=Budget(seconds=2)))
    assert "needs a budget" in account.outline(replace(request, budget=Budget()))


def test_the_outline_of_a_table_and_of_a_chat_model() -> None:
    table = Request("x", Use("nasbench201"), Use("nasbench201"), validator=Use("table"), budget=Budget(trials=30))
    assert "Up to 30 of them are looked up" in account.outline(table) and "nothing is trained" in account.outline(table)
    asked = Request("x", Use("digits"), Use("conv_net"), proposers=(Use("llm", {"model": "openai:m"}),))
    assert "openai:m" in account.outline(replace(asked, budget=Budget(trials=4)))


def test_a_race_is_told_rung_by_rung(raced: Path) -> None:
    text = account.tell(raced)
    assert "Its recipe: learning rate 0.008" in text and "flips none" in text
    lines = text.splitlines()
    ended = lines.index("Trained to the end, best first by the first training, which chose:")
    assert lines[ended + 1].startswith("- winner ") and "on 360 examples (one training)" in lines[ended + 1]
    assert "- small ResNet: " in lines[ended + 3] and lines[ended + 3].endswith(
        "stopped after rung 2 of 2: 1 of 2 went on"
    )
    assert (
        "Stopped after rung 2 of 2 (1), best first:" in lines and "Stopped after rung 1 of 2 (1), best first:" in lines
    )


def test_other_limits_name_the_network_that_came_farthest(raced: Path) -> None:
    text = account.tell(raced, [Constraint("params", at_most=2000)])
    assert (
        "of those that keep them this one came farthest" in text and "stopped after rung 1 of 2: 2 of 3 went on" in text
    )
    assert "genas train RUN" in text
