"""The ledger: append-only, survives a kill in the middle of a line, and measures nothing twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from written_ledger import write_ledger

from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.ledger import Event, Ledger
from genas.core.meter import Job, Meter
from genas.core.records import Architecture, Measurement, Use

GOOD = Architecture("s", ("a",), ())
BAD = Architecture("s", ("b",), ())


class Counting(Scorer):
    """Counts how often it is asked; fails for BAD."""

    name, metric, fits = "counting", "length", True
    calls = 0

    def score(self, arch: Architecture, *, fidelity: float = 1.0, seed: int = 0) -> Measurement:
        self.calls += 1
        if arch == BAD:
            raise ScoreFailed("b is bad")
        return Measurement("length", float(seed), 2.0, fidelity, seed)


def said(identity: str, text: str = "") -> Event:
    return {"kind": "warning", "id": identity, "text": text}


def test_events_survive_reopening(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a" / "ledger.jsonl")
    ledger.append(said("one", "Ü\n\ud800"))
    ledger.close()
    assert list(Ledger(tmp_path / "a" / "ledger.jsonl").read()) == [said("one", "Ü\n\ud800")]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 1.0])
def test_a_half_written_last_line_is_cut_off(tmp_path: Path, share: float) -> None:
    path = write_ledger(tmp_path / "ledger.jsonl", [said("1"), said("2")])
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n" + second[: int(share * len(second))])
    ledger = Ledger(path)
    assert [e["id"] for e in ledger.read()] == ["1"]
    ledger.append(said("3"))
    ledger.close()
    assert [e["id"] for e in Ledger(path).read()] == ["1", "3"]


def test_two_runs_cannot_write_one_ledger(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(RequestError, match="Another run"):
        Ledger(tmp_path / "ledger.jsonl")
    first.close()
    Ledger(tmp_path / "ledger.jsonl").close()


@pytest.mark.parametrize("folder", ["afile", "afile/x", "/proc/x"])
def test_where_no_run_can_be_written_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "afile").touch()
    with pytest.raises(RequestError, match="No run can be written in"):
        Ledger(tmp_path / folder / "ledger.jsonl")


def test_a_disk_that_takes_no_more_is_said_once_and_what_was_written_stays(tmp_path: Path) -> None:
    """The limit on the size of a file stands for the full disk: both are errors of the write."""
    code = """
import resource, sys
from pathlib import Path
from genas.core.errors import NotWritten
from genas.core.ledger import Ledger
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
ledger = Ledger(Path(sys.argv[1]))
for number in range(100):
    try:
        ledger.append({"kind": "warning", "id": str(number), "text": "x" * 80})
    except NotWritten as error:
        print(number, error)
        break
assert ledger.find(str(number)) is None
ledger.close()
"""
    path = tmp_path / "run" / "ledger.jsonl"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    number, _, text = done.stdout.partition(" ")
    assert str(path.parent) in text and "File too large" in text
    assert path.read_bytes().endswith(b"\n")
    assert [e["id"] for e in Ledger(path).read()] == [str(n) for n in range(int(number))]


def test_no_infinity_reaches_the_file() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        Ledger().append({"kind": "schedule", "id": "schedule", "schedule": {}, "clock": float("inf")})


def test_a_measurement_is_made_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    scorer = Counting()
    meter = Meter(scorer, Use("counting"), ledger)
    first = meter.measure([GOOD, BAD, GOOD], seed=3)
    assert scorer.calls == 2
    ledger.close()
    fresh = Counting()
    again = Meter(fresh, Use("counting"), Ledger(tmp_path / "ledger.jsonl")).measure([GOOD, BAD, GOOD], seed=3)
    assert fresh.calls == 0
    assert [str(a) for a in again] == [str(f) for f in first]
    assert isinstance(again[1], ScoreFailed) and again[0] == Measurement("length", 3.0, 2.0, 1.0, 3)


@pytest.mark.parametrize("change", [{"seed": 1}, {"fidelity": 0.5}])
def test_another_seed_or_fidelity_is_another_measurement(change: dict[str, float]) -> None:
    scorer = Counting()
    meter = Meter(scorer, Use("counting"), Ledger())
    meter.measure([GOOD])
    meter.measure([GOOD], **change)  # type: ignore[arg-type]
    assert scorer.calls == 2


def test_options_and_fits_tell_measurements_apart() -> None:
    ledger, scorer = Ledger(), Counting()
    Meter(scorer, Use("counting", {"a": 1}), ledger).measure([GOOD])
    meter = Meter(scorer, Use("counting", {"a": 2}), ledger)
    meter.measure([GOOD])
    meter.fit([1, 2, 3])
    meter.measure([GOOD])
    assert scorer.calls == 3


def test_a_ledger_is_followed_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with pytest.raises(RequestError, match="no run"):
        Ledger(path, follow=True)
    ledger = Ledger(path)
    ledger.append(said("1"))
    follower = Ledger(path, follow=True)
    assert follower.find("1") is not None and follower.find("2") is None
    ledger.append(said("2"))
    assert follower.find("2") is not None
    assert [e["id"] for e in follower.read()] == ["1", "2"]
    with pytest.raises(TypeError, match="never written"):
        follower.append(said("3"))


def test_streamed_results_come_in_order_and_are_measured_once() -> None:
    scorer, ledger = Counting(), Ledger()
    meter = Meter(scorer, Use("counting"), ledger)

    def results(count: int) -> list[Measurement | ScoreFailed]:
        with ThreadPoolExecutor(2) as pool:

            def submit(job: Job) -> Future[Measurement | ScoreFailed]:
                return pool.submit(scorer.score, job.arch, fidelity=job.fidelity, seed=job.seed)

            jobs = [Job(BAD if seed == 2 else GOOD, 0.5, seed % 4) for seed in range(count)]
            return list(meter.stream(iter(jobs), submit, 2))

    first = results(8)
    assert [r.seed if isinstance(r, Measurement) else str(r) for r in first] == [0, 1, "b is bad", 3, 0, 1, 2, 3]
    calls = scorer.calls
    assert [str(r) for r in results(8)] == [str(r) for r in first] and scorer.calls == calls


def test_the_next_job_is_taken_when_a_worker_is_free() -> None:
    meter, taken = Meter(Counting(), Use("counting"), Ledger()), []

    def jobs() -> Iterator[Job]:
        for seed in range(5):
            taken.append(seed)
            yield Job(GOOD, seed=seed)

    def submit(job: Job) -> Future[Measurement | ScoreFailed]:
        future: Future[Measurement | ScoreFailed] = Future()
        future.set_result(Measurement("length", 1.0, seed=job.seed))
        return future

    for number, result in enumerate(meter.stream(jobs(), submit, 1)):
        assert isinstance(result, Measurement) and result.seed == number
        assert taken == list(range(number + 1))  # what a budget may still stop has not begun
