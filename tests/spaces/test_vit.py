"""Vision transformers: what is counted, what is refused, and that one learns."""

import pytest
import torch

from genas.core import registry
from genas.core.errors import InvalidArchitecture
from genas.networks.vit import VitNet
from genas.spaces.vit import VitSpace

SMALL = "patches p2 w32 | h1 r1 | h1 r1"


def test_parameters_are_those_counted_by_hand():
    network = VitSpace().build(VitSpace().from_text(SMALL), registry.create("tasks", "digits"))
    layer = 2 * 64 + 4 * (32 * 32 + 32) + 2 * (32 * 32 + 32)  # two norms, attention, MLP
    assert sum(p.numel() for p in network.parameters()) == (4 * 32 + 32) + 16 * 32 + 2 * layer + 64 + (320 + 10)


@pytest.mark.parametrize("stem", [False, True])
def test_sides_that_are_no_multiple_of_the_patch_are_padded(stem):
    network = VitNet([(1, 2)], 32, 8, channels=3, size=(28, 20), outputs=5, stem=stem)
    assert network.positions.shape == (1, 4 * 3, 32)
    assert network(torch.zeros(2, 3, 28, 20)).shape == (2, 5)


def test_images_above_96_pixels_are_refused_with_a_remedy():
    task = registry.create("tasks", "digits")
    task.input_shape = (1, 97, 97)
    with pytest.raises(InvalidArchitecture, match=r"at most 96 pixels.*conv_net"):
        VitSpace().build(VitSpace().from_text(SMALL), task)


def test_a_small_one_learns_the_digits():
    torch.manual_seed(0)
    task = registry.create("tasks", "digits")
    network = VitSpace().build(VitSpace().from_text("conv p2 w32 | h1 r2 | h1 r2"), task)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for step in range(200):
        inputs, labels = task.batch(128, step)
        optimizer.zero_grad()
        task.loss(network(inputs), labels).backward()
        optimizer.step()
    data = task.data("val")
    right = network.eval()(task.prepare(data.inputs)).argmax(1) == data.labels
    assert right.float().mean() > 0.8
