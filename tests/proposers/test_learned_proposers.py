import pytest

from genas.core.errors import MissingArtifact, RequestError
from genas.core.records import Use
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
    with pytest.raises(MissingArtifact, match="other labels or sizes"):
        create("proposers", "diffusion", space=space, seed=0, device="cpu").ask(1)
    found = create("proposers", "diffusion", space=create("spaces", "gpt"), seed=0, device="cpu").ask(3)
    assert len(found) == 3
