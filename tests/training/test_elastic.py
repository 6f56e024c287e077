"""Weights of a larger mobile network serve smaller ones: centres of kernels, first blocks, first channels."""

from __future__ import annotations

import copy

import pytest
import torch

from genas.networks.mobile import MobileNet
from genas.training.elastic import inherit, sort_by_importance

LARGE = [(8, False, [(5, 6)] * 3), (16, True, [(7, 6)] * 4)]


def network(stages=LARGE, *, stem: int = 8, seed: int = 0) -> MobileNet:
    """In evaluation mode, with statistics of normalisation that are no longer the initial ones."""
    torch.manual_seed(seed)
    made = MobileNet(stem, stages, 3, 16, 5, act="hswish").train()
    made(torch.randn(16, 3, 16, 16))
    return made.eval()


@pytest.fixture(autouse=True)
def _own_chance():
    with torch.random.fork_rng():
        yield


def images() -> torch.Tensor:
    return torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(3))


def test_a_full_size_sub_network_equals_the_large_one() -> None:
    large, small = network(), network(seed=1)
    assert not torch.allclose(small(images()), large(images()))
    inherit(small, large)
    assert torch.equal(small(images()), large(images()))


def test_sorting_changes_no_output_and_puts_important_channels_first() -> None:
    large = network()
    before, sorted_one = large(images()), copy.deepcopy(large)
    sort_by_importance(sorted_one)
    assert torch.allclose(sorted_one(images()), before, atol=1e-5)
    for stage in sorted_one.body:
        for block in stage:
            read = block.narrow[0].weight.abs().sum(dim=(0, 2, 3))
            assert (read[:-1] >= read[1:]).all()
    assert not torch.equal(sorted_one.body[0][0].narrow[0].weight, large.body[0][0].narrow[0].weight)


def test_smaller_kernels_are_centres_and_smaller_expansions_the_first_channels() -> None:
    large = network()
    small = network([(8, False, [(3, 3)] * 2), (16, True, [(5, 4), (3, 6)])], seed=1)
    inherit(small, large)
    mine, its = small.body[1][0], large.body[1][0]
    assert torch.equal(mine.filter[0].weight, its.filter[0].weight[:32, :, 1:6, 1:6])
    assert torch.equal(mine.widen[0].weight, its.widen[0].weight[:32])
    assert torch.equal(mine.narrow[0].weight, its.narrow[0].weight[:, :32])
    assert torch.equal(mine.excite.reduce.weight, its.excite.reduce.weight[:8, :32])
    assert torch.equal(mine.widen[1].running_var, its.widen[1].running_var[:32])
    assert torch.equal(small.body[1][1].filter[0].weight, large.body[1][1].filter[0].weight[..., 2:5, 2:5])
    assert torch.equal(small.head.weight, large.head.weight)


def test_kernels_whose_border_is_zero_lose_nothing_when_cropped() -> None:
    large = network()
    for stage in large.body:
        for block in stage:
            weight, border = block.filter[0].weight, (block.filter[0].kernel_size[0] - 3) // 2
            kept = torch.zeros_like(weight)
            kept[..., border:-border, border:-border] = weight[..., border:-border, border:-border]
            weight.data = kept
    small = network([(width, excite, [(3, e) for _, e in blocks]) for width, excite, blocks in LARGE], seed=1)
    inherit(small, large)
    assert torch.allclose(small(images()), large(images()), atol=1e-5)


@pytest.mark.parametrize(
    ("stages", "stem", "why"),
    [
        (LARGE, 12, "stem must be 8"),
        (LARGE[:1], 8, "there must be 2 stages"),
        ([(8, False, [(5, 6)] * 3), (24, True, [(7, 6)] * 4)], 8, "stage 2 must have the width"),
        ([(8, False, [(7, 6)] * 3), LARGE[1]], 8, "stage 1 is larger"),
        ([(8, False, [(5, 6)] * 4), LARGE[1]], 8, "stage 1 is larger"),
    ],
)
def test_what_is_not_part_of_the_large_one_is_refused(stages, stem: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        inherit(network(stages, stem=stem), network())
