"""Networks whose pretrained stem stays as it is: they are trained on its maps, which are computed once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_loop import TASK, both_legs, network, same, training

from genas.training.feature_cache import StemCaches
from genas.training.judging import judge


def test_a_frozen_stem_stays_as_it_is_and_its_maps_are_computed_once(tmp_path: Path) -> None:
    text = "double lite4 s1 relu quarters | plain k3 d1 w16 | plain k3 d1 w16"
    caches = StemCaches()
    made = training(network(text), caches=caches, checkpoint=tmp_path / "checkpoint")
    before = {name: value.clone() for name, value in made.network.state_dict().items()}
    both_legs(made)
    after, averaged = made.network.state_dict(), made.weights()
    for name, value in before.items():
        kept = name.startswith("stem.")
        assert torch.equal(value, averaged[name]) == torch.equal(value, after[name]) == kept, name
    assert made.curve[-1][1] > 0.3
    assert same(made, both_legs(training(network(text), caches=caches)))
    rest = training(network(text, seed=9), checkpoint=tmp_path / "checkpoint")
    assert same(made, both_legs(rest)), "all was done"


def test_the_maps_of_a_frozen_stem_lead_where_the_whole_network_leads() -> None:
    made = training(network("double lite4 s1 relu mean | plain k3 d1 w16 | plain k3 d1 w16"))
    found = both_legs(made).done["second"]
    whole = judge(made.averaged, TASK, TASK.data("val"), torch.device("cpu"))
    assert found == pytest.approx((whole.value, whole.loss), abs=0.01)
