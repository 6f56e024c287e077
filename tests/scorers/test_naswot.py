"""naswot against kernels worked by hand and the published scores."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hand_made import ARCH, HandMade, Points, linear
from scipy.stats import spearmanr
from torch import nn

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.records import Use
from genas.scorers.naswot import Naswot


def _score(make, **options) -> float:
    return Naswot(HandMade(make), Points(), "cpu", batch=4, **options).score(ARCH).value


@pytest.mark.parametrize("switch", [nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish])
def test_kernel_by_hand(switch):
    """Codes of the four points by the signs of their two numbers: they agree in 2, 1, 1 and 0 of two places."""
    kernel = np.array([[2, 1, 1, 0], [1, 2, 0, 1], [1, 0, 2, 1], [0, 1, 1, 2]], dtype=float)
    third = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], dtype=float)  # the sign of the first
    make = lambda: nn.Sequential(linear([[1, 0], [0, 1], [1, 0], [1, 1]]), switch())  # noqa: E731
    # The fourth code is 1 for the first point only, whose numbers are both positive: 1 + 1 > 0, 1 - 1 = 0 is not.
    fourth = np.array([[1, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]], dtype=float)
    expected = kernel + third + fourth
    assert np.linalg.det(expected) > 0
    assert _score(make) == pytest.approx(math.log(np.linalg.det(expected)))


def test_layers_add_up():
    """Two switches after each other: the second sees the first's outputs."""

    def make():
        return nn.Sequential(linear([[1, 0], [0, 1], [1, 1]]), nn.ReLU(), linear([[1, -1, 0], [0, 0, 1]]), nn.ReLU())

    x = np.array(Points.examples)
    first = x @ np.array([[1, 0, 1], [0, 1, 1]])
    second = np.maximum(first, 0) @ np.array([[1, 0], [-1, 0], [0, 1]])
    kernel = sum((c @ c.T) + (1 - c) @ (1 - c).T for c in ((first > 0) * 1.0, (second > 0) * 1.0))
    assert _score(make) == pytest.approx(np.linalg.slogdet(kernel)[1])


def test_in_place_switches_are_seen_before_they_switch():
    rows = [[1, 0], [0, 1], [1, 1]]
    plain, in_place = (_score(lambda i=i: nn.Sequential(linear(rows), nn.LeakyReLU(inplace=i))) for i in (False, True))
    assert plain == in_place


def test_examples_that_are_not_told_apart_fail():
    with pytest.raises(ScoreFailed, match="singular"):
        _score(lambda: nn.Sequential(linear([[1, 0]]), nn.ReLU()))


def test_no_switch_at_all_fails():
    with pytest.raises(ScoreFailed, match="no activation"):
        _score(lambda: linear([[1, 0], [0, 1]]))


def test_seed_decides(bench_data):
    space, task = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
    arch = space.from_text("full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16")
    before = torch.get_rng_state()
    first, again, other = (Naswot(space, task).score(arch, seed=s).value for s in (0, 0, 1))
    assert first == again != other
    assert torch.equal(before, torch.get_rng_state())


def test_ranks_cells_as_the_published_scores(bench_data):
    """Suite-Zero's nwot of CIFAR-10; here with one cell a stage in place of five, which is five times as fast."""
    space = registry.create("spaces", Use("nasbench201", {"cells": 1}))
    task = registry.create("tasks", "nasbench201")
    names = pq.read_table(bench_data / "nasbench201" / "nb201_accuracy.parquet").column("arch_str")
    table = pq.read_table(bench_data / "nasbench201" / "nb201_zc13.parquet").to_pylist()
    rows = [table[i] for i in np.random.default_rng(0).choice(len(table), 25, replace=False)]
    ours = [Naswot(space, task).score(space.from_text(names[row["arch_index"]].as_py())).value for row in rows]
    assert spearmanr(ours, [row["cifar10_nwot"] for row in rows])[0] > 0.8
