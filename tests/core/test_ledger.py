"""The ledger: append-only, survives a kill in the middle of a line, and measures nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from genas.core.errors import LedgerCorrupt, RequestError, ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.ledger import Ledger
from genas.core.meter import Meter
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


def test_events_survive_reopening(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a" / "ledger.jsonl")
    ledger.append({"kind": "x", "id": "one", "value": "Ü\n"})
    ledger.close()
    assert list(Ledger(tmp_path / "a" / "ledger.jsonl").read()) == [{"kind": "x", "id": "one", "value": "Ü\n"}]


@pytest.mark.parametrize("cut", range(1, 22))
def test_a_half_written_last_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "ledger.jsonl"
    whole = b'{"kind":"x","id":"1"}\n'
    path.write_bytes(whole + whole.replace(b"1", b"2")[:cut])
    ledger = Ledger(path)
    assert [e["id"] for e in ledger.read()] == ["1"]
    ledger.append({"kind": "x", "id": "3"})
    ledger.close()
    assert [e["id"] for e in Ledger(path).read()] == ["1", "3"]


def test_a_broken_line_before_the_last_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"kind":"x"}\n[1]\n{"kind":"x"}\n')
    with pytest.raises(LedgerCorrupt, match="Line 2"):
        Ledger(path)


def test_two_runs_cannot_write_one_ledger(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(RequestError, match="Another run"):
        Ledger(tmp_path / "ledger.jsonl")
    first.close()
    Ledger(tmp_path / "ledger.jsonl").close()


def test_no_infinity_reaches_the_file() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        Ledger().append({"kind": "x", "value": float("inf")})


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
