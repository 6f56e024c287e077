"""Convolutional networks as labelled chains: text, legality, sizes, references, and what is built of them."""

from __future__ import annotations

import pytest
import torch
from shapes_only import ShapesOnly, outlined
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core import registry
from genas.core.errors import InvalidArchitecture
from genas.core.records import Constraint, Use
from genas.core.rng import rng
from genas.networks.conv_net import BLOCKS, ConvNet, Pool, Resize, Shortcut

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
STAGES = "residual k3 d2 w16 | mbconv k5 d1 w32"


def built(text: str, *shape: int) -> nn.Module:
    return outlined(SPACE, text, *shape)


def maps(network: nn.Module, *shape: int) -> list[tuple[int, ...]]:
    """Channels, height and width after the stem and after each block."""
    seen: list[tuple[int, ...]] = []

    def note(_: nn.Module, __: object, output: Tensor) -> None:
        seen.append(tuple(output.shape[1:]))

    hooks = [module.register_forward_hook(note) for module in (network.stem, *network.blocks)]
    assert network(torch.empty(2, *shape, device="meta")).shape == (2, 7)
    for hook in hooks:
        hook.remove()
    return seen


def test_the_text_names_the_head_and_then_the_stages() -> None:
    text = f"full stem16 s2 relu mean | {STAGES}"
    arch = SPACE.from_text(text)
    assert arch.ops[1:6] == ("full", "stem16", "s2", "relu", "mean")
    assert SPACE.stages(arch) == [("residual", "k3", "d2", "w16"), ("mbconv", "k5", "d1", "w32")]
    assert SPACE.to_text(arch) == text
    for number in range(50):
        drawn = SPACE.sample(rng(0, "text", number))
        assert SPACE.from_text(SPACE.to_text(drawn)) == drawn


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stem16 | residual k3 d2 w16", "between input and output there must be 5 labels"),
        ("full stem16 s2 relu mean" + 5 * " | residual k3 d2 w16", "1 to 4 stages of 4 labels"),
        (f"huge stem16 s2 relu mean | {STAGES}", "'huge' but must be one of half, full, double"),
        (f"full stem16 s2 relu mean | {STAGES.replace('mbconv', 'bottleneck')}", "'bottleneck' but must be one of"),
        (f"full stem16 s2 relu mean | {STAGES.replace('w32', 'w33')}", "'w33' but must be one of"),
    ],
)
def test_what_is_illegal_is_said(text: str, message: str) -> None:
    with pytest.raises(InvalidArchitecture, match=message):
        SPACE.from_text(text)


def test_rows_of_a_table_are_refused() -> None:
    with pytest.raises(InvalidArchitecture, match="images of shape"):
        SPACE.build(SPACE.from_text(f"full stem16 s1 relu mean | {STAGES}"), ShapesOnly(7, (13,)))


def test_size_and_stride_say_how_large_the_maps_are() -> None:
    shape = (3, 48, 40)
    assert maps(built(f"full stem16 s1 relu mean | {STAGES}", *shape), *shape) == [
        (16, 48, 40), (16, 48, 40), (16, 48, 40), (32, 24, 20),
    ]  # fmt: skip
    assert maps(built(f"half stem8 s2 silu meanmax | {STAGES}", *shape), *shape) == [
        (8, 12, 10), (16, 12, 10), (16, 12, 10), (32, 6, 5),
    ]  # fmt: skip
    assert maps(built(f"double stem8 s4 relu quarters | {STAGES}", *shape), *shape) == [
        (8, 24, 20), (16, 24, 20), (16, 24, 20), (32, 12, 10),
    ]  # fmt: skip
    assert maps(built(f"full lite4 s1 relu mean | {STAGES}", *shape), *shape)[0] == (40, 6, 5)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 5), (1, 7, 7), (3, 9, 33)])
