"""The probes: what is shared, what is kept, and what is left alone."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Data
from genas.probes.probes import Probes

sys.path.append(str(Path(__file__).parents[1] / "scorers"))
from hand_made import ARCH, HandMade, Points


class Counted(HandMade):
    """Counts how often a network is built, and how often it runs forward."""

    def __init__(self):
        self.built = self.passes = 0
        super().__init__(self._net)

    def _net(self):
        self.built += 1
        net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2))
        net.register_forward_pre_hook(self._ran)
        return net

    def _ran(self, *_):
        self.passes += 1


@pytest.fixture
def counted():
    return Counted()


def test_expected_figures_share_one_network_and_one_pass(counted):
    probes = Probes(counted, Points())
    names = ("naswot", "jacov", "grad_norm", "snip", "plain", "fisher")
    for name in names:
        probes.expect(name)
    values = [probes.value(ARCH, name) for name in names]
    assert (counted.built, counted.passes) == (1, 1)
    assert values == [Probes(Counted(), Points()).value(ARCH, name) for name in names], "sharing changed a figure"


def test_what_nobody_expects_is_not_measured(counted):
    probes = Probes(counted, Points())
    probes.value(ARCH, "naswot")
    probes.value(ARCH, "snip")
    assert (counted.built, counted.passes) == (1, 2)


def test_a_figure_is_measured_once_and_failures_are_remembered():
    space = Counted()
    probes = Probes(space, Points())
    for _ in range(3):
        with pytest.raises(ScoreFailed, match="no chain"):
            probes.value(ARCH, "expressivity")
        probes.value(ARCH, "snip")
    assert space.built == 1


def test_order_of_questions_changes_no_figure():
    names = ("ntk", "zico", "vkdnw", "linear_regions", "grasp", "synflow", "zen", "snip", "naswot")
    one, other = Probes(Counted(), Points()), Probes(Counted(), Points())
    forwards = {name: one.value(ARCH, name) for name in names}
    assert forwards == {name: other.value(ARCH, name) for name in reversed(names)}


def test_memory_is_bounded(counted):
    probes = Probes(counted, Points(), remembered=2)
    for seed in range(4):
        probes.value(ARCH, "snip", seed=seed)
    assert counted.built == 4
    probes.value(ARCH, "snip", seed=3)
    assert counted.built == 4
    probes.value(ARCH, "snip", seed=0)
    assert counted.built == 5


def test_global_randomness_and_gradients_are_left_alone(counted):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    probes = Probes(counted, Points())
    for name in ("zen", "vkdnw", "snip", "ntk"):
        probes.value(ARCH, name)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.is_grad_enabled()


def test_shapes_that_do_not_fit_are_a_failed_score():
    with pytest.raises(ScoreFailed, match="cannot be run"):
        Probes(HandMade(lambda: nn.Linear(7, 2)), Points()).value(ARCH, "snip")


class Words(Points):
    """Token ids in, a class for each token out."""

    modality = "text"
    input_shape = (6,)
    outputs = 5

    def data(self, split):
        tokens = torch.arange(24).view(4, 6) % 5
        return Data(tokens, tokens.roll(1, 1))


def _reader():
    return nn.Sequential(nn.Embedding(5, 8), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 5))


@pytest.mark.parametrize(
    "name", ["grad_norm", "snip", "fisher", "plain", "grasp", "zico", "gradsign", "ntk", "synflow", "naswot", "vkdnw"]
)
def test_token_ids_can_be_probed(name):
    assert Probes(HandMade(_reader), Words()).value(ARCH, name) is not None


@pytest.mark.parametrize("name", ["jacov", "epe_nas", "zen", "linear_regions", "expressivity"])
def test_what_differentiates_or_disturbs_inputs_says_that_token_ids_cannot_be(name):
    chain = nn.Sequential(nn.Embedding(5, 8), nn.Sequential(nn.Linear(8, 8)), nn.Sequential(nn.Linear(8, 5)))
    with pytest.raises(ScoreFailed, match=r"token|text"):
        Probes(HandMade(lambda: chain), Words()).value(ARCH, name)
