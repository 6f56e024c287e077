"""A command that is stopped, or whose disk is full, says so in a line and how to go on; no traceback."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_design import REQUEST

DESIGN = [sys.executable, "-m", "genas", "design", "--request", "request.toml", "--json"]


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_the_run_does(tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(REQUEST.replace("epochs = 2}", "epochs = 8}"))  # a final that can be stopped
    with subprocess.Popen(
        DESIGN,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a job in the background ignores the signal, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no threads yet)
    ) as run:
        assert run.stderr is not None
        shown = next(line for line in run.stderr if line.startswith("Run: "))
        folder = tmp_path / shown.removeprefix("Run: ").strip()
        ledger = folder / "ledger.jsonl"
        while not ledger.is_file() or '"scorer":"race"' not in ledger.read_text():
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        told, errors = run.communicate(timeout=60)
    assert run.returncode == 130 and told == ""
    name = str(folder.relative_to(tmp_path))
    assert name.startswith("runs/") and "Traceback" not in errors
    assert errors.splitlines()[-2:] == [f"The same command with --out {name} goes on from here.", "Stopped."]
    before = ledger.read_text()
    again = subprocess.run([*DESIGN, "--out", name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0 and json.loads(again.stdout)["winner"], again.stderr
    assert ledger.read_text().startswith(before)


@pytest.mark.parametrize("most", [8_000, 30_000])  # bytes: too few for the ledger, for the weights
def test_a_full_disk_ends_in_one_line_that_names_the_folder(tmp_path: Path, most: int) -> None:
    """A limit on the size of files stands for the disk: the write fails the same way."""
    (tmp_path / "request.toml").write_text(REQUEST)
    done = subprocess.run(
        [*DESIGN, "--out", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: run can't be written: File too large.")
    assert done.stderr.count("error:") == 1
