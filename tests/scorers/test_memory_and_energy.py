"""Peak memory of hand-made networks, and looked-up energies."""

import pytest
from hand_made import ARCH, HandMade, Points
from torch import nn

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.records import Use
from genas.scorers.energy_mj import EnergyMj
from genas.scorers.memory_mb import MemoryMb


def peak(make):
    return MemoryMb(HandMade(make), Points()).score(ARCH).value * 1e6


def test_peak_is_weights_and_what_is_alive_at_once():
    # Input 2, weights 2 x 100 + 100 x 2, hidden 100 beside its ReLU 100 (Sequential still holds what it passes on).
    narrow = peak(lambda: nn.Sequential(nn.Linear(2, 100, bias=False), nn.ReLU(), nn.Linear(100, 2, bias=False)))
    assert narrow == 4 * (2 + 400 + 200)


def test_freed_activations_are_not_counted_twice():
    def deep(layers):
        return nn.Sequential(*(nn.ReLU() for _ in range(layers)))

    assert peak(lambda: deep(3)) == peak(lambda: deep(30))


@pytest.mark.usefixtures("bench_data")
def test_energy_is_the_tables():
    space = registry.create("spaces", "nasbench201")
    arch = space.cell(["nor_conv_3x3"] * 6)
    task = registry.create("tasks", Use("nasbench201", {"latency_device": "edgegpu"}))
    assert EnergyMj(task).score(arch, seed=2).value == task.lookup(arch, "energy_mj").value > 0
    with pytest.raises(ScoreFailed, match="no table"):
        EnergyMj(Points()).score(ARCH)
