"""A regression task is one file and no other edit: from a sentence to a report and a network that predicts numbers."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diabetes_rows import Diabetes
from installed_package import installed_package
from sklearn.datasets import load_diabetes
from typer.testing import CliRunner

import genas
from genas import api
from genas.core import registry
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.records import Constraint, Objective, Report, Use
from genas.faces.cli import app
from genas.reporting.outcome import figure_text, limit_lines
from genas.testing import check_task

GOAL = "Predict how far diabetes goes within a year, at most 20k parameters, RMSE at most 75"
KNOWN = {
    "task": Use("diabetes"),
    "proposers": ["uniform"],
    "scorers": ["params"],
    "refiners": ["local_search"],
    "validator": {"name": "train", "options": {"epochs": 20}},
    "budget": {"trials": 5},
    "device": "cpu",
}


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package of the task, as pip would have installed it."""
    site, entry = tmp_path_factory.mktemp("packages"), "[genas.tasks]\ndiabetes = diabetes_rows:Diabetes\n"
    with installed_package(site, "diabetes", entry):
        yield


@pytest.fixture(scope="module")
def run(installed: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("run")
    return folder, genas.design(GOAL, out=folder, executor="serial:threads=1", **KNOWN)


def test_the_winner_is_the_one_with_the_smallest_error(run: tuple[Path, Report]) -> None:
    _, report = run
    assert report.request.objectives == (Objective("rmse", "min"),)
    assert set(report.request.constraints) == {Constraint("params", at_most=20_000), Constraint("rmse", at_most=75)}
    assert report.winner is not None
    finals = [m.value for t in report.trials for m in t.all("rmse") if m.fidelity == 1]
    assert report.winner.value("rmse") == min(finals) < 75
    assert {m.metric for m in report.winner.measurements} >= {"rmse", "test_rmse", "test_mae"}
    assert limit_lines(report.request, report.winner)[0].startswith("Limits kept: ")


def test_what_is_only_reported_can_be_no_limit(tmp_path: Path) -> None:
    known = {**KNOWN, "constraints": [Constraint("mae", at_most=60)]}
    with pytest.raises(RequestError, match=r"mae is only reported.* Limit or optimise rmse"):
        api.check(GOAL, out=tmp_path / "run", **known)
    assert not (tmp_path / "run").exists()


def test_the_report_says_how_sure_the_error_is_and_that_less_is_better(run: tuple[Path, Report]) -> None:
    folder, report = run
    assert report.winner is not None
    measured = report.winner.all("test_rmse")[0]
    assert measured.std is not None and 1 < measured.std < 10 and measured.examples == 82
    shown = figure_text(report.winner, "test_rmse")
    pattern = r"[\d.]+ \[[\d.]+, [\d.]+\] on 82 examples \(one training, bootstrap\)"
    assert shown is not None and re.fullmatch(pattern, shown)
    assert f"test RMSE {shown}" in report.text
    assert "Objectives  RMSE low" in api.report(folder)
    page = (folder / "report.html").read_text()
    assert "RMSE" in page and "accuracy" not in page.lower()


def test_references_and_models_that_are_no_networks_stand_beside_it(run: tuple[Path, Report]) -> None:
    _, report = run
    assert report.references
    assert [rival.name for rival in report.rivals] == ["ridge regression", "gradient boosting"]
    assert all(45 < rival.test < 70 for rival in report.rivals)
    assert "ridge regression, which is no network" in report.text


def test_what_its_loss_takes_no_account_of_is_not_in_the_recipe(run: tuple[Path, Report]) -> None:
    _, report = run
    assert report.recipe["smoothing"] == report.recipe["mix"] == 0
    assert {t.candidate.recipe["smoothing"] for t in report.trials} == {0.0}


def test_the_exported_network_predicts_numbers_without_genas(run: tuple[Path, Report], tmp_path: Path) -> None:
    folder, report = run
    assert report.winner is not None
    task = Diabetes()
    test = task.data("test")
    table = tmp_path / "new.csv"
    names = load_diabetes().feature_names
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(test.inputs.tolist())
    done = CliRunner().invoke(app, ["predict", str(folder), str(table)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["example", "progression"]
    predicted = torch.tensor([float(row["progression"]) for row in rows])
    rmse = float((predicted - test.labels).square().mean().sqrt())
    assert rmse == pytest.approx(report.winner.value("test_rmse"), rel=1e-3)
    found = json.loads(CliRunner().invoke(app, ["predict", str(folder), str(table), "--json"]).stdout)
    assert found["targets"] == ["progression"] and "classes" not in found
    readme = (folder / "winner" / "README.md").read_text()
    assert "CLASSES" not in readme and "probabilities" not in readme
    (folder / "winner" / "rows.csv").write_text(table.read_text())
    for code in re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL):
        script = "import sys\nsys.modules['genas'] = None\n" + code
        alone = subprocess.run(
            [sys.executable, "-B", "-c", script], cwd=folder / "winner", capture_output=True, text=True, check=True
        )
        answers = torch.tensor([row["progression"] for row in ast.literal_eval(alone.stdout)])
        assert torch.allclose(answers, predicted, rtol=1e-3)


def test_the_run_goes_on_from_its_ledger_to_the_same_end(run: tuple[Path, Report]) -> None:
    folder, report = run
    before = list(Ledger(folder / "ledger.jsonl", follow=True).read())
    again = genas.design(GOAL, out=folder, executor="serial:threads=1", **KNOWN)
    assert again.trials == report.trials
    assert len(list(Ledger(folder / "ledger.jsonl", follow=True).read())) == len(before)


def test_the_task_keeps_the_contract_of_all_tasks() -> None:
    left_out = check_task(registry.create("tasks", Use("diabetes")))
    assert [line for line in left_out if "no table" not in line and "augment" not in line] == [
        "the training split has every class: its labels are numbers, not classes"
    ]


def test_the_task_is_known_by_its_data() -> None:
    task = registry.create("tasks", Use("diabetes"))
    assert task.data_id == "diabetes" and set(task.identity()) >= {"train inputs", "test labels"}


def test_its_networks_are_trained_further(run: tuple[Path, Report], tmp_path: Path) -> None:
    folder, report = run
    assert report.winner is not None
    further = api.train_further(folder, report.winner.candidate.key, "2 seconds", tmp_path / "more")
    assert (further.after.metric, further.test.metric) == ("rmse", "test_rmse")
    assert further.test.std is not None
