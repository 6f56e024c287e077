"""block_latency: of a published device it knows every network, and here the sum of timed blocks."""

import numpy as np
import pytest
from torch import nn

from genas.core.errors import RequestError, ScoreFailed
from genas.core.rng import rng
from genas.scorers.block_latency import BlockLatency
from genas.spaces.conv_net import ConvNetSpace
from genas.spaces.fbnet import Fbnet
from genas.spaces.mobile import MobileSpace
from genas.tasks.digits import DigitsTask
from genas.tasks.fbnet import FbnetTask
from genas.training.block_timing import BlockTimer


@pytest.fixture(scope="module")
def pixel3():
    return BlockLatency(Fbnet(), FbnetTask(latency_device="pixel3"), "cpu")


@pytest.mark.usefixtures("bench_data")
def test_a_published_device_is_known_for_networks_that_its_table_lacks(pixel3):
    space, task, scorer = Fbnet(), FbnetTask(latency_device="pixel3"), pixel3
    for arch in task.measured[::500]:
        assert scorer.score(arch).value == pytest.approx(task.lookup(arch, "latency_ms").value, rel=0.01)
    new = space.sample(rng(0, "new"))
    with pytest.raises(ScoreFailed, match="table lacks"):
        task.lookup(new, "latency_ms")
    found = scorer.score(new)
    assert 5 < found.value < 40 and found.std < 0.2
    assert found.value == pytest.approx(scorer.blocks(new).of(new.ops[1:-1]))


@pytest.mark.usefixtures("bench_data")
def test_a_device_whose_latencies_are_no_sums_is_refused_with_the_figure_and_a_remedy():
    scorer = BlockLatency(Fbnet(), DigitsTask(), "cpu", latency_device="essential_ph_1")
    with pytest.raises(
        ScoreFailed, match=r"200 .* essential_ph_1, rank the other 4,800 at Spearman 0\.7.*4,000 reach 0\.7"
    ):
        scorer.score(Fbnet().sample(rng(0, "new")))


@pytest.mark.usefixtures("bench_data")
def test_unknown_devices_and_spaces_without_a_table_say_what_there_is():
    arch = Fbnet().sample(rng(0, "new"))
    with pytest.raises(RequestError, match="one of 1080ti_1"):
        BlockLatency(Fbnet(), DigitsTask(), "cpu", latency_device="abacus").score(arch)
    with pytest.raises(ScoreFailed, match="examples may be 4,900 at most"):
        BlockLatency(Fbnet(), DigitsTask(), "cpu", latency_device="pixel3", examples=4950).score(arch)
    other = ConvNetSpace(pretrained=False)
    with pytest.raises(ScoreFailed, match=r"lists known devices for conv_net.*timed on this machine\."):
        BlockLatency(other, DigitsTask(), "cpu", latency_device="pixel3").score(other.sample(rng(0, "new")))


def test_equal_blocks_are_timed_once_and_a_longer_network_costs_their_sum():
    space = ConvNetSpace(pretrained=False)
    timer = BlockTimer(space, DigitsTask(), "cpu", runs=3)
    short, long = (space.from_text(f"full stem8 s1 relu mean | residual k3 {depth} w8") for depth in ("d1", "d3"))
    one = timer.milliseconds(short)
    blocks = timer.distinct
    three = timer.milliseconds(long)
    assert timer.distinct == blocks
    assert three > one == timer.milliseconds(short)


def test_the_table_timed_here_gives_the_sum_of_each_network_one_label_away():
    space = Fbnet(width=0.25, stages=1)
    scorer = BlockLatency(space, DigitsTask(), "cpu", runs=2, checks=0)
    base = space.sample(rng(0, "base"))
    table = scorer.blocks(base)
    assert table.labels == space.frame(space.max_nodes).labels[1:-1]
    assert all(np.isfinite(ms).all() and min(ms) == 0 for ms in table.ms)
    for arch in list(space.neighbors(base))[:5]:
        assert table.of(arch.ops[1:-1]) == pytest.approx(scorer.score(arch).value)


def test_blocks_of_fixed_widths_add_up_for_every_choice_of_kernels_and_expansions():
    space = MobileSpace(stages=2)
    scorer = BlockLatency(space, DigitsTask(), "cpu", runs=1, checks=0)
    base = space.from_text("stem8 s1 relu | w8 plain k3_e3 k5_e3 skip skip | w16 se k3_e3 k3_e3 k3_e3 skip")
    nodes = [7, 8, 12]
    table = scorer.blocks(base, nodes)
    assert table.labels == tuple(space.frame(len(base.ops)).labels[node] for node in nodes)
    other = space.from_text("stem8 s1 relu | w8 plain k3_e3 k7_e4 k3_e6 skip | w16 se k5_e6 k3_e3 k3_e3 skip")
    assert table.of([other.ops[node] for node in nodes]) == pytest.approx(scorer.score(other).value)


@pytest.mark.usefixtures("bench_data")
def test_a_search_over_some_places_of_a_published_device_keeps_the_others(pixel3):
    space, scorer = Fbnet(), pixel3
    base = space.sample(rng(0, "base"))
    other = space.chain(["k5_e6", *base.ops[2:10], "skip", *base.ops[11:-1]])
    assert scorer.blocks(base, [1, 10]).of(["k5_e6", "skip"]) == pytest.approx(scorer.score(other).value)


def test_blocks_that_are_no_function_of_one_tensor_are_refused():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair = nn.Bilinear(64, 64, 10)

        def forward(self, x):
            x = x.flatten(1)
            return self.pair(x, x)

    class Pairs(Fbnet):
        def build(self, arch, task):
            return Pair()

    space = Pairs(stages=1)
    with pytest.raises(ScoreFailed, match="blocks of one tensor each; Bilinear is none"):
        BlockTimer(space, DigitsTask(), "cpu", runs=1).milliseconds(space.sample(rng(0, "one")))
