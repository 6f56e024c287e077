"""The first filters become the main directions of the images' patches, with both signs; all else stays as it was."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from genas.core.interfaces import Data, Task
from genas.training.whitening import whitened


class Waves(Task):
    """Smooth random images: neighbouring pixels are alike."""

    description = "waves"
    input_shape: ClassVar = (3, 12, 12)
    outputs = 2

    def data(self, split: str) -> Data:
        noise = torch.randn(80, 3, 14, 14, generator=torch.Generator().manual_seed(len(split)))
        return Data(nn.functional.avg_pool2d(noise, 3, 1), torch.arange(80) % 2)


def net(*first: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*first, nn.BatchNorm2d(16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2))


def test_answers_to_patches_have_equal_variance_and_are_uncorrelated() -> None:
    network = net(nn.Conv2d(3, 16, 3, bias=False))
    first = network[0]
    before = {name: value.clone() for name, value in network.state_dict().items() if name != "0.weight"}
    assert whitened(network, Waves()) is network
    assert torch.equal(first.weight[:8], -first.weight[8:])
    answers = first(Waves().data("train").inputs)[:, :8].transpose(0, 1).flatten(1)
    found = answers @ answers.T / answers.shape[1]
    assert (found - found.diag().diag()).abs().max() < 0.1, "of all 80 images; the filters saw 64"
    assert found.diag().min() > 0.9
    assert all(before[name].equal(network.state_dict()[name]) for name in before)
    assert network.training


def test_what_sees_no_images_or_is_frozen_is_left_alone() -> None:
    for network in (net(nn.Conv2d(3, 16, 3).requires_grad_(False)), net(nn.Conv2d(1, 16, 3)), nn.Linear(3, 2)):
        before = {name: value.clone() for name, value in network.state_dict().items()}
        whitened(network, Waves())
        assert all(before[name].equal(value) for name, value in network.state_dict().items())


def test_filters_beyond_all_directions_stay_as_they_were_drawn() -> None:
    network = net(nn.Conv2d(3, 16, 1))
    drawn = network[0].weight.clone()
    whitened(network, Waves())
    assert torch.equal(network[0].weight[6:], drawn[6:])
    assert not torch.equal(network[0].weight[:6], drawn[:6])


def test_filters_may_be_larger_than_the_images() -> None:
    network = net(nn.AvgPool2d(4), nn.Conv2d(3, 16, 7, padding=3))
    drawn = network[1].weight.clone()
    assert not torch.equal(whitened(network, Waves())[1].weight, drawn)  # type: ignore[index]
    assert network[1].weight.isfinite().all()
