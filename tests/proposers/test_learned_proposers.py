import json

import pytest
import torch

from genas.core import assets
from genas.core.errors import MissingArtifact, RequestError
from genas.core.records import Constraint, Use
from genas.core.registry import create

SPACE = create("spaces", "nasbench201")


@pytest.mark.parametrize("name", ["diffusion", "archlm"])
def test_shipped_model_beats_its_own_low_level_on_another_data_set(name, bench_data):
    task = create("tasks", Use("nasbench201", {"dataset": "imagenet16_120"}))  # fitted on CIFAR ranks only
    means = {}
    for level in (0.2, "any", "top"):
        proposer = create("proposers", Use(name, {"level": level}), space=SPACE, seed=1, device="cpu")
        found = proposer.ask(40)
        assert len({c.arch.key for c in found}) == 40
        assert not [p for c in found for p in SPACE.problems(c.arch)]
        assert {c.origin for c in found} == {name}
        means[level] = sum(task.lookup(c.arch, "accuracy").value for c in found) / 40
    assert means[0.2] < means["any"] < means["top"]


@pytest.mark.parametrize("name", ["diffusion", "archlm"])
def test_without_weights_the_error_says_how_to_get_them(name):
    proposer = create("proposers", Use(name, {"model": "no-such-model"}), space=SPACE, seed=0, device="cpu")
    with pytest.raises(MissingArtifact, match=f"genas fit {name} nasbench201"):
        proposer.ask(1)


@pytest.mark.parametrize("name", ["diffusion", "archlm"])
@pytest.mark.parametrize("level", ["best", 1.5, float("nan")])
def test_a_level_that_means_nothing_is_refused(name, level):
    proposer = create("proposers", Use(name, {"level": level}), space=SPACE, seed=0, device="cpu")
    with pytest.raises(RequestError, match="level must be"):
        proposer.ask(1)


def test_a_model_of_another_form_of_the_space_is_refused():
    space = create("spaces", Use("gpt", {"scale": "tiny"}))  # the shipped weights are of scale s
    for name in ("diffusion", "archlm"):
        with pytest.raises(MissingArtifact, match="other labels or sizes"):
            create("proposers", name, space=space, seed=0, device="cpu").ask(1)
        found = create("proposers", name, space=create("spaces", "gpt"), seed=0, device="cpu").ask(3)
        assert len(found) == 3


@pytest.mark.parametrize("name", sorted(json.loads((assets.models() / "archlm" / assets.SEEN).read_text())))
def test_the_language_model_writes_every_space_it_was_fitted_on(name):
    space = create("spaces", name)
    proposer = create("proposers", "archlm", space=space, seed=0, device="cpu")
    found = proposer.ask(4)
    assert len(found) == 4
    assert not [p for c in found for p in space.problems(c.arch)]
    assert assets.seen(f"archlm-{name}")


def test_the_language_model_keeps_limits_on_costs_and_devices_it_knows(bench_data):
    task = create("tasks", Use("nasbench201", {"latency_device": "pixel3"}))
    means = {}
    for metric, limit in (("params", 3e5), ("latency_ms", 8.0)):
        for limits in ((), (Constraint(metric, at_most=limit),)):
            context = {"space": SPACE, "task": task, "seed": 1, "device": "cpu", "limits": limits}
            drawn = create("proposers", "archlm", **context).draw(60, torch.Generator().manual_seed(0))
            values = [task.lookup(arch, metric).value for arch in drawn]
            means[metric, bool(limits)] = sum(values) / len(values)
    for metric in ("params", "latency_ms"):
        assert means[metric, True] < 0.8 * means[metric, False]
