"""Networks for rows whose layers several members share."""

from __future__ import annotations

import pytest
import torch
from shapes_only import ShapesOnly
from torch.nn import functional as F

from genas.core import registry
from genas.core.records import Use
from genas.networks.mlp import RowNet
from genas.training.loss import loss
from genas.training.recipe import Recipe

LAYERS = [("plain", "relu", 8, 0.0), ("residual", "silu", 8, 0.0)]


@pytest.fixture
def rows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(32, 5, generator=generator), torch.randint(3, (32,), generator=generator)


def test_the_answer_of_several_members_is_the_mean_of_their_probabilities(rows) -> None:
    network = RowNet(LAYERS, inputs=5, outputs=3, members=4).eval()
    inputs, _ = rows
    each = network.each(inputs)
    assert each.shape == (4, 32, 3)
    assert torch.allclose(network(inputs).exp(), each.softmax(2).mean(0), atol=1e-6)
    assert not torch.allclose(each[0], each[1]), "members see the rows with signs of their own"


def test_numbers_of_several_members_are_averaged(rows) -> None:
    network = RowNet(LAYERS, inputs=5, outputs=1, members=4, answer="number").eval()
    assert torch.allclose(network(rows[0]), network.each(rows[0]).mean(0), atol=1e-6)


def test_one_member_is_a_plain_network(rows) -> None:
    network = RowNet(LAYERS, inputs=5, outputs=3).eval()
    inputs, _ = rows
    hidden = network.layers(inputs)
    assert torch.allclose(network(inputs), hidden @ network.heads[0] + network.biases, atol=1e-6)
    assert network.signs is None


@pytest.mark.parametrize("mix", [0.0, 0.4])
def test_each_member_learns_by_itself(rows, mix: float) -> None:
    network = RowNet(LAYERS, inputs=5, outputs=3, members=4).eval()
    inputs, labels = rows
    recipe = Recipe(smoothing=0.1, mix=mix)

    def of(forward, *, members: bool = False) -> torch.Tensor:
        more = {"task": ShapesOnly(), "members": members}
        return loss(forward, inputs, labels, recipe, torch.Generator().manual_seed(1), **more)

    alone = [of(lambda x, member=member: network.each(x)[member]) for member in range(4)]
    assert torch.allclose(of(network.each, members=True), torch.stack(alone).mean(), atol=1e-6)
    if mix == 0:
        assert torch.allclose(alone[2], F.cross_entropy(network.each(inputs)[2], labels, label_smoothing=0.1))


def test_the_text_of_an_architecture_says_how_many_members_there_are() -> None:
    rows_of_five = Use("described", {"modality": "tabular", "input_shape": [5], "outputs": 3})
    space, task = registry.create("spaces", "mlp"), registry.create("tasks", rows_of_five)
    networks = [space.build(space.from_text(f"{members} | plain relu w64 p1"), task) for members in ("m1", "m16")]
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert [len(network.heads) for network in networks] == [1, 16]
    assert counts[1] - counts[0] == 15 * (64 * 3 + 3) + 16 * 5
