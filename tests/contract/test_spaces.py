"""What every search space must do."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_contexts import samples, small_space, task_for

from genas.core import registry, wire
from genas.core.errors import InvalidArchitecture
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.training.fresh import blank, fresh_network

SPACES = registry.names("spaces")


@pytest.fixture(params=SPACES)
def space(request):
    return small_space(request.param)


def test_samples_are_legal_and_within_their_frame(space):
    for arch in samples(space, 30):
        assert space.problems(arch) == []
        assert arch.space == space.name
        assert len(arch.ops) in space.sizes()
        assert set(arch.ops) <= set(space.ops)
        assert len(arch.ops) <= space.max_nodes
        frame = space.frame(len(arch.ops))
        assert all(op in labels for op, labels in zip(arch.ops, frame.labels, strict=True))
        assert set(frame.edges) <= set(arch.edges) <= set(frame.edges) | set(frame.open_edges)


def test_same_generator_same_sample(space):
    assert samples(space, 5) == samples(space, 5)
    assert len({a.key for a in samples(space, 20)}) > 10


def test_neighbours_are_legal_and_others(space):
    for arch in samples(space, 3):
        near = list(itertools.islice(space.neighbors(arch), 60))
        assert near
        for other in near:
            assert space.problems(other) == []
            assert other != arch


def test_nonsense_is_illegal_in_sentences(space):
    arch = samples(space, 1)[0]
    wrong = Architecture(space.name, ("no such label", *arch.ops[1:]), arch.edges)
    problems = space.problems(wrong)
    assert problems and all(isinstance(p, str) and p for p in problems)
    with pytest.raises(InvalidArchitecture):
        space.check(wrong)
    assert space.problems(Architecture(space.name, (), ()))


def test_text_and_json_round_trips(space):
    for arch in samples(space, 20):
        line = space.to_text(arch)
        assert "\n" not in line
        assert space.from_text(line).key == arch.key
        assert wire.from_data(Architecture, wire.to_data(arch)) == arch


@pytest.mark.parametrize("text", ["", "|", "nonsense", "a b c | 0>1 1>x", "__import__('os')", "\0", "é 1>2"])
def test_text_that_is_no_architecture_is_refused(space, text):
    with pytest.raises(InvalidArchitecture):
        space.from_text(text)


def test_networks_run_forward_and_backward_and_know_their_config(space):
    task = task_for(space)
    inputs = blank(task, 2)
    for arch in samples(space, 4):
        network = fresh_network(space, task, arch).train()
        logits = network(inputs)
        assert logits.shape[-1] == task.outputs
        assert torch.isfinite(logits).all()
        logits.square().mean().backward()
        grads = [p.grad for p in network.parameters() if p.grad is not None]
        assert grads and all(torch.isfinite(g).all() for g in grads)
        again = type(network)(**network.config)
        assert {k: v.shape for k, v in again.state_dict().items()} == {
            k: v.shape for k, v in network.state_dict().items()
        }


def test_building_is_decided_by_the_seed(space):
    task, arch = task_for(space), samples(space, 1)[0]
    first, second, other = (fresh_network(space, task, arch, seed=s).state_dict() for s in (0, 0, 1))
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert any(not torch.equal(first[k], other[k]) for k in first)


def test_references_are_legal(space):
    for candidate in space.references(task_for(space), ()):
        assert space.problems(candidate.arch) == []


@pytest.mark.parametrize("name", SPACES)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_key_ignores_the_order_of_the_nodes(name, data):
    space = small_space(name)
    arch = space.sample(rng(data.draw(st.integers(0, 10_000)), "keys"))
    # A random topological order: any node whose sources are all placed may come next.
    place: dict[int, int] = {}
    while len(place) < len(arch.ops):
        free = [n for n in range(len(arch.ops)) if n not in place and all(s in place for s, t in arch.edges if t == n)]
        place[data.draw(st.sampled_from(free))] = len(place)
    order = sorted(place, key=place.__getitem__)
    edges = tuple(sorted((place[s], place[t]) for s, t in arch.edges))
    again = Architecture(arch.space, tuple(arch.ops[n] for n in order), edges)
    assert again.key == arch.key


@pytest.mark.parametrize("name", SPACES)
def test_key_tells_neighbours_apart(name):
    space = small_space(name)
    arch = samples(space, 1)[0]
    near = list(itertools.islice(space.neighbors(arch), 60))
    assert sum(other.key != arch.key for other in near) > 0.8 * len(near)
