"""The cells of NAS-Bench-101: how many there are, how they are drawn, and that their networks are as published."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.records import Architecture, Constraint
from genas.spaces import _nb101_wirings as wirings
from genas.spaces.nasbench101 import NasBench101
from genas.tasks.nasbench101 import NasBench101Task

SPACE = NasBench101()
OPS = ("conv3x3", "conv1x1", "maxpool3x3")


def cell(row: dict[str, object]) -> Architecture:
    """The cell of a row of the table."""
    n = int(str(row["n_vertices"]))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    edges = tuple(p for p, bit in zip(pairs, str(row["adj_upper"]), strict=True) if bit == "1")
    return Architecture("nasbench101", ("input", *(OPS[int(c)] for c in str(row["ops"])), "output"), edges)


def test_there_are_423624_cells() -> None:
    assert wirings.count() == 423_624
    assert [round(wirings.wirings(n).weights.sum()) for n in range(2, 6)] == [1, 6, 84, 2441]


def test_draws_are_uniform_over_cells_and_not_over_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of the 4-vertex cells, 84 in all, each is met alike: chi-squared with 83 degrees of freedom, 99.9 % point 131.
    found = wirings.wirings(4)
    assert len(found.bits) * 9 > 84  # there are more spellings than cells
    monkeypatch.setattr(wirings, "_cumulative", lambda: np.array([0.0, 0.0, 84.0]))
    rng = np.random.default_rng(0)
    counts = Counter(SPACE.sample(rng).key for _ in range(4200))
    assert len(counts) == 84
    assert sum((n - 50) ** 2 / 50 for n in counts.values()) < 131


def test_illegal_cells_say_why() -> None:
    def said(ops: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> str:
        return "; ".join(SPACE.problems(Architecture("nasbench101", ops, edges)))

    assert "nothing leaves vertex 1" in said(("input", "conv3x3", "output"), ((0, 1), (0, 2)))
    assert "nothing enters vertex 1" in said(("input", "conv3x3", "output"), ((0, 2), (1, 2)))
    assert "at most 9" in said(
        ("input", *("conv3x3",) * 3, "output"), tuple((i, j) for i in range(5) for j in range(i + 1, 5))
    )
    assert "not 8" in said(("input", *("conv1x1",) * 6, "output"), tuple((i, i + 1) for i in range(7)))
    assert "sorted" in said(("input", "output"), ((0, 1), (0, 1)))


def test_pruning_leaves_what_lies_between_input_and_output() -> None:
    ops = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")
    pruned = SPACE.prune(ops, [(0, 1), (1, 4), (0, 2), (3, 4)])
    assert pruned == Architecture("nasbench101", ("input", "conv3x3", "output"), ((0, 1), (1, 2)))


def test_text_is_pruned_as_it_is_read() -> None:
    read = SPACE.from_text("input conv3x3 conv1x1 output | 1>3 0>1 0>2")
    assert read == Architecture("nasbench101", ("input", "conv3x3", "output"), ((0, 1), (1, 2)))
    with pytest.raises(InvalidArchitecture, match="later"):
        SPACE.from_text("input output | 1>0")
    with pytest.raises(InvalidArchitecture, match="must be one of"):
        SPACE.from_text("input conv5x5 output | 0>1 1>2")


def test_neighbours_reach_smaller_and_larger_cells() -> None:
    arch = Architecture("nasbench101", ("input", "conv3x3", "output"), ((0, 1), (0, 2), (1, 2)))
    sizes = {len(other.ops) for other in SPACE.neighbors(arch)}
    assert sizes == {2, 3, 4}


def test_networks_have_the_published_parameters(bench_data: Path) -> None:
    table = pq.read_table(bench_data / "nasbench101/nb101.parquet")
    task = NasBench101Task()
    for row in table.take(np.random.default_rng(0).choice(table.num_rows, 12, replace=False)).to_pylist():
        with torch.device("meta"):
            network = SPACE.build(cell(row), task)
        assert sum(p.numel() for p in network.parameters()) == row["trainable_params"]


def test_a_cell_may_be_a_shortcut_only() -> None:
    space = NasBench101(channels=8, stacks=2, cells=1)
    network = space.build(Architecture("nasbench101", ("input", "output"), ((0, 1),)), NasBench101Task())
    assert network(torch.zeros(2, 3, 9, 9)).shape == (2, 10)


def test_reference_keeps_the_parameter_limit() -> None:
    assert len(SPACE.references(NasBench101Task(), ())) == 1
    assert SPACE.references(NasBench101Task(), [Constraint("params", at_most=1000)]) == []
    with pytest.raises(RequestError, match="cells"):
        NasBench101(cells=0)
