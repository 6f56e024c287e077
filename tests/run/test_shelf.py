"""The runs below a folder: how far each is, what it found, and what can't be read."""

import json
import os

import command_line
import pytest
from tiny_table import TinySpace, TinyTable

import genas
from genas.core import registry
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.run.shelf import runs

TABLE = {"proposers": ["uniform"], "scorers": ["table"], "validator": "table", "refiners": [], "budget": "3 trials"}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder with a run of each state, and the one that is being written."""
    monkeypatch.setattr(registry, "_REGISTERED", {})
    monkeypatch.setattr(registry, "_MADE", {})
    genas.design("the best of a table", out=tmp_path / "done", space=TinySpace, task=TinyTable, **TABLE)
    with genas.Study(TinySpace, lambda _: 1.0, refiner="uniform", trials=2, out=tmp_path / "own" / "study") as study:
        study.run()
    for name in ("half", "broken", "now"):
        ledger = Ledger(tmp_path / name / "ledger.jsonl")
        ledger.append({"kind": "request", "id": "request", "request": {"goal": f"goal of {name}", "task": "digits"}})
        if name != "now":
            ledger.close()
    text = (tmp_path / "broken" / "ledger.jsonl").read_text()
    (tmp_path / "broken" / "ledger.jsonl").write_text(text.replace("goal of", "goat of"))
    for age, name in enumerate(("now", "half", "broken", "own/study", "done")):
        os.utime(tmp_path / name / "ledger.jsonl", (1e9 - age, 1e9 - age))
    yield tmp_path
    ledger.close()


def test_each_run_says_how_far_it_is_and_what_it_found(shelf):
    now, half, broken, study, done = runs(shelf)
    assert [(run.folder.name, run.state) for run in (now, half, study)] == [
        ("now", "running"), ("half", "stopped"), ("study", "study"),
    ]  # fmt: skip
    assert (half.goal, half.figure) == ("goal of half", None)
    assert broken.state == "unreadable" and "checksum" in broken.problem
    assert (done.state, done.goal, done.metric) == ("finished", "the best of a table", "test_accuracy")
    report = json.loads((shelf / "done" / "report.json").read_text())
    (tested,) = [m["value"] for m in report["winner"]["measurements"] if m["metric"] == "test_accuracy"]
    assert done.figure == tested


def test_the_command_shows_them_to_people_and_as_json(shelf):
    shown = command_line.genas("runs", shelf)
    assert shown.returncode == 0 and "the best of a table" in shown.stdout and "unreadable" in shown.stdout
    listed = json.loads(command_line.genas("runs", shelf, "--json").stdout)
    assert [run["state"] for run in listed] == ["running", "stopped", "unreadable", "study", "finished"]


def test_a_folder_without_runs_and_one_that_is_not_there_are_said(tmp_path):
    assert command_line.genas("runs", tmp_path).stdout == f"There are no runs below {tmp_path}.\n"
    with pytest.raises(RequestError, match="There is no folder"):
        runs(tmp_path / "absent")
    refused = command_line.genas("runs", tmp_path / "absent")
    assert refused.returncode == 2 and "genas runs FOLDER" in refused.stderr
