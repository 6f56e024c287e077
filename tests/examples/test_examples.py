"""The examples run as they are, on small budgets."""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genas.core import registry
from genas.core.records import Use

SMALL: dict[str, Any] = {
    "budget": "2 trials", "proposers": ["uniform"], "validator": Use("train", {"epochs": 2}), "device": "cpu",
}  # fmt: skip
_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name: str) -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", _EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What an example writes lies in the test's folder, and what it registers is forgotten after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(_EXAMPLES)
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    yield
    assert {path.name for path in tmp_path.iterdir()} <= {"runs"}


def test_a_sentence_is_designed_for() -> None:
    report = example("quickstart").main("runs/first", scorers=["params"], **SMALL)
    assert report.winner is not None and report.winner.value("params") < 20_000
    assert Path("runs/first/winner/model.py").is_file()


def test_own_rows_are_learned_and_told() -> None:
    table = example("own_data").main(Path("runs/flowers"), scorers=["params"], **SMALL)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 20 and {row["class"] for row in rows} <= {"setosa", "versicolor", "virginica"}
    assert all(float(row["probability"]) == float(row[f"p({row['class']})"]) for row in rows)


def test_an_own_objective_is_limited_optimised_and_shown() -> None:
    report = example("own_objective").main("runs/chip", **SMALL)
    assert report.winner is not None and report.winner.value("largest_layer") <= 2000
    assert "largest layer" in report.text and "largest layer" in Path("runs/chip/report.html").read_text()


def test_an_own_refiner_climbs_to_the_best_of_its_table() -> None:
    report = example("own_refiner").main("runs/climb")
    children = [trial for trial in report.trials if trial.candidate.parents]
    assert {trial.candidate.origin for trial in children} == {"climber"} and report.spent.trials == 60
    assert report.winner is not None and report.winner.candidate.origin == "climber"


def test_an_own_study_finds_networks_by_what_a_function_measures_and_goes_on() -> None:
    own = example("own_study")
    own.main("runs/own_study", trials=2)
    study = own.main("runs/own_study", trials=4)
    within = [trial for trial in study.trials if trial.failure is None]
    assert study.measured == 4 == len(within) and study.best in within
    assert all(20_000 <= trial.value("params") <= 100_000 and trial.value("objective") > 0 for trial in within)
