"""Races of real networks: what is decided, what is kept, and that a stop anywhere changes nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import genas
from genas.core import assets
from genas.core.records import Report

GOAL = "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 20k parameters, accuracy first"
KNOWN = {
    "proposers": ["uniform"],
    "scorers": ["params"],
    "refiners": ["local_search"],
    "validator": {"name": "train", "options": {"epochs": 3, "examples": 600}},
    "budget": {"trials": 7},
    "device": "cpu",
}


def figures(report: Report) -> list[object]:
    """All that a race found, but for the seconds."""
    return [
        (t.candidate, t.failure, [(m.metric, m.value, m.fidelity, m.seed, m.curve) for m in t.measurements])
        for t in report.trials
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, float]:
    start = time.monotonic()
    report = genas.design(GOAL, out=tmp_path_factory.mktemp("race"), executor="serial:threads=1", **KNOWN)
    return report, time.monotonic() - start


def test_side_by_side_and_one_after_the_other_end_the_same(undisturbed: tuple[Report, float], tmp_path: Path) -> None:
    report = genas.design(GOAL, out=tmp_path, executor="threads:2", **KNOWN)
    assert figures(report) == figures(undisturbed[0])


@pytest.mark.parametrize("executor", ["serial:threads=1", "threads:2"])
@pytest.mark.parametrize("number", range(3))
def test_a_race_killed_at_a_random_moment_ends_the_same(
    undisturbed: tuple[Report, float], tmp_path: Path, executor: str, number: int
) -> None:
    report, seconds = undisturbed
    code = (
        f"import genas, json; "
        f"genas.design({GOAL!r}, out={str(tmp_path)!r}, executor={executor!r}, **json.loads({json.dumps(KNOWN)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"})
    ledger = tmp_path / "ledger.jsonl"
    deadline = time.monotonic() + 200
    while not ledger.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.Random(f"{executor} {number}").random() * seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = genas.design(GOAL, out=tmp_path, executor=executor, **KNOWN)
    assert figures(again) == figures(report)
    events = [json.loads(line) for line in ledger.read_text().splitlines()]
    named = [event["id"] for event in events if "id" in event]
    assert len(set(named)) == len(named)


def test_a_race_of_seconds_that_is_killed_goes_on_from_what_it_decided(tmp_path: Path) -> None:
    known = {**KNOWN, "budget": {"seconds": 24}, "scorers": ["params", "train_ms"]}
    known["validator"] = {"name": "train"}
    code = f"import genas, json; genas.design({GOAL!r}, out={str(tmp_path)!r}, **json.loads({json.dumps(known)!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"})
    ledger = tmp_path / "ledger.jsonl"
    deadline = time.monotonic() + 200
    while not ledger.is_file() or '"id":"final 0"' not in ledger.read_text():
        assert process.poll() is None and time.monotonic() < deadline, "the race ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    text = ledger.read_text()
    before = text[: text.rfind("\n") + 1].splitlines()  # a kill may leave half a line
    report = genas.design(GOAL, out=tmp_path, **known)
    after = ledger.read_text().splitlines()
    assert after[: len(before)] == before and len(after) > len(before)
    named = [json.loads(line).get("id", number) for number, line in enumerate(after)]
    assert len(set(named)) == len(named)
    assert report.winner is not None and report.winner.value("test_accuracy") > 0.9


def test_children_of_the_leaders_join_with_what_these_learned(undisturbed: tuple[Report, float]) -> None:
    report, _ = undisturbed
    children = [t for t in report.trials if t.candidate.parents and t.value("accuracy") is not None]
    assert children and all(t.candidate.origin in ("local_search", "race") for t in children)


def test_how_long_each_is_trained_the_race_decides_and_what_is_fixed_is_not_searched(tmp_path: Path) -> None:
    known = {**KNOWN, "refiners": ["hyperband"], "budget": {"trials": 12}}
    known["validator"] = {"name": "train", "options": {"epochs": 2, "examples": 300, "learning_rate": 0.003}}
    report = genas.design(GOAL, out=tmp_path, **known)
    events = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert any("hyperband proposes, but" in event.get("text", "") for event in events)
    trained = [t.candidate for t in report.trials if t.value("accuracy") is not None]
    assert {candidate.recipe["learning_rate"] for candidate in trained} == {0.003}
    assert any(candidate.origin == "race" for candidate in trained), "another value was changed"
    assert report.recipe["learning_rate"] == 0.003


def test_other_seeds_are_trained_when_the_answer_is_safe(tmp_path: Path) -> None:
    known = {**KNOWN, "budget": {"trials": 1}}
    known["validator"] = {"name": "train", "options": {"epochs": 2, "examples": 300, "seeds": 3}}
    report = genas.design(GOAL, out=tmp_path, **known)
    assert report.winner is not None
    assert {m.seed for m in report.winner.all("test_accuracy")} == {0, 1, 2}
    assert all(m.examples == 360 for m in report.winner.all("test_accuracy"))


def test_several_objectives_end_with_a_front(tmp_path: Path) -> None:
    known = {**KNOWN, "objectives": [{"metric": "accuracy"}, {"metric": "params", "goal": "min"}]}
    report = genas.design(GOAL, out=tmp_path, **known)
    tested = [t for t in report.trials if t.value("test_accuracy") is not None]
    assert report.winner in tested
    points = [(t.value("accuracy"), t.value("params")) for t in tested if t in report.front]
    assert all(not (a >= b and p <= q and (a, p) != (b, q)) for a, p in points for b, q in points)


def test_ten_epochs_read_sign_language_well(tmp_path: Path) -> None:
    """The bar that holds the whole together: counted in epochs, under a minute of one core."""
    path = assets.data("images/sign_digits.parquet")
    report = genas.design(
        f"A classifier for the images in {path} with at most 100k parameters, from scratch",
        out=tmp_path, budget={"trials": 3}, scorers=["params"], proposers=["uniform"], device="cpu",
        validator={"name": "train", "options": {"epochs": 12}},
    )  # fmt: skip
    assert report.winner is not None
    assert report.winner.value("params") <= 100_000
    assert report.winner.value("test_accuracy") >= 0.93
