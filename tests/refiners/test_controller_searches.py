"""Searches that train a controller: which way its probabilities move, what it is rewarded with, and that it climbs."""

import numpy as np
import pytest
import torch
from line_space import Letters, asked_until_the_top, text, word

from genas.core.errors import RequestError
from genas.core.records import Candidate, Constraint, Measurement, Objective, Trial
from genas.refiners.ppo import Ppo, clipped
from genas.refiners.reinforce import Reinforce

_GOAL = (Objective("accuracy"),)


@pytest.fixture(params=[Reinforce, Ppo])
def made(request):
    return request.param


def _told(spelled, failure=None, **figures):
    return Trial(Candidate(word(spelled), "x"), tuple(Measurement(k, v) for k, v in figures.items()), failure)


def _chance(search, spelled):
    values = search._decisions.read(word(spelled))
    return search._controller([values])[0].sum().exp().item()


def test_a_rewarded_choice_becomes_likelier_and_a_punished_one_less_likely(made):
    search = made(Letters(), 0, _GOAL, batch=2)
    before = _chance(search, "ece"), _chance(search, "bab"), _chance(search, "ddd")
    search.tell([_told("ece", accuracy=0.9), _told("bab", accuracy=0.1)])
    assert _chance(search, "ece") > before[0]
    assert _chance(search, "bab") < before[1]
    failing = made(Letters(), 0, _GOAL, batch=1)
    failing.tell([_told("ddd", failure="too large")])
    assert _chance(failing, "ddd") < before[2]


def test_nothing_moves_before_a_batch_is_full(made):
    search = made(Letters(), 0, _GOAL, batch=3)
    before = _chance(search, "ece")
    search.tell([_told("ece", accuracy=0.9), _told("bab", accuracy=0.1)])
    assert _chance(search, "ece") == before
    search.tell([_told("bbb", accuracy=0.2)])
    assert _chance(search, "ece") > before


def test_rewards_by_hand(made):
    objectives, limits = (Objective("accuracy"), Objective("params", "min")), (Constraint("params", at_most=50),)
    search = made(Letters(), 0, objectives, limits, lead=0.75, penalty=0.3)
    search.tell(
        [
            _told("aaa", accuracy=0.1, params=10),  # 0.75 of 1/6 and 0.25 of 5/6
            _told("bbb", accuracy=0.5, params=20),  # 0.75 of 3/6 and 0.25 of 3/6
            _told("ccc", accuracy=0.9, params=60),  # breaks the limit
            _told("ddd", failure="out of memory"),
            _told("eee", accuracy=0.9),  # lacks an objective
        ]
    )
    got = search.rewards()
    assert got == pytest.approx(
        {word("aaa").key: 1 / 3, word("bbb").key: 0.5, word("ccc").key: -0.3, word("ddd").key: -0.3}
    )


def test_clipped_by_hand():
    ratio = torch.tensor([1.5, 0.5, 1.1, 1.5, 0.5], requires_grad=True)
    gain = clipped(ratio, torch.tensor([2.0, 2.0, 2.0, -2.0, -2.0]), 0.2)
    assert gain.tolist() == pytest.approx([2.4, 1.0, 2.2, -3.0, -1.6])
    gain.sum().backward()
    assert ratio.grad.tolist() == pytest.approx([0, 2, 2, -2, 0])  # nothing is gained by going farther


def test_far_fewer_trials_than_random_search(made):
    # Random search without repeats needs (125 + 1) / 2 = 63 on average.
    assert np.mean([asked_until_the_top(made(Letters(), seed, _GOAL)) for seed in range(4)]) < 40


def test_known_draws_are_rewarded_again_and_not_asked_for(made):
    search = made(Letters(), 0, _GOAL, batch=1000)
    others = [a + b + "a" for a in "abcde" for b in "abcde"]
    search.tell([_told(spelled, accuracy=0.1) for spelled in others])
    asked = [text(c) for c in search.ask(20)]
    assert len(set(asked)) == 20
    assert not set(asked) & set(others)
    assert len(search._rewarded) > 25  # a fifth of the draws end in a


def test_nonsense_options_are_refused(made):
    for options in ({"batch": 0}, {"rate": 0}, {"lead": 1.5}, {"penalty": -1}):
        with pytest.raises(RequestError):
            made(Letters(), 0, _GOAL, **options)
    with pytest.raises(RequestError):
        Ppo(Letters(), 0, _GOAL, clip=1.0)
