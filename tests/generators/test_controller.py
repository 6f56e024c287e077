"""The recurrent controller: what it may choose, with which probability, and what its numbers add up to."""

from itertools import product

import numpy as np
import pytest
import torch
from tiny_space import Tiny

from genas.core.rng import rng
from genas.encodings.decisions import Decisions
from genas.generators.controller import Controller

_DECISIONS = Decisions(Tiny())


@pytest.fixture
def controller():
    made = Controller(_DECISIONS, width=8)
    with torch.no_grad():
        made.head.bias.copy_(torch.linspace(-1, 1, made.head.out_features))  # far from uniform
    return made


def test_the_probabilities_of_all_architectures_of_a_size_add_up_to_that_of_the_size(controller):
    every = [(0, *values) for values in product(*(range(len(d.choices)) for d in _DECISIONS.of(3)[1:]))]
    log_p, _ = controller(every)
    size = controller([every[0]])[0][0, 0].exp().item()
    assert len(every) == 3 * 2  # one label, one open edge
    assert log_p.sum(1).exp().sum().item() == pytest.approx(size, rel=1e-5)


def test_drawn_and_scored_probabilities_agree_whatever_else_is_in_the_batch(controller):
    draws = controller.sample(rng(0, "draw"), 12)
    assert {len(draw.values) for draw in draws} == {len(_DECISIONS.of(size)) for size in (3, 4, 5)}
    log_p, entropies = controller([draw.values for draw in draws])
    for row, draw in enumerate(draws):
        length = len(draw.values)
        assert log_p[row, :length].tolist() == pytest.approx(draw.log_probs, abs=1e-5)
        assert not log_p[row, length:].any()
        assert not entropies[row, length:].any()


def test_entropy_by_hand(controller):
    with torch.no_grad():
        controller.head.weight.zero_()
        controller.head.bias.zero_()
        controller.head.bias[1:4] = torch.tensor([0.5, 0.25, 0.25]).log()
    (draw,) = controller.sample(rng(0, "draw"))
    entropies = controller([draw.values])[1][0].tolist()
    assert entropies[0] == pytest.approx(1.5 * np.log(2), abs=1e-6)
    counts = [len(d.choices) for d in _DECISIONS.of(_DECISIONS.sizes[draw.values[0]])]
    assert entropies[1:] == pytest.approx(np.log(counts[1:]), abs=1e-6)
    assert controller.uniform(draw.values).log_probs == pytest.approx(-np.log(counts))


def test_draws_follow_the_probabilities(controller):
    sizes = [draw.values[0] for draw in controller.sample(rng(0, "draw"), 400)]
    wanted = controller([(0, 0, 0)])[0][0, 0].exp().item()
    assert np.mean(np.array(sizes) == 0) == pytest.approx(wanted, abs=0.07)  # three standard deviations


def test_same_seed_same_controller_and_the_global_state_is_untouched():
    before = torch.get_rng_state().clone()
    first, second, other = (Controller(_DECISIONS, seed=seed).head.weight for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())
