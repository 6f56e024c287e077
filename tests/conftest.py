"""Every test runs offline, on one thread per worker, with the benchmark data that GENAS_DATA names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("LANGSMITH_TRACING", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
if "GENAS_DATA" not in os.environ and _SHARED.is_dir():
    os.environ["GENAS_DATA"] = str(_SHARED)


@pytest.fixture(scope="session")
def bench_data() -> Path:
    """The folder of benchmark tables; its absence fails in CI and skips elsewhere."""
    path = Path(os.environ.get("GENAS_DATA", "/nonexistent"))
    if not path.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("CI must set GENAS_DATA")
        # README's `make test` passes on a fresh machine, which can't have the tables: their licences forbid that genas
        # ships them, and it downloads nothing. Whoever sets CI=true, as .ci/run does, gets a failure instead.
        pytest.skip("the benchmark tables are not ours to ship: set GENAS_DATA (docs/data.md); CI fails instead")
    return path


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The hand of a clock that moves 40 ms whenever it is read: a race in seconds, however busy the machine is."""
    hand = [0.0]

    def now() -> float:
        hand[0] += 0.04
        return hand[0]

    monkeypatch.setattr("genas.core.clock.now", now)
    return hand
