"""The NAS-Bench-Graph table behind Task.lookup: every spelling, both sources, the real graphs."""

from __future__ import annotations

import pickle
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from genas.core import registry
from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.records import Architecture
from genas.spaces.nasbench_graph import NasBenchGraph
from genas.tasks import nasbench_graph
from genas.tasks.nasbench_graph import NasBenchGraphTask

SPACE = NasBenchGraph()
OPS = nasbench_graph._OPS


def test_all_spellings_make_the_published_26206_networks(bench_data: Path) -> None:
    links = [tuple(map(int, link)) for link in nasbench_graph._LINKS]
    forms = {nasbench_graph._form(link, ops) for link in links for ops in product(OPS, repeat=4)}
    forms.remove(())  # skips alone
    assert len(forms) == 26_206
    assert forms == set(NasBenchGraphTask(dataset="cora")._rows)


@pytest.mark.parametrize("dataset", ["cora", "arxiv", "proteins"])
def test_lookups_equal_the_rows_of_the_table(bench_data: Path, dataset: str) -> None:
    path = bench_data / "nasbench_graph/nasbench_graph.parquet"
    rows = pq.read_table(path, filters=[("dataset", "==", dataset)]).to_pylist()
    task = NasBenchGraphTask(dataset=dataset)
    for index in np.random.default_rng(5).choice(len(rows), 50, replace=False):
        row = rows[index]
        arch = SPACE.wire([int(c) for c in row["link"]], [OPS[row[f"op_{i}"]] for i in range(1, 5)])
        assert SPACE.problems(arch) == []
        assert task.lookup(arch, "accuracy").value == row["val_perf"]
        assert task.lookup(arch, "test_accuracy").value == row["test_perf"]
        assert task.lookup(arch, "params").value == round(1e6 * row["params_m"])
        assert task.lookup(arch, "latency_ms").value == pytest.approx(1000 * row["latency_s"])
        assert task.lookup(arch, "accuracy").seconds == pytest.approx(350 * 3 * row["latency_s"])


def test_best_test_figure_of_cora_is_the_published_one(bench_data: Path) -> None:
    assert max(r.test_accuracy for r in NasBenchGraphTask(dataset="cora")._rows.values()) == pytest.approx(
        0.8313, abs=1e-4
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gcn(0) gat(1) fc(1) skip(0)", "skip(0) gcn(1) gat(2) fc(2)", True),  # features are never joined
        ("gcn(0) skip(1) gat(2) fc(3)", "skip(0) gcn(1) gat(2) fc(3)", True),  # a skip between two layers
        ("gcn(0) gat(1) fc(2) skip(3)", "skip(0) gcn(1) gat(2) fc(3)", True),  # a skip after the last layer
        ("gcn(0) gat(1) skip(1) fc(2)", "skip(0) gcn(1) gat(2) fc(3)", False),  # this one joins gcn's output as well
        ("gcn(0) gat(0) fc(1) cheb(2)", "gat(0) gcn(0) cheb(1) fc(2)", True),  # the order of branches
        ("gcn(0) gat(0) fc(1) cheb(2)", "gat(0) gcn(0) fc(1) cheb(2)", False),
    ],
)
def test_skips_that_change_nothing_find_the_same_row(one: str, other: str, same: bool) -> None:
    forms = [nasbench_graph._form_of(SPACE.from_text(text)) for text in (one, other)]
    assert (forms[0] == forms[1]) is same


def test_package_and_parquet_agree(bench_data: Path) -> None:
    pytest.importorskip("nas_bench_graph")
    task = NasBenchGraphTask(dataset="proteins")
    ours = {(link, ops): row for link, ops, row in task._from_parquet()}
    theirs = {(link, ops): row for link, ops, row in task._from_package()}
    assert ours.keys() == theirs.keys() and len(ours) == 2021
    assert all(row == pytest.approx(theirs[k], rel=1e-6) for k, row in ours.items())


