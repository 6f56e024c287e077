"""Mobile networks: text, legality, shapes, depths, references within limits, and that they learn."""

from __future__ import annotations

import pytest
import torch
from shapes_only import ShapesOnly, outlined
from torch import nn

from genas.core import registry
from genas.core.building import build
from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.records import Architecture, Constraint
from genas.core.rng import rng
from genas.spaces.mobile import MobileSpace
from genas.training.leg import Leg
from genas.training.loop import Training
from genas.training.recipe import Recipe

SPACE, TASK = registry.create("spaces", "mobile"), registry.create("tasks", "digits")
TEXT = "stem8 s1 relu | w8 plain k3_e3 k5_e6 skip skip | w16 se k7_e4 k3_e3 k3_e3 skip"


def built(text: str, *shape: int) -> nn.Module:
    return outlined(SPACE, text, *shape)


def params(arch: Architecture, *shape: int) -> int:
    return sum(p.numel() for p in built(SPACE.to_text(arch), *shape).parameters())


def test_the_text_names_the_head_and_then_the_blocks_of_each_stage() -> None:
    arch = SPACE.from_text(TEXT)
    assert arch.ops[1:4] == ("stem8", "s1", "relu")
    assert SPACE.stages(arch)[1] == ("w16", "se", "k7_e4", "k3_e3", "k3_e3", "skip")
    assert SPACE.to_text(arch) == TEXT


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("k5_e6 skip", "skip skip", "label 7 is 'skip' but must be one of k3_e3"),
        ("w8", "w9", "'w9' but must be one of w8, w12"),
        ("k7_e4", "k9_e4", "'k9_e4' but must be one of"),
        (" | w16 se k7_e4 k3_e3 k3_e3 skip", "", "2 to 5 stages of 6 labels"),
    ],
)
def test_what_is_illegal_is_said(old: str, new: str, message: str) -> None:
    with pytest.raises(InvalidArchitecture, match=message):
        SPACE.from_text(TEXT.replace(old, new, 1))


def test_rows_of_a_table_are_refused() -> None:
    with pytest.raises(InvalidArchitecture, match="images of shape"):
        SPACE.build(SPACE.from_text(TEXT), ShapesOnly(7, (13,)))


def test_samples_have_each_depth_equally_often_and_skip_the_last_blocks_only() -> None:
    depths = []
    for number in range(200):
        for _, _, *blocks in SPACE.stages(SPACE.sample(rng(0, "depths", number))):
            depths.append(sum(block != "skip" for block in blocks))
            assert blocks == sorted(blocks, key=lambda block: block == "skip")
    assert all(0.25 < depths.count(depth) / len(depths) < 0.42 for depth in (2, 3, 4))


def test_stem_and_stages_say_how_large_the_maps_are() -> None:
    network = built(TEXT.replace("s1", "s2"), 3, 48, 40)
    shapes = []
    for stage in (network.stem, *network.body):  # type: ignore[misc]
        stage.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:])))
    assert network(torch.empty(2, 3, 48, 40, device="meta")).shape == (2, 7)
    assert shapes == [(8, 24, 20), (8, 24, 20), (16, 12, 10)]
    assert [len(stage) for stage in network.body] == [2, 3]  # type: ignore[arg-type, union-attr]
    assert network.least_size == 32


def test_a_block_has_the_weights_of_its_kernel_expansion_and_attention() -> None:
    block = built(TEXT, 3, 32, 32).body[1][1]  # type: ignore[index]
    inner = 16 * 3
    convolutions, norms = 2 * 16 * inner + 9 * inner, 2 * (2 * inner + 16)
    gate = 2 * inner * (inner // 4) + inner + inner // 4
    assert sum(p.numel() for p in block.parameters()) == convolutions + norms + gate


def test_tiny_images_are_not_halved_to_nothing() -> None:
    text = "stem8 s4 relu" + " | w8 plain k3_e3 k3_e3 skip skip" * 5
    assert built(text, 1, 8, 8)(torch.empty(1, 1, 8, 8, device="meta")).shape == (1, 7)


def test_references_are_the_largest_of_each_family_within_the_limits() -> None:
    for most in (20_000, 300_000, 3_000_000):
        found = SPACE.references(ShapesOnly(7, (3, 32, 32)), [Constraint("params", at_most=most)])
        counts = {candidate.note: params(candidate.arch, 3, 32, 32) for candidate in found}
        assert all(most / 5 < count <= most for count in counts.values()), counts
        assert any("MobileNetV3" in note for note in counts)


def test_a_fixed_number_of_stages_gives_all_networks_the_same_places() -> None:
    space = MobileSpace(stages=4)
    assert list(space.sizes()) == [29] == [space.max_nodes]
    assert {len(space.sample(rng(0, "fixed", number)).ops) for number in range(20)} == {29}
    assert all(len(candidate.arch.ops) == 29 for candidate in space.references(ShapesOnly(7, (3, 32, 32)), []))
    with pytest.raises(InvalidArchitecture, match="4 to 4 stages"):
        space.from_text(TEXT)
    with pytest.raises(RequestError, match="stages must be 2 to 5, not 6"):
        MobileSpace(stages=6)


def test_scaling_narrows_until_the_limit_holds() -> None:
    large = SPACE.from_text(TEXT.replace("w8", "w96").replace("w16", "w192"))
    small = SPACE.scaled(large, ShapesOnly(7, (3, 32, 32)), [Constraint("params", at_most=60_000)])
    assert params(small, 3, 32, 32) <= 60_000 < params(large, 3, 32, 32)
    assert [op for op in small.ops if op[0] == "k"] == [op for op in large.ops if op[0] == "k"]


def test_a_network_learns_digits() -> None:
    made = Training(build(SPACE, SPACE.from_text(TEXT), TASK, 0), TASK, Recipe(batch_size=32), seed=0)
    made.advance(Leg("short", examples=3_000, decay=True), points=1)
    assert made.curve[-1][1] > 0.5  # chance is 0.1