@pytest.mark.parametrize(
    "head", ["half stem4 s4 relu quarters", "full stem4 s2 silu meanmax", "double lite6 s4 relu mean"]
)
def test_images_of_any_size_will_do(shape: tuple[int, ...], head: str) -> None:
    stages = " | ".join(f"{kind} k7 d1 w8" for kind in ("plain", "separable", "inverted3", "mbconv"))
    assert maps(built(f"{head} | {stages}", *shape), *shape)[-1][0] == 8


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("act", ["relu", "silu"])
@pytest.mark.parametrize("stride", [1, 2])
def test_every_block_halves_when_asked_and_has_its_width(kind: str, act: str, stride: int) -> None:
    block = BLOCKS[kind](8, 12, 5, stride, act).eval()
    assert block(torch.zeros(2, 8, 9, 6)).shape == (2, 12, -(-9 // stride), -(-6 // stride))
    assert any(type(m).__name__.lower() == act for m in block.modules())


def test_pooling_keeps_what_its_name_says() -> None:
    x = torch.arange(24.0).view(1, 1, 4, 6)
    assert Pool("mean")(x).tolist() == [[11.5]]
    assert Pool("meanmax")(x).tolist() == [[11.5, 23.0]]
    assert Pool("quarters")(x).tolist() == [[4.0, 7.0, 16.0, 19.0]]
    odd = torch.arange(9.0).view(1, 1, 3, 3)
    assert Pool("quarters")(odd).tolist() == [[2.0, 3.0, 5.0, 6.0]], "the middle row and column belong to both"
    assert Pool("quarters")(torch.ones(2, 5, 1, 1)).shape == (2, 20)


def test_images_are_halved_by_means_and_doubled_between() -> None:
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert Resize("half")(x).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert Resize("full")(x) is x
    assert Resize("double")(x).shape == (1, 1, 8, 8)
    assert Resize("half")(torch.ones(1, 1, 5, 3)).equal(torch.ones(1, 1, 3, 2)), "what the border lacks is not counted"


def test_the_network_can_be_made_again_from_its_config() -> None:
    for text in (f"half stem8 s2 silu meanmax | {STAGES}", f"full lite4 s2 relu quarters | {STAGES}"):
        network = SPACE.build(SPACE.from_text(text), TASK).eval()
        again = type(network)(**network.config).eval()
        again.load_state_dict(network.state_dict())
        images = TASK.batch(4)[0]
        assert torch.equal(network(images), again(images))


def test_a_pretrained_stem_counts_and_does_not_learn() -> None:
    network = built(f"full lite4 s1 relu mean | {STAGES}", 3, 64, 64)
    frozen = [p for p in network.parameters() if not p.requires_grad]
    assert sum(p.numel() for p in frozen) == 29_264
    assert all(p.requires_grad for name, p in network.named_parameters() if not name.startswith("stem."))
    assert not network.train().stem.training
    assert network.blocks.training


def test_without_pretrained_stems_none_is_legal_or_drawn() -> None:
    space = registry.create("spaces", Use("conv_net", {"pretrained": False}))
    with pytest.raises(InvalidArchitecture, match="'lite4'"):
        space.from_text(f"full lite4 s1 relu mean | {STAGES}")
    assert not any("lite" in space.to_text(space.sample(rng(0, "scratch", i))) for i in range(200))
    assert any("lite" in SPACE.to_text(SPACE.sample(rng(0, "scratch", i))) for i in range(200))
    near = space.neighbors(space.from_text(f"full stem8 s1 relu mean | {STAGES}"))
    assert not any("lite" in space.to_text(arch) for arch in near)


@pytest.mark.slow
def test_references_are_the_published_shapes_and_keep_the_limit() -> None:
    limits = [Constraint("params", at_most=49_999)]
    assert [SPACE.to_text(c.arch) for c in SPACE.references(TASK, limits)] == [
        "full stem8 s1 relu mean | residual k3 d2 w8 | residual k3 d2 w16 | residual k3 d2 w32",
        "full stem16 s1 relu mean | inverted6 k3 d1 w16 | inverted6 k3 d1 w32 | inverted6 k3 d1 w64",
    ]
    for shape, strides in (((3, 32, 32), "s1 s1 s2"), ((3, 64, 64), "s2 s2 s4"), ((3, 200, 130), "s4 s4")):
        candidates = SPACE.references(ShapesOnly(7, shape), limits)
        assert " ".join(c.arch.ops[3] for c in candidates) == strides
        for candidate in candidates:
            network = built(SPACE.to_text(candidate.arch), *shape)
            assert sum(p.numel() for p in network.parameters()) <= 49_999


def test_a_network_is_made_narrower_until_it_keeps_the_limits() -> None:
    arch = SPACE.from_text(f"full stem64 s1 relu mean | {STAGES.replace('w16', 'w512')}")
    small = SPACE.scaled(arch, TASK, [Constraint("params", at_most=60_000), Constraint("flops", at_most=4e6)])
    assert small is not None
    kept = [op for op in small.ops if op[0] not in "sw" or op == "s1"]
    assert kept == [op for op in arch.ops if op[0] not in "sw" or op == "s1"]
    network = SPACE.build(small, TASK)
    assert sum(p.numel() for p in network.parameters()) <= 60_000
    assert SPACE.scaled(arch, TASK, []) == arch
    assert SPACE.scaled(arch, TASK, [Constraint("params", at_most=10)]) is None


def test_the_portfolio_suits_large_images() -> None:
    from types import SimpleNamespace

    from genas.core import registry

    space = registry.create("spaces", "conv_net")
    pair = space.from_text("full stem16 s2 relu mean | residual k3 d1 w16")
    pretrained = space.from_text("double lite4 s1 relu mean | plain k3 d1 w16")
    for side, wide, stem in ((48, "full stem16 s2", "double lite4 s1"), (128, "full stem16 s4", "full lite4 s1"),
                             (224, "half stem16 s4", "half lite4 s1")):  # fmt: skip
        task = SimpleNamespace(input_shape=(3, side, side))
        assert space.to_text(space.adapted(pair, task)).startswith(wide)
        assert space.to_text(space.adapted(pretrained, task)).startswith(stem)


def test_few_channels_never_meet_torchs_own_strided_1x1_convolution() -> None:
    """Its backward pass damages memory at 48 pixels (torch 2.13); what stands in its place gives the same."""
    network = ConvNet(4, [("residual", 3, 1, 4), ("residual", 3, 1, 16), ("residual", 3, 1, 24)], 3, 48, 10)
    strided = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) and m.stride[0] > 1]
    assert [m.in_channels for m in strided] == [16]
    shortcut = Shortcut(4, 16, 2).eval()
    images = torch.randn(2, 4, 9, 12, generator=torch.Generator().manual_seed(0))
    expected = shortcut.body[1](F.conv2d(images, shortcut.body[0].weight, stride=2))
    assert torch.allclose(shortcut(images), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("head", "finer"),
    [
        ("full stem8 s2", "full stem8 s1"),
        ("half stem8 s2", "half stem8 s1"),
        ("half stem8 s1", "full stem8 s1"),
        ("double stem8 s2", "double stem8 s1"),
        ("full stem8 s1", None),
        ("double stem8 s1", None),
        ("full stem8 s4", None),
        ("full lite4 s2", None),
    ],
)
def test_a_closer_look_needs_no_other_weights(head: str, finer: str | None) -> None:
    rest = "relu mean | plain k3 d1 w8"
    coarse = SPACE.from_text(f"{head} {rest}")
    found = SPACE.finer(coarse)
    assert (found and SPACE.to_text(found)) == (finer and f"{finer} {rest}")
    if found:
        task = registry.create("tasks", "digits")
        one, other = (SPACE.build(arch, task).state_dict() for arch in (coarse, found))
        assert {k: v.shape for k, v in one.items()} == {k: v.shape for k, v in other.items()}
