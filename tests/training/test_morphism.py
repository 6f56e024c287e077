"""A grown network computes what the trained smaller one computes, and can learn from there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genas.core import registry
from genas.core.building import build
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.networks.conv_net import ConvNet
from genas.training.loop import Training, train
from genas.training.morphism import growths, inherit, obstacle, skeleton
from genas.training.recipe import Recipe

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
KINDS = ("plain", "residual", "separable", "inverted3", "inverted6", "mbconv")
LINEAR = ("inverted3", "inverted6", "mbconv")  # how a block of these kinds ends
RELU = "full stem8 s1 relu mean"  # a head of the text form


def trained(text: str) -> ConvNet:
    """One epoch, so that no weight and no statistic is as it was made."""
    network = build(SPACE, SPACE.from_text(text), TASK, 0)
    training = Training(network, TASK, Recipe(), limit=512)
    train(training, 1)
    network.load_state_dict(training.weights())
    assert isinstance(network, ConvNet)
    return network.eval()


def grown(parent: ConvNet, text: str) -> ConvNet:
    child = build(SPACE, SPACE.from_text(text), TASK, 1)
    assert isinstance(child, ConvNet)
    inherit(parent, child, TASK.batch(128)[0])
    return child


@torch.no_grad()
def far(parent: nn.Module, child: nn.Module, images: Tensor | None = None) -> float:
    images = TASK.batch(64, seed=1)[0] if images is None else images
    return float((parent.eval()(images) - child.eval()(images)).abs().max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "head", ["full stem8 s1 relu mean", "double stem8 s2 silu meanmax", "half stem8 s1 relu quarters"]
)
def test_every_single_move_keeps_the_function(kind: str, head: str) -> None:
    text = f"{head} | {kind} k3 d1 w12 | {kind} k3 d2 w12"
    parent = trained(text)
    verbs = set()
    for growth in growths(SPACE, SPACE.from_text(text)):
        child = build(SPACE, growth.arch, TASK, 1)
        assert isinstance(child, ConvNet)
        if obstacle(parent, child) is None:
            verbs.add(growth.verb)
            inherit(parent, child, TASK.batch(128)[0])
            assert far(parent, child) < 1e-5, growth.note
    deeper = {"deepen"} if kind in LINEAR or "relu" in head else set()
    skip = {"add skip"} if kind == "plain" and "relu" in head else set()
    assert verbs == {"larger kernel", "widen"} | deeper | skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{RELU} | plain k3 d1 w12 | plain k3 d1 w16",
         "full stem12 s1 relu mean | plain k7 d4 w24 | residual k5 d3 w16"),
        (f"{RELU} | plain k3 d3 w8 | plain k3 d2 w16", f"{RELU} | residual k3 d4 w16 | residual k5 d3 w32"),
        ("double stem8 s2 relu quarters | residual k3 d2 w8 | inverted3 k3 d1 w16",
         "double stem12 s2 relu quarters | residual k3 d3 w24 | inverted6 k5 d3 w64"),
        ("full stem8 s1 relu meanmax | inverted6 k3 d1 w8 | mbconv k3 d2 w8",
         "full stem16 s1 relu meanmax | inverted6 k3 d2 w16 | mbconv k3 d3 w24"),
        ("full stem8 s1 silu quarters | inverted3 k3 d1 w8 | residual k3 d2 w8 | separable k3 d1 w8",
         "full stem16 s1 silu quarters | inverted6 k5 d4 w16 | residual k5 d2 w12 | separable k7 d1 w16"),
        ("half stem8 s1 relu mean | mbconv k3 d1 w16 | separable k5 d1 w16",
         "half stem12 s1 relu mean | mbconv k7 d3 w20 | separable k5 d2 w24"),
        # the image is one pixel small in the last stages, where nothing is halved any more
        ("full stem4 s4 relu meanmax | plain k3 d1 w4 | plain k3 d1 w4 | plain k3 d1 w4 | residual k3 d1 w4",
         "full stem8 s4 relu meanmax | plain k3 d2 w8 | plain k3 d1 w8 | plain k3 d1 w8 | residual k3 d2 w8"),
        # a pretrained stem ends linear, so that what follows it gets negative values too
        ("double lite4 s1 relu quarters | plain k3 d1 w12 | mbconv k3 d1 w8",
         "double lite4 s1 relu quarters | residual k5 d2 w24 | mbconv k3 d3 w12"),
    ],
)  # fmt: skip
def test_many_moves_at_once_keep_the_function(before: str, after: str) -> None:
    parent = trained(before)
    assert far(parent, grown(parent, after)) < 1e-5


@pytest.mark.slow
def test_random_walks_keep_the_function() -> None:
    generator = rng(0, "walk")
    for _ in range(6):
        arch = SPACE.sample(generator)
        while max(int(op[1:]) for op in arch.ops if op[0] == "w" and op[1:].isdigit()) > 64:
            arch = SPACE.sample(generator)
        start = trained(SPACE.to_text(arch))
        for _ in range(4):
            near = [g.arch for g in growths(SPACE, arch) if obstacle(start, skeleton(SPACE, g.arch, TASK)) is None]
            if not near:
                break
            arch = near[int(generator.integers(len(near)))]
        child = grown(start, SPACE.to_text(arch))
        assert far(start, child) < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_new_layers_pass_what_they_get_in_training_mode_too(kind: str) -> None:
    parent = trained(f"{RELU} | {kind} k3 d1 w16 | {kind} k3 d1 w16")
    child = grown(parent, f"{RELU} | {kind} k3 d2 w16 | {kind} k3 d2 w16")
    images = TASK.batch(256, seed=2)[0]
    with torch.no_grad():
        apart = (parent.train()(images) - child.train()(images)).abs().mean()
    assert apart < 0.02


@pytest.mark.parametrize(("pool", "times"), [("mean", 1), ("meanmax", 2), ("quarters", 4)])
def test_wider_channels_learn(pool: str, times: int) -> None:
    parent = trained(f"full stem8 s1 relu {pool} | residual k3 d1 w8 | plain k3 d1 w12")
    child = grown(parent, f"full stem8 s1 relu {pool} | residual k3 d1 w16 | plain k3 d1 w24").train()
    optimizer = torch.optim.SGD(child.parameters(), lr=0.1)
    for step in range(2):
        images, labels = TASK.batch(64, seed=step)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(child(images), labels).backward()
        optimizer.step()
    conv = child.blocks[1].body[0].weight
    assert (conv.grad[12:].abs().sum((1, 2, 3)) > 0).all(), "the new channels get no gradient"
    new = child.head.weight[0].view(times, 24)[:, 12:]
    assert len({tuple(row.tolist()) for row in new.reshape(-1, 1)}) == 12 * times, "new channels are alike"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (f"{RELU} | plain k3 d1 w12 | PLAIN", "full stem4 s1 relu mean | plain k3 d1 w12 | PLAIN", "stem is narrower"),
        (f"{RELU} | plain k3 d2 w12 | PLAIN", f"{RELU} | plain k3 d1 w12 | PLAIN", "depth is smaller"),
        (f"{RELU} | plain k3 d1 w12 | PLAIN", f"{RELU} | mbconv k3 d1 w12 | PLAIN", "can't become"),
        (f"{RELU} | inverted3 k3 d1 w12 | PLAIN", f"{RELU} | mbconv k3 d1 w12 | PLAIN", "can't become"),
        (f"{RELU} | inverted6 k3 d1 w12 | PLAIN", f"{RELU} | inverted3 k3 d1 w12 | PLAIN", "can't become"),
        (f"{RELU} | PLAIN | PLAIN", f"{RELU} | PLAIN | PLAIN | PLAIN", "number of stages"),
        (f"{RELU} | plain k3 d2 w12 | PLAIN", f"{RELU} | residual k3 d2 w12 | PLAIN", "twice the width"),
        (f"{RELU} | PLAIN | PLAIN", f"{RELU} | residual k3 d1 w8 | PLAIN", "needs a projection"),
        (f"{RELU} | residual k3 d1 w4 | PLAIN", f"{RELU} | residual k3 d1 w8 | PLAIN", "taken back"),
        (f"{RELU} | inverted6 k3 d1 w8 | PLAIN", f"{RELU} | inverted6 k3 d1 w12 | PLAIN", "would be lost"),
        (f"{RELU} | PLAIN | PLAIN", "half stem8 s1 relu mean | PLAIN | PLAIN", "image size differs"),
        (f"{RELU} | PLAIN | PLAIN", "full stem8 s2 relu mean | PLAIN | PLAIN", "stem stride differs"),
        (f"{RELU} | PLAIN | PLAIN", "full stem8 s1 silu mean | PLAIN | PLAIN", "activation differs"),
        (f"{RELU} | PLAIN | PLAIN", "full stem8 s1 relu quarters | PLAIN | PLAIN", "pooling differs"),
        (f"{RELU} | PLAIN | PLAIN", "full lite4 s1 relu mean | PLAIN | PLAIN", "pretrained stem differs"),
        ("full lite4 s1 relu mean | PLAIN | PLAIN", "full lite6 s1 relu mean | PLAIN | PLAIN",
         "pretrained stem differs"),
        ("full stem8 s1 silu mean | plain k3 d1 w12 | PLAIN", "full stem8 s1 silu mean | plain k3 d2 w12 | PLAIN",
         "silu passes nothing unchanged"),
        ("full stem8 s1 silu mean | PLAIN | residual k3 d1 w8", "full stem8 s1 silu mean | PLAIN | residual k3 d2 w8",
         "silu passes nothing unchanged"),
        ("full stem8 s1 silu mean | plain k3 d1 w12 | PLAIN", "full stem8 s1 silu mean | residual k3 d1 w24 | PLAIN",
         "silu passes nothing unchanged"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said(before: str, after: str, why: str) -> None:
    ends = [skeleton(SPACE, SPACE.from_text(text.replace("PLAIN", "plain k3 d1 w8")), TASK) for text in (before, after)]
    assert why in (obstacle(*ends) or "")


def test_only_conv_net_has_morphisms_and_only_of_one_task() -> None:
    arch = SPACE.from_text(f"{RELU} | plain k3 d1 w12 | plain k3 d1 w12")
    network = skeleton(SPACE, arch, TASK)
    assert "conv_net" in (obstacle(nn.Linear(2, 2), network) or "")
    other = skeleton(SPACE, arch, registry.create("tasks", "mnist"))
    assert "tasks differ" in (obstacle(network, other) or "")


def test_growths_are_legal_and_said_in_words() -> None:
    arch = SPACE.from_text(f"{RELU} | plain k3 d1 w12 | mbconv k5 d3 w512 | inverted3 k7 d4 w384")
    found = {g.note: g.arch for g in growths(SPACE, arch)}
    assert all(SPACE.problems(a) == [] and a != arch for a in found.values())
    assert set(found) == {
        "stem8 to stem12", "stem8 to stem16", "stage 1: plain to residual", "stage 1: plain to residual w24",
        "stage 1: k3 to k5", "stage 1: d1 to d2", "stage 1: w12 to w16", "stage 1: w12 to w20", "stage 1: w12 to w24",
        "stage 2: k5 to k7", "stage 2: d3 to d4", "stage 3: inverted3 to inverted6", "stage 3: w384 to w512",
    }  # fmt: skip
    assert isinstance(found["stem8 to stem12"], Architecture)
