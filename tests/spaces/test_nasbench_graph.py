"""The NAS-Bench-Graph space: its trees, its spellings and the parameter counts of the published table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes_only import ShapesOnly

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.records import Architecture, Constraint
from genas.spaces import nasbench_graph
from genas.spaces.nasbench_graph import NasBenchGraph
from genas.tasks.nasbench_graph import NasBenchGraphTask

SPACE = NasBenchGraph()
NODES = ShapesOnly(3, (5,), modality="graph")
PATH = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])  # four nodes in a row


@pytest.mark.parametrize("dataset", ["cora", "citeseer", "pubmed", "cs", "photo", "computers", "arxiv", "proteins"])
def test_parameter_counts_equal_the_table(bench_data: Path, dataset: str) -> None:
    task = NasBenchGraphTask(dataset=dataset)
    path = bench_data / "nasbench_graph/nasbench_graph.parquet"
    rows = pq.read_table(path, filters=[("dataset", "==", dataset)]).to_pylist()
    for index in np.random.default_rng(3).choice(len(rows), 40, replace=False):
        row = rows[index]
        ops = [nasbench_graph._OPS[row[f"op_{i}"]] for i in range(1, 5)]
        with torch.device("meta"):
            network = SPACE.build(SPACE.wire([int(c) for c in row["link"]], ops), task)
        count = sum(p.numel() for p in network.parameters())
        idle_norms = 2 * task.macro["hidden"] * ops.count("skip")  # the table counts a norm for each skip
        assert count + idle_norms == round(1e6 * row["params_m"]), (row["link"], ops)


def test_frame_holds_all_nine_trees_and_no_idle_edge() -> None:
    frame = SPACE.frame(6)
    legal = [SPACE.wire(link, ("gcn", "gat", "fc", "skip")) for link in nasbench_graph._LINKS]
    assert len({arch.key for arch in legal}) == 9
    assert not any(SPACE.problems(arch) for arch in legal)
    assert set.union(*(set(a.edges) for a in legal)) == set(frame.edges) | set(frame.open_edges)
    assert all(set(frame.edges) <= set(a.edges) for a in legal)


def test_samples_cover_all_trees_and_are_legal() -> None:
    rng = np.random.default_rng(0)
    archs = [SPACE.sample(rng) for _ in range(300)]
    assert not any(SPACE.problems(arch) for arch in archs)
    assert {arch.edges for arch in archs} == {SPACE.wire(link, ("gcn",) * 4).edges for link in nasbench_graph._LINKS}


def test_neighbours_relabel_or_relink() -> None:
    arch = SPACE.from_text("gcn(0) gat(1) fc(2) sage(3)")
    near = list(SPACE.neighbors(arch))
    assert len(near) == 4 * 8 + 8
    assert not any(SPACE.problems(a) for a in near) and arch.key not in {a.key for a in near}
    twins = list(SPACE.neighbors(SPACE.from_text("gcn(0) gcn(0) gcn(0) gcn(0)")))
    assert len({a.key for a in twins}) == len(twins) == 8 + 8  # the four layers are alike


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_text_of_any_order_finds_the_same_network(data: st.DataObject) -> None:
    link = [data.draw(st.integers(0, i)) for i in range(4)]
    ops = [data.draw(st.sampled_from(nasbench_graph._OPS)) for _ in range(4)]
    if set(ops) == {"skip"}:
        ops[0] = "gcn"
    arch = SPACE.from_text(" ".join(f"{op}({source})" for op, source in zip(ops, link, strict=True)))
    assert SPACE.problems(arch) == []
    assert SPACE.from_text(SPACE.to_text(arch)) == arch
    assert arch.key == SPACE.wire(link, ops).key  # respelling keeps the graph


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "written like"),
        ("gcn(0) gcn(1)", "written like"),
        ("gcn(0) gcn(1) gcn(2) gcn(9)", "written like"),
        ("gcn(1) gcn(1) gcn(2) gcn(3)", "layer 1 takes layer 1"),
        ("gcn(0) lstm(1) gcn(2) gcn(3)", "'lstm'"),
        ("skip(0) skip(1) skip(2) skip(3)", "must not be skip"),
    ],
)
def test_wrong_text_is_refused_with_a_repairable_sentence(text: str, says: str) -> None:
    with pytest.raises(InvalidArchitecture) as caught:
        SPACE.from_text(text)
    assert says in str(caught.value)


def test_wrong_graphs_are_named() -> None:
    good = SPACE.from_text("gcn(0) gcn(0) gcn(1) gcn(2)")
    no_input = tuple(e for e in good.edges if e != (1, 3))
    no_output = tuple(e for e in good.edges if e != (3, 5))
    assert any("0 inputs" in p for p in SPACE.problems(Architecture("nasbench_graph", good.ops, no_input)))
    assert any("feed the output" in p for p in SPACE.problems(Architecture("nasbench_graph", good.ops, no_output)))
    assert any("0021" in p for p in SPACE.problems(SPACE.wire((0, 0, 2, 1), ("gcn",) * 4)))
    assert any("6 nodes" in p for p in SPACE.problems(Architecture("nasbench_graph", good.ops[:4], good.edges)))


@pytest.mark.parametrize("op", [op for op in nasbench_graph._OPS if op != "skip"])
def test_every_layer_learns(op: str) -> None:
    space = NasBenchGraph(hidden=8, pre=1, post=1, dropout=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = space.build(space.wire((0, 1, 1, 2), (op, "skip", op, "gcn")), NODES)
        logits = network(torch.randn(4, 5), PATH)
    assert logits.shape == (4, 3)
    logits.square().sum().backward()
    assert sum(p.grad is not None for p in network.parameters()) > 4


def test_spellings_of_one_network_compute_the_same() -> None:
    space = NasBenchGraph(hidden=8, dropout=0.0)
    x = torch.linspace(-1, 1, 20).view(4, 5)
    results = []
    for link, ops in [((0, 1, 2, 3), ("skip", "gcn", "skip", "gat")), ((0, 0, 1, 3), ("gcn", "skip", "skip", "gat"))]:
        with torch.random.fork_rng():
            torch.manual_seed(1)
            results.append(space.build(space.wire(link, ops), NODES).eval()(x, PATH))
    assert torch.allclose(results[0], results[1])


def test_config_rebuilds_the_network() -> None:
    network = NasBenchGraph(hidden=8).build(SPACE.from_text("gcn(0) gat(1) fc(1) skip(2)"), NODES)
    type(network)(**network.config).load_state_dict(network.state_dict())  # type: ignore[arg-type]


def test_references_keep_the_parameter_limit() -> None:
    assert len(SPACE.references(NODES, [])) == 3
    assert SPACE.references(NODES, [Constraint("params", at_most=100)]) == []


def test_options_are_checked() -> None:
    for options in ({"hidden": 7}, {"pre": -1}, {"dropout": 1.0}):
        with pytest.raises(RequestError, match=next(iter(options))):
            NasBenchGraph(**options)  # type: ignore[arg-type]
