"""params, flops and size_mb against counts made by hand and the published table."""

import pyarrow.parquet as pq
import pytest
import torch
from hand_made import ARCH, HandMade, Points
from torch import nn

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.scorers.flops import Flops
from genas.scorers.params import Params
from genas.scorers.size_mb import SizeMb


class Pictures(Points):
    input_shape = (3, 8, 8)


def _net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(8), nn.Flatten(),
        nn.Linear(4, 10),
    )  # fmt: skip


def test_params_by_hand():
    found = Params(HandMade(_net), Pictures()).score(ARCH)
    assert found.value == 3 * 4 * 9 + 2 * 4 + 4 * 10 + 10


def test_flops_are_twice_the_multiply_adds_of_one_example():
    found = Flops(HandMade(_net), Pictures()).score(ARCH)
    assert found.value == 2 * (8 * 8 * 4 * 3 * 9 + 4 * 10)


def test_size_counts_buffers_too():
    found = SizeMb(HandMade(_net), Pictures()).score(ARCH)
    numbers = 3 * 4 * 9 + 2 * 4 + 4 * 10 + 10 + 2 * 4 + 1  # running mean and variance, and the count of batches
    assert found.value == pytest.approx(4 * numbers / 1e6)


class NeedsNumbers(nn.Linear):
    """A layer that looks at its weights when it is made, which the meta device has not."""

    def __init__(self) -> None:
        super().__init__(2, 2)
        self.scale = float(self.weight.sum())


def test_what_cannot_be_built_without_memory_is_built_for_real():
    assert Params(HandMade(NeedsNumbers), Points()).score(ARCH).value == 6
    assert Flops(HandMade(NeedsNumbers), Points()).score(ARCH).value == 8


@pytest.mark.parametrize("scorer", [Params, Flops, SizeMb])
def test_refusals_of_torch_are_failed_scores(scorer):
    def broken() -> nn.Module:
        raise RuntimeError("cannot allocate memory: you tried to allocate 99999999 bytes")

    with pytest.raises(ScoreFailed, match="out of memory"):
        scorer(HandMade(broken), Points()).score(ARCH)


def test_shapes_that_do_not_fit_are_a_failed_score():
    with pytest.raises(ScoreFailed, match="cannot be run"):
        Flops(HandMade(lambda: nn.Linear(7, 2)), Points()).score(ARCH)


def test_programming_errors_are_not_swallowed():
    def broken() -> nn.Module:
        raise TypeError("a bug")

    with pytest.raises(TypeError):
        Params(HandMade(broken), Points()).score(ARCH)


def test_counts_of_the_benchmark(bench_data):
    space, task = registry.create("spaces", "nasbench201"), registry.create("tasks", "nasbench201")
    scorer = Params(space, task)
    table = pq.read_table(bench_data / "nasbench201" / "nb201_accuracy.parquet").slice(0, 5).to_pylist()
    for row in table:
        assert scorer.score(space.from_text(row["arch_str"])).value == row["params_cifar10"]


def test_flops_follow_the_published_ones(bench_data):
    """The table counts multiply-adds in millions, batch norm and pooling included: half of ours and a little more."""
    space, task = registry.create("spaces", "nasbench201"), registry.create("tasks", "nasbench201")
    names = pq.read_table(bench_data / "nasbench201" / "nb201_accuracy.parquet").column("arch_str")
    table = pq.read_table(bench_data / "nasbench201" / "nb201_zc13.parquet").slice(0, 3).to_pylist()
    for row in table:
        ours = Flops(space, task).score(space.from_text(names[row["arch_index"]].as_py())).value / 2e6
        assert 0.85 * row["cifar10_flops"] < ours <= row["cifar10_flops"]


def test_random_state_is_left_alone():
    before = torch.get_rng_state()
    Params(HandMade(_net), Pictures()).score(ARCH)
    assert torch.equal(before, torch.get_rng_state())
