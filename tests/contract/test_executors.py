"""Wherever work runs: results and errors come back, a lost worker costs one more try, and the answer is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jobs
import pytest
from tiny_design import GOAL, TINY

import genas
from genas import api
from genas.core import registry
from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.interfaces import Executor
from genas.core.phrases import parse_executor
from genas.core.records import Use

SMALL = {
    "ray": {"workers": 2, "threads": 1},
    "processes": {"workers": 2, "threads": 1},
    "threads": {"workers": 2, "threads": 1},
    "serial": {"threads": 1},
}
APART = [name for name in registry.names("executors") if registry.load("executors", name).apart]


@pytest.fixture(scope="module", params=registry.names("executors"))
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with registry.create("executors", Use(request.param, SMALL[request.param])) as made:
        yield made


def outcome(executor: Executor, *work: object) -> object:
    return executor.submit(*work).result()


def test_results_come_back(executor: Executor) -> None:
    assert [f.result() for f in [executor.submit(jobs.double, x) for x in range(5)]] == [0, 2, 4, 6, 8]
    assert (outcome(executor, jobs.where) == os.getpid()) is not executor.apart


@pytest.mark.parametrize(("work", "error"), [(jobs.fail, ScoreFailed), (jobs.lack, MissingArtifact)])
def test_errors_come_back_as_they_are(executor: Executor, work: object, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        outcome(executor, work)
    assert getattr(caught.value, "hint", "Get it.") == "Get it."


@pytest.mark.parametrize("executor", APART, indirect=True)
def test_a_lost_worker_costs_one_more_try(executor: Executor, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    lives.write_text("1")
    assert outcome(executor, jobs.die, lives) == "survived"
    lives.write_text("2")
    with pytest.raises(ScoreFailed, match="died twice"):
        outcome(executor, jobs.die, lives)
    assert lives.read_text() == "0"
    assert outcome(executor, jobs.double, 21) == 42  # the next job has a worker again


@pytest.mark.slow
def test_a_design_is_the_same_everywhere(executor: Executor, plain: list[object], tmp_path: Path) -> None:
    use = Use(executor.name, SMALL[executor.name])
    if executor.name == "ray":
        executor.shutdown()  # one process is in one cluster at a time; `api.design` starts its own
    assert found(genas.design(GOAL, out=tmp_path, executor=use, **TINY)) == plain


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    return found(genas.design(GOAL, out=tmp_path_factory.mktemp("plain"), executor="serial:threads=1", **TINY))


def found(report: genas.Report) -> list[object]:
    """All figures in the order they were measured, without seconds, which no two runs share."""
    trials = (*report.trials, *report.references)
    return [
        (t.candidate.arch.key, t.failure, [(m.metric, m.value, m.fidelity, m.seed) for m in t.measurements])
        for t in trials
    ]


def test_gpus_are_shared_out_among_workers() -> None:
    with registry.create("executors", Use("processes", {"workers": 2, "threads": 1, "gpus": [0, 2, 5]})) as made:
        seen = {f.result() for f in [made.submit(jobs.gpus) for _ in range(8)]}
    assert seen <= {"0,5", "2"} and seen


def test_workers_end_with_a_killed_run(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]); import jobs\n"
        "from genas.core import registry; from genas.core.records import Use\n"
        "if __name__ == '__main__':\n"
        "    made = registry.create('executors', Use('processes', {'workers': 1, 'threads': 1}))\n"
        "    print(made.submit(jobs.where).result(), flush=True); made.submit(time.sleep, 600); time.sleep(600)\n"
    )
    script = tmp_path / "run_with_a_worker.py"
    script.write_text(code)
    run = subprocess.Popen([sys.executable, script, Path(jobs.__file__).parent], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    worker = int(run.stdout.readline())
    assert alive(worker)
    run.send_signal(signal.SIGKILL)
    run.wait()
    deadline = time.monotonic() + 60
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(worker)


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_executors_are_named_in_short() -> None:
    assert parse_executor("processes:4") == Use("processes", {"workers": "4"})
    assert parse_executor("ray:10.0.0.5:6379") == Use("ray", {"address": "10.0.0.5:6379"})
    assert parse_executor("processes:workers=4,threads=2") == Use("processes", {"workers": "4", "threads": "2"})
    with pytest.raises(RequestError, match="Did you mean processes"):
        parse_executor("proceses:2")
    with pytest.raises(RequestError, match="by name only"):
        parse_executor("serial:2")


def test_workers_need_a_folder_to_meet_in() -> None:
    from genas.core.ledger import Ledger
    from genas.run.designer import Designer

    with (
        registry.create("executors", Use("processes", SMALL["processes"])) as made,
        pytest.raises(RequestError, match="--out"),
    ):
        Designer(api.interpret(GOAL, **TINY), Ledger(), executor=made)


def test_command_line_takes_an_executor(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "genas", "design", GOAL, "--out", str(tmp_path), "--executor", "fibres:2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "executors" in done.stderr and done.stderr.count("error:") == 1
