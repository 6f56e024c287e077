"""A design over a published table: same code, nothing trained, the training time it stands for is charged."""

from __future__ import annotations

from pathlib import Path

import genas
import genas.api
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


def test_what_is_good_when_small_is_searched_within_a_partial_table(bench_data: Path, tmp_path: Path) -> None:
    goal = "the hwgpt benchmark, perplexity first, then latency on the a100"
    report = genas.design(goal, out=tmp_path, scorers=["latency_ms", "params", "table"], budget={"trials": 12})
    task = registry.create("tasks", report.request.task)
    assert {t.candidate.arch for t in report.trials} <= set(task.measured)
    found = [t.value("perplexity") for t in report.trials if t.value("perplexity") is not None]
    assert report.winner is not None and report.winner.value("perplexity") == min(found)
    assert report.winner.failure is None and not report.winner.all("test_perplexity")
    assert "test split could not be read" in genas.api.report(tmp_path)
