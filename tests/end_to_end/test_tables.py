"""A design over a published table: same code, nothing trained, the training time it stands for is charged."""

from __future__ import annotations

from pathlib import Path

import genas
from genas.core import registry
from genas.core.records import Use


def test_a_cell_is_found_in_the_table_and_charged(bench_data: Path, tmp_path: Path) -> None:
    report = genas.design(
        "The best NAS-Bench-201 cell on cifar10",
        out=tmp_path,
        scorers=["params", "table"],
        budget={"trials": 12},
    )
    assert report.winner is not None
    task = registry.create("tasks", Use("nasbench201", {"dataset": "cifar10"}))
    arch = report.winner.candidate.arch
    assert report.winner.value("accuracy") == task.lookup(arch, "accuracy").value
    assert report.winner.value("test_accuracy") == task.lookup(arch, "test_accuracy").value
    assert report.spent.trials == 12
    charged = {t.candidate.arch.key: t for t in (*report.trials, *report.references)}
    expected = sum(task.lookup(t.candidate.arch, "accuracy").seconds for t in charged.values() if t.value("accuracy"))
    tables = [m.seconds for t in charged.values() for m in t.all("accuracy")]
    assert sum(tables) == expected > 12 * 1000  # each cell's 200 epochs take more than 1,000 s
    assert not (tmp_path / "winner").exists()


def test_the_smallest_network_is_near_the_best_accuracy(bench_data: Path, tmp_path: Path) -> None:
    report = genas.design(
        "The smallest NAS-Bench-Graph architecture on cora",
        out=tmp_path,
        proposers=["uniform"],
        refiners=["local_search"],
        scorers=["params", "table"],
        budget={"trials": 30},
    )
    assert report.winner is not None and report.request.objectives[0].metric == "params"
    best = max(t.value("accuracy") or 0.0 for t in report.trials)
    near = [t for t in report.trials if (t.value("accuracy") or 0.0) >= best - 0.02]
    assert report.winner.value("params") == min(t.value("params") for t in near)
    assert len(report.front) >= 1