def test_physics_comes_from_the_package() -> None:
    pytest.importorskip("nas_bench_graph")
    arch = SPACE.wire((0, 1, 2, 2), ("skip", "gcn", "gcn", "gcn"))  # its row 78111
    found = NasBenchGraphTask(dataset="physics").lookup(arch, "accuracy")
    assert found.value == pytest.approx(0.913333, abs=1e-6)
    assert found.seconds == pytest.approx(350 * 3 * 0.052286942)


def test_package_alone_serves_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nas_bench_graph")
    monkeypatch.setenv("GENAS_DATA", "")
    arch = SPACE.from_text("skip(0) skip(1) gcn(2) gcn(3)")
    assert 0.5 < NasBenchGraphTask(dataset="proteins").lookup(arch, "accuracy").value < 1


def test_neither_source_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAS_DATA", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingArtifact, match="pip install nas-bench-graph"):
        NasBenchGraphTask().lookup(SPACE.from_text("skip(0) skip(1) gcn(2) gcn(3)"), "accuracy")


def test_a_table_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.bench"
    path.write_bytes(pickle.dumps(print))
    with pytest.raises(MissingArtifact, match="not plain data"):
        nasbench_graph._read_bench(path)


@pytest.mark.usefixtures("bench_data")
def test_what_is_not_tabulated_fails_with_a_reason() -> None:
    arch = SPACE.from_text("skip(0) gat(1) gcn(2) gcn(3)")
    with pytest.raises(ScoreFailed, match="proteins lacks"):
        NasBenchGraphTask(dataset="proteins").lookup(arch, "accuracy")
    with pytest.raises(ScoreFailed, match="fidelity 1 only"):
        NasBenchGraphTask().lookup(arch, "accuracy", fidelity=0.5)
    with pytest.raises(ScoreFailed, match="latency_ms"):
        NasBenchGraphTask().lookup(arch, "energy")
    with pytest.raises(ScoreFailed, match="lacks"):
        NasBenchGraphTask().lookup(Architecture("conv_net", arch.ops, arch.edges), "accuracy")
    with pytest.raises(ScoreFailed, match="table"):
        NasBenchGraphTask().data("train")


@pytest.mark.usefixtures("bench_data")
def test_cora_is_the_real_graph_and_hides_all_but_training_labels() -> None:
    task = NasBenchGraphTask(dataset="cora")
    graph, labels = task.batch(10_000)
    x, edge_index = graph
    assert x.shape == (2708, 1433) and edge_index.shape == (2, 2 * 5278) and labels.shape == (2708,)
    assert torch.allclose(x.sum(1), torch.ones(2708))
    assert (labels >= 0).sum() == 140 and set(labels.unique().tolist()) == {-100, *range(7)}
    few = task.batch(16, seed=1)[1]
    assert (few >= 0).sum() == 16 and torch.equal(few, task.batch(16, seed=1)[1])
    network = NasBenchGraph(hidden=8).build(SPACE.from_text("skip(0) skip(1) gcn(2) gcn(3)"), task).eval()
    with torch.no_grad():
        assert torch.equal(network(graph.to("cpu")), network(x, edge_index))


@pytest.mark.usefixtures("bench_data")
@pytest.mark.parametrize("proxy", ["naswot", "synflow", "flops"])
def test_proxies_can_look_at_the_real_graph(proxy: str) -> None:
    task, space = NasBenchGraphTask(dataset="cora"), NasBenchGraph()
    scorer = registry.create("scorers", proxy, space=space, task=task, device="cpu", seed=0)
    assert scorer.score(SPACE.from_text("skip(0) gcn(1) gat(2) fc(3)")).value > 0


def test_graphs_that_are_not_here_say_so() -> None:
    with pytest.raises(ScoreFailed, match="cora and citeseer"):
        NasBenchGraphTask(dataset="arxiv").batch(4)


def test_wrong_options_say_what_to_write() -> None:
    with pytest.raises(RequestError, match="citeseer"):
        NasBenchGraphTask(dataset="karate")
    with pytest.raises(RequestError, match="published"):
        NasBenchGraphTask(latency_device="abacus")
