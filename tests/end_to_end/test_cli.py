"""The command line: each command once, and every mistake ends in one line and exit code 2, without a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import genas
from tiny_design import REQUEST
from written_ledger import write_ledger

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.count("error:") == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


def test_help_and_import_load_no_torch() -> None:
    code = "import sys, genas.faces.cli, genas.api; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    result = subprocess.run([sys.executable, "-m", "genas", "--help"], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    for command in ("design", "propose", "score", "validate", "report", "batch", "interpret", "list", "explain", "fit"):
        assert command in result.stdout


def test_list_names_every_folder() -> None:
    found = json.loads(genas("list", "--json").stdout)
    assert {"digits", "images", "cifar10", "mnist"} <= set(found["tasks"])
    assert all(line for entries in found.values() for line in entries.values())


def test_explain_shows_options() -> None:
    result = genas("explain", "regularized_evolution")
    assert "Real et al." in result.stdout and "population" in result.stdout


def test_dry_run_shows_the_request_and_stops(tmp_path: Path) -> None:
    result = genas("design", GOAL, "--dry-run", cwd=tmp_path)
    assert result.returncode == 0 and "19,999" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_design_from_a_file_prints_json(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST)
    result = genas("design", "--request", "request.toml", "--out", "run", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["winner"]["candidate"]["arch"]["space"] == "conv_net"
    assert (tmp_path / "run" / "report.html").is_file()
    assert "Run: run" in result.stderr
    assert json.loads(genas("report", "run", "--json", cwd=tmp_path).stdout) == report


def test_propose_prints_json(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST)
    result = genas("propose", "-n", "3", "--request", "request.toml", "--json", cwd=tmp_path)
    assert len(json.loads(result.stdout)) == 3


def test_batch_goes_on_after_a_failed_task(tmp_path: Path) -> None:
    bad = '[[tasks]]\ngoal = "A classifier for digits under 10 parameters"\nproposers = ["uniform"]\n'
    body = REQUEST.replace("\nproposers", "\nproposers", 1)
    (tmp_path / "tasks.toml").write_text(bad + "[[tasks]]\n" + body)
    result = genas("batch", "tasks.toml", "--out", "runs", "--json", cwd=tmp_path)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    first, second = json.loads(result.stdout)
    assert first["report"] is None and "limits" in first["error"]
    assert second["error"] is None and second["report"]["winner"] is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("design", "asdf"), ()),
        (("design", ""), ()),
        (("design", GOAL, "--budget", "a while"), ("20 minutes",)),
        (("design", GOAL, "--budget", "-3 s"), ("more than nothing",)),
        (("design", GOAL, "--device", "tpu9"), ("tpu9",)),
        (("design", "A classifier for digits, 0 classes"), ()),
        (("design", "--request", "absent.toml"), ("absent.toml",)),
        (("list", "scorer"), ("scorers",)),
        (("explain", "regularised_evolution"), ("regularized_evolution",)),
        (("batch", "absent.toml"), ("absent.toml",)),
        (("fit", "gnn", "conv_net", "absent.jsonl"), ("absent.jsonl", "does not exist")),
        (("design", "the rows of absent.csv, label y", "--dry-run"), ("no file or folder absent.csv",)),
        (("propose", "the images in ./absent under 20k parameters"), ("no file or folder ./absent",)),
        (("design", GOAL, "--out", "afile/x"), ("No run can be written in 'afile/x'",)),
        (("propose", GOAL, "--out", "afile"), ("No run can be written in 'afile'",)),
        (("mcp", "--root", "afile"), ("No run can be written in", "afile")),
        (("design", GOAL, "--llm", "nobody:nothing", "--budget", "2 trials"), ("nobody",)),
    ],
)
def test_mistakes_end_in_one_line(arguments: tuple[str, ...], words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "afile").touch()
    refused(genas(*arguments, cwd=tmp_path), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task = 'digit'", ("digits",)),
        ("tasks = 'digits'", ("'task'",)),
        ("task = {name = 'digits', options = {size = 8}}", ("size",)),
        ("seed = 'one'", ("seed",)),
        ("seed = ", ("toml",)),
        ("task = 'digits'\nproposers = ['unifrm']", ("uniform",)),
        (
            "task = 'digits'\nscorers = ['params']\nobjectives = [{metric = 'latency_ms'}]",
            ("No scorer measures latency_ms",),
        ),
        ("task = 'digits'\nbudget = {seconds = 2}", ("Write a budget of at least", "seconds")),
        ("task = 'digits'\nspace = 'nasbench_graph'", ("space",)),
        ("task = 'digits'\nrefiners = [{name = 'regularized_evolution', options = {population = 'many'}}]", ("many",)),
    ],
)
def test_wrong_request_files_are_explained(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(text)
    refused(genas("design", GOAL, "--request", "request.toml", "--out", "run", cwd=tmp_path), *words)


def test_images_that_cannot_be_used_are_explained(tmp_path: Path) -> None:
    refused(genas("design", "A classifier for the images in ./absent under 20k parameters", cwd=tmp_path), "absent")
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "pets" / label / f"broken{number}.png").write_bytes(b"this is no picture")
    refused(genas("design", "A classifier for the images in ./pets under 20k parameters", cwd=tmp_path), "broken0.png")


def test_a_corrupt_ledger_line_is_named(tmp_path: Path) -> None:
    path = write_ledger(tmp_path / "run" / "ledger.jsonl", [{"kind": "warning", "id": n, "text": n} for n in "abc"])
    path.write_text(path.read_text().replace('"text":"b"', '"text":"c"'))
    refused(genas("design", GOAL, "--out", "run", cwd=tmp_path), "Line 2")


def test_images_of_the_user_become_a_network(tmp_path: Path) -> None:
    """Two classes that a glance tells apart: bright and dark squares in an .npz."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 800)
    images = (generator.integers(0, 90, (800, 12, 12)) + labels[:, None, None] * 120).astype(np.uint8)
    np.savez(tmp_path / "squares.npz", x=images, y=labels)
    (tmp_path / "request.toml").write_text(REQUEST.split("\n", 2)[2].replace("epochs = 2}", "epochs = 6, seeds = 3}"))
    goal = "A classifier for the images in squares.npz under 20k parameters"
    result = genas("design", goal, "--request", "request.toml", "--out", "run", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    tests = [m["value"] for m in json.loads(result.stdout)["winner"]["measurements"] if m["metric"] == "test_accuracy"]
    assert len(tests) == 3 and min(tests) > 0.8


def test_propose_shows_each_architecture_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST)
    lines = genas("propose", "-n", "2", "--request", "request.toml", cwd=tmp_path).stdout.splitlines()
    shown = [line for line in lines if "stem" in line]
    assert len(shown) == 2 and all(line.count("|") >= 2 for line in shown)
    assert sum("from uniform: params" in line for line in lines) == 2


