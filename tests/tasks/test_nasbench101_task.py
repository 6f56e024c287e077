"""The NAS-Bench-101 tables behind Task.lookup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.spaces.nasbench101 import NasBench101
from genas.tasks.nasbench101 import NasBench101Task

SPACE = NasBench101()
OPS = ("conv3x3", "conv1x1", "maxpool3x3")
pytestmark = pytest.mark.usefixtures("bench_data")


@pytest.fixture(scope="module")
def rows(bench_data: Path) -> list[tuple[Architecture, dict[str, object]]]:
    """Twenty cells with a validation accuracy and twenty of all, with their rows."""
    table = pq.read_table(bench_data / "nasbench101/nb101.parquet")
    chosen = np.random.default_rng(0).choice(table.num_rows, 20, replace=False)
    found = []
    for row in table.take([*range(20), *chosen]).to_pylist():
        n = row["n_vertices"]
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        edges = tuple(p for p, bit in zip(pairs, row["adj_upper"], strict=True) if bit == "1")
        ops = ("input", *(OPS[int(c)] for c in row["ops"]), "output")
        found.append((Architecture("nasbench101", ops, edges), row))
    return found


@pytest.fixture(scope="module")
def task() -> NasBench101Task:
    return NasBench101Task()


def test_lookups_equal_the_rows(task: NasBench101Task, rows: list[tuple[Architecture, dict[str, object]]]) -> None:
    for arch, row in rows:
        assert task.lookup(arch, "accuracy").value == pytest.approx(float(str(row["test_acc_108"])) / 100, abs=1e-6)
        assert task.lookup(arch, "test_accuracy").seconds == 0
        assert task.lookup(arch, "params").value == row["trainable_params"]


def test_every_drawn_cell_is_found_and_charged(task: NasBench101Task) -> None:
    found = [task.lookup(SPACE.sample(rng(0, "nb101", i)), "accuracy") for i in range(200)]
    assert 0.88 < np.mean([m.value for m in found]) < 0.91  # the mean of the table is 0.897
    assert all(250 < m.seconds < 6000 for m in found)


def test_validated_cells_have_three_shorter_trainings(
    bench_data: Path, rows: list[tuple[Architecture, dict[str, object]]]
) -> None:
    task = NasBench101Task(answers="validated")
    known = pq.read_table(bench_data / "nasbench101/nb101_val_subset.parquet").slice(0, 20).to_pylist()
    for (arch, _), row in zip(rows[:20], known, strict=True):
        full = task.lookup(arch, "accuracy")
        assert full.value == pytest.approx(row["val_acc_108"] / 100, abs=1e-6)
        assert full.seconds == pytest.approx(row["train_seconds_108"])
        short = task.lookup(arch, "accuracy", fidelity=12 / 108)
        assert short.value == pytest.approx(row["val_acc_12"] / 100, abs=1e-6)
        assert short.seconds == pytest.approx(full.seconds / 9)
    with pytest.raises(ScoreFailed, match="20,001"):
        task.lookup(rows[25][0], "accuracy")
    with pytest.raises(ScoreFailed, match=r"0\.111"):
        task.lookup(rows[0][0], "accuracy", fidelity=0.5)


def test_what_is_not_tabulated_fails_with_a_reason(task: NasBench101Task) -> None:
    arch = SPACE.sample(rng(0, "nb101"))
    with pytest.raises(ScoreFailed, match="test_accuracy"):
        task.lookup(arch, "latency_ms")
    with pytest.raises(ScoreFailed, match="validated"):
        task.lookup(arch, "accuracy", fidelity=0.5)
    with pytest.raises(ScoreFailed, match="at most 7"):
        task.lookup(Architecture("nasbench101", ("input", "conv3x3", "output"), ((0, 1), (0, 2))), "accuracy")
    with pytest.raises(RequestError, match="validated"):
        NasBench101Task(answers="some")
    assert "test accuracies" in task.description
