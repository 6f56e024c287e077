"""synflow against flows worked by hand and the published scores."""

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
from genas.scorers.synflow import Synflow


def _score(make) -> float:
    return Synflow(HandMade(make), Points()).score(ARCH).value


def test_flow_of_two_layers_by_hand():
    """R = 1' |B| |A| 1 = 3 * (1 + 2) + 4 * (3 + 4) = 37, and each of the two layers carries all of it."""
    assert _score(lambda: nn.Sequential(linear([[1, -2], [-3, 4]]), nn.ReLU(), linear([[3, -4]]))) == pytest.approx(
        math.log(2 * 37)
    )


def test_normalisation_lets_through_and_is_not_counted():
    def make():
        norm = nn.BatchNorm1d(2)
        norm.weight = nn.Parameter(torch.tensor([100.0, 100.0]))
        return nn.Sequential(linear([[1, -2], [-3, 4]]), norm, nn.ReLU(), linear([[3, -4]]))

    assert _score(make) == pytest.approx(math.log(2 * 37))


def _chain(layers):
    return nn.Sequential(linear([[10.0, 10.0]]), *(linear([[10.0]]) for _ in range(layers - 1)))


def test_a_flow_above_the_largest_float_has_its_logarithm():
    """307 layers of weight 10: R = 2 * 10^307, and the flow is 307 R."""
    assert _score(lambda: _chain(307)) == pytest.approx(math.log(307) + math.log(2) + 307 * math.log(10))


def test_an_output_above_the_largest_float_is_a_failure():
    with pytest.raises(ScoreFailed, match="too large"):
        _score(lambda: _chain(320))


def test_no_signal_is_a_failure():
    with pytest.raises(ScoreFailed, match="no signal"):
        _score(lambda: nn.Sequential(linear([[0.0, 0.0]]), linear([[1.0]])))
    with pytest.raises(ScoreFailed, match="no weight"):
        _score(lambda: nn.Sequential(linear([[0.0, 0.0]], [1.0])))


def test_values_are_the_published_ones(bench_data):
    """Suite-Zero's log synflow of CIFAR-10, whose initial weights were others."""
    space, task = registry.create("spaces", "nasbench201"), registry.create("tasks", "nasbench201")
    names = pq.read_table(bench_data / "nasbench201" / "nb201_accuracy.parquet").column("arch_str")
    table = pq.read_table(bench_data / "nasbench201" / "nb201_zc13.parquet").to_pylist()
    rows = [table[i] for i in np.random.default_rng(1).choice(len(table), 12, replace=False)]
    before = torch.get_rng_state()
    ours = [Synflow(space, task).score(space.from_text(names[row["arch_index"]].as_py())).value for row in rows]
    assert torch.equal(before, torch.get_rng_state())
    theirs = [row["cifar10_synflow"] for row in rows]
    assert spearmanr(ours, theirs)[0] > 0.95
    assert np.abs(np.array(ours) - np.array(theirs)).max() < 1.0