def test_architectures_of_ones_own_are_scored_trained_and_tested(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST)
    text = "full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16"
    scored = genas("score", text, "--request", "request.toml", "--json", cwd=tmp_path)
    (trial,) = json.loads(scored.stdout)
    assert [m["metric"] for m in trial["measurements"]] == ["params"]
    command = ["validate", text, "--request", "request.toml", "--out", "own", "--json"]
    (trial,) = json.loads(genas(*command, cwd=tmp_path).stdout)
    metrics = [m["metric"] for m in trial["measurements"]]
    assert metrics.count("accuracy") == metrics.count("test_accuracy") == 3  # as many seeds as a design's winner has
    assert json.loads(genas(*command, cwd=tmp_path).stdout) == [trial]  # from the ledger, nothing is trained again


def test_interpret_warns_of_a_path_that_is_not_there(tmp_path: Path) -> None:
    sentence = "the rows of t.csv, label y"
    absent = genas("interpret", sentence, "--json", cwd=tmp_path)
    assert json.loads(absent.stdout)["task"]["name"] == "tabular"
    assert (
        absent.returncode == 0 and absent.stderr == "warning: There is no file or folder t.csv; name one that exists.\n"
    )
    (tmp_path / "t.csv").touch()
    assert genas("interpret", sentence, cwd=tmp_path).stderr == ""


def test_explain_prints_json() -> None:
    (entry,) = json.loads(genas("explain", "regularized_evolution", "--json").stdout)
    assert entry["kind"] == "refiners" and "Real et al." in entry["documentation"]
    bounds = "at least 1, at most 100,000"
    assert entry["options"]["population"] == {"type": "int", "required": False, "default": 50, "range": bounds}


def test_an_architecture_of_another_space_is_refused(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST)
    result = genas("score", "stem8 | nonsense", "--request", "request.toml", cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith("error: ")


def test_report_tells_of_runs_only(tmp_path: Path) -> None:
    result = genas("report", "nowhere", cwd=tmp_path)
    assert result.returncode == 2 and "no run" in result.stderr
