"""The tables of DARTS cells behind Task.lookup."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.spaces._darts_cells import OPS
from genas.spaces.darts import Darts
from genas.tasks.darts import DartsTask

pytestmark = pytest.mark.usefixtures("bench_data")
NETWORKS = {"nb301": 725, "oncenas": 526, "swap": 1000, "ninapro": 199, "scifar100": 199, "svhn": 199}


def _rows(bench_data: Path, file: str) -> list[tuple[Architecture, dict[str, float]]]:
    space, names = Darts(wide=True), tuple(OPS.values())
    found = []
    for row in pq.read_table(bench_data / f"darts/{file}.parquet").to_pylist():
        normal, reduction = ([(source, names[op]) for source, op in cell] for cell in json.loads(row["cells"]))
        found.append((space.cell(normal, reduction), row))
    return found


@pytest.mark.parametrize("table", NETWORKS)
def test_every_network_of_a_table_is_found_and_legal(table: str) -> None:
    task = DartsTask(table=table)
    space = Darts(wide=table in ("oncenas", "swap"))
    assert len({arch.ops for arch in task.measured}) == NETWORKS[table]
    assert not any(space.problems(arch) for arch in task.measured)
    assert all(0 < task.lookup(arch, "accuracy").value < 1 for arch in task.measured[::9])
    assert f"darts:table={table}" in task.caution


def test_predictions_and_proxies_equal_the_rows(bench_data: Path) -> None:
    task = DartsTask()
    assert "PREDICTIONS" in task.caution
    for arch, row in _rows(bench_data, "nb301_suite_zero_subset")[::50]:
        assert task.lookup(arch, "accuracy").value == pytest.approx(row["val_acc_surrogate"] / 100)
        assert task.lookup(arch, "nwot").value == task.lookup(arch, "naswot").value == row["nwot"]
        assert task.lookup(arch, "params").value == pytest.approx(row["params"] * 1e6)
        assert task.lookup(arch, "flops").value == pytest.approx(row["flops"] * 1e6)


def test_trainings_charge_their_seconds(bench_data: Path) -> None:
    task = DartsTask(table="oncenas", latency_device="mcu")
    arch, row = _rows(bench_data, "darts_oncenas_545")[0]
    full, short = task.lookup(arch, "accuracy"), task.lookup(arch, "accuracy", fidelity=0.2)
    assert (full.value, full.seconds) == (pytest.approx(row["val_acc_50"] / 100), row["train_seconds_50"])
    assert (short.value, short.seconds) == (pytest.approx(row["val_acc_10"] / 100), row["train_seconds_10"])
    assert task.lookup(arch, "test_accuracy").value == pytest.approx(row["test_acc_50"] / 100)
    assert task.lookup(arch, "latency_ms").value == row["mcu_latency_ms"]
    assert "same evaluation set" in task.caution
    with pytest.raises(ScoreFailed, match=r"0\.2"):
        task.lookup(arch, "accuracy", fidelity=0.5)


def test_a_network_is_found_under_other_node_numbers() -> None:
    """Nodes 2 and 3 change places where 3 does not read 2."""
    space, found = Darts(), 0
    task = DartsTask()
    exchanged = str.maketrans("23", "32")
    for arch in task.measured[::4]:
        normal, reduction = space.slots(arch)
        if any(source == 2 for source, _ in normal[2:4]):
            continue
        moved = [*normal[2:4], *normal[:2], *((int(str(s).translate(exchanged)), op) for s, op in normal[4:])]
        other = space.cell(moved, reduction)
        found += other.key != arch.key
        assert task.lookup(other, "accuracy") == task.lookup(arch, "accuracy")
    assert found > 10


def test_what_is_not_tabulated_fails_with_a_reason() -> None:
    task = DartsTask()
    arch = task.measured[0]
    with pytest.raises(ScoreFailed, match="lacks these cells"):
        task.lookup(Darts().sample(rng(0, "not measured")), "accuracy")
    with pytest.raises(ScoreFailed, match="no test_accuracy"):
        task.lookup(arch, "test_accuracy")
    with pytest.raises(ScoreFailed, match=r"not at 0\.5"):
        task.lookup(arch, "accuracy", fidelity=0.5)
    with pytest.raises(ScoreFailed, match="no latency_ms"):
        task.lookup(arch, "latency_ms")
    with pytest.raises(ScoreFailed, match="legal"):
        task.lookup(Architecture("darts", arch.ops[:5], ()), "accuracy")


def test_wrong_options_say_what_to_write() -> None:
    with pytest.raises(RequestError, match="oncenas"):
        DartsTask(table="nb201")
    with pytest.raises(RequestError, match="table=oncenas"):
        DartsTask(latency_device="gpu")


def test_inputs_are_those_of_the_data_set_or_none() -> None:
    images, labels = DartsTask().batch(4)
    assert images.shape == (4, 3, 32, 32) and labels.shape == (4,)
    with pytest.raises(ScoreFailed, match="NinaPro"):
        DartsTask(table="ninapro").batch(4)
    with pytest.raises(ScoreFailed, match="validator table"):
        DartsTask().data("train")


def test_missing_tables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    arch = DartsTask().measured[0]
    monkeypatch.setenv("GENAS_DATA", "")
    with pytest.raises(MissingArtifact, match="nb301_suite_zero"):
        DartsTask().lookup(arch, "accuracy")
