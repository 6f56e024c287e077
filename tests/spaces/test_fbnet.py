"""FBNet networks have the parameters of the published table, and its task answers what they cost."""

import pytest
import torch
from scipy.stats import spearmanr

from genas.core.errors import InvalidArchitecture, RequestError, ScoreFailed
from genas.core.rng import rng
from genas.scorers.flops import Flops
from genas.spaces.fbnet import Fbnet
from genas.tasks.fbnet import FbnetTask


@pytest.mark.usefixtures("bench_data")
def test_parameters_are_the_tables_and_operations_agree():
    space, task = Fbnet(), FbnetTask()
    flops, pairs = Flops(space, task), []
    for arch in task.measured[::700]:
        with torch.device("meta"):
            count = sum(p.numel() for p in space.build(arch, task).parameters())
        assert count == task.lookup(arch, "params").value
        pairs.append((flops.score(arch).value, task.lookup(arch, "flops").value))
    ours, theirs = zip(*pairs, strict=True)
    assert spearmanr(ours, theirs)[0] > 0.99
    assert all(1.6 < a / b < 2 for a, b in pairs), "two operations for a multiply-add, where the table has about one"


@pytest.mark.usefixtures("bench_data")
def test_the_table_knows_costs_of_its_networks_only():
    space, task = Fbnet(), FbnetTask(latency_device="gold_6240")
    first = space.from_text("7_8_1_8_4_8_8_8_7_4_1_4_7_3_2_7_3_2_4_2_4_5")
    assert task.measured[0] == first
    assert task.lookup(first, "latency_ms").value == pytest.approx(30.934, abs=1e-3)
    assert task.lookup(first, "naswot").value == pytest.approx(209.13, abs=0.01)
    for metric, why in (("accuracy", "no accuracy"), ("valid_loss", "no table")):
        with pytest.raises(ScoreFailed, match=why):
            task.lookup(first, metric)
    with pytest.raises(ScoreFailed, match="5,000"):
        task.lookup(space.sample(rng(0, "fbnet")), "latency_ms")
    with pytest.raises(ScoreFailed, match="latency_device"):
        FbnetTask(latency_device=None).lookup(first, "latency_ms")
    with pytest.raises(RequestError, match="titan_rtx_32"):
        FbnetTask(latency_device="abacus")


def test_chains_by_name_and_by_number():
    space = Fbnet()
    arch = space.sample(rng(0, "fbnet"))
    numbers = "_".join(str(space.ops.index(op) - 2) for op in arch.ops[1:-1])
    assert space.from_text(numbers) == space.from_text(space.to_text(arch)) == arch
    for text in ("7_8_1", numbers.replace("_", "_9", 1), "k3_e1 " * 21 + "k7_e1"):
        with pytest.raises(InvalidArchitecture):
            space.from_text(text)
    with pytest.raises(RequestError, match="width"):
        Fbnet(width=0)


def test_groups_reach_every_output_and_skips_are_nothing():
    """Two grouped 1x1 convolutions with a shuffle between mix all channels."""
    space, task = Fbnet(width=0.5), FbnetTask()
    network = space.build(space.chain(["skip"] + ["k3_e1_g2"] * 21), task).eval()
    block = network.body[3]  # the second block of its stage: the shape stays
    image = torch.zeros(1, block.widen[0].in_channels, 4, 4, requires_grad=True)
    block.narrow(torch.channel_shuffle(block.widen(image), 2))[0, 0].sum().backward()
    assert (image.grad.abs().sum(dim=(0, 2, 3)) > 0).all()
    assert isinstance(network.body[1], torch.nn.Identity)
    assert len(space.references(task, ())) == 3
