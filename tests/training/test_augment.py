"""Changed copies of images: moved, mirrored, turned, blanked out and blended, by one generator alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from genas.training.augment import augment, mix, share_of_side, shrunk
from genas.training.recipe import Recipe

STILL = Recipe(shift=0.0)
EVERYTHING = Recipe(shift=0.12, flips="turns", cutout=0.4)
SHAPES = [(6, 1, 8, 8), (5, 3, 12, 7), (4, 2, 5, 9), (1, 1, 1, 1), (3, 3, 32, 32)]


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(count: int, height: int, width: int, channels: int = 1) -> Tensor:
    """Images in which every pixel is another number, 1 and up."""
    return torch.arange(1.0, count * channels * height * width + 1).view(count, channels, height, width)


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_stay_and_the_input_too(shape: tuple[int, ...]) -> None:
    inputs = torch.randn(shape, generator=chance())
    kept = inputs.clone()
    found = augment(inputs, EVERYTHING, chance())
    assert (found.shape, found.dtype) == (inputs.shape, inputs.dtype)
    assert torch.equal(inputs, kept), "augment changed its input"


@pytest.mark.parametrize("recipe", [EVERYTHING, Recipe(), Recipe(flips="mirror"), Recipe(cutout=0.25)])
def test_the_generator_alone_decides(recipe: Recipe) -> None:
    inputs = torch.randn((8, 3, 16, 16), generator=chance())
    torch.manual_seed(123)
    before = torch.get_rng_state()
    one, same, other = (augment(inputs, recipe, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(before, torch.get_rng_state())


def test_a_recipe_without_changes_changes_nothing() -> None:
    inputs = torch.randn((8, 3, 16, 16), generator=chance())
    assert torch.equal(augment(inputs, STILL, chance()), inputs)
    tiny = numbered(4, 5, 5)
    assert torch.equal(augment(tiny, Recipe(shift=0.08), chance()), tiny), "0.08 of 5 pixels is none"


@pytest.mark.parametrize(("height", "width"), [(5, 5), (4, 7)])
def test_a_shift_moves_whole_images_and_repeats_the_border(height: int, width: int) -> None:
    pixels, inputs = 1, numbered(64, height, width, channels=2)
    found = augment(inputs, Recipe(shift=0.25), chance())
    moves = set()
    for before, after in zip(inputs, found, strict=True):
        rows, columns = torch.arange(height), torch.arange(width)
        fits = [
            (down, right)
            for down in range(-pixels, pixels + 1)
            for right in range(-pixels, pixels + 1)
            if torch.equal(
                after, before[:, (rows - down).clamp(0, height - 1)][:, :, (columns - right).clamp(0, width - 1)]
            )
        ]
        assert len(fits) == 1, "it is no moved copy"
        moves.update(fits)
    assert moves == {(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)}


def test_a_shift_is_a_share_of_the_shorter_side_and_as_large_as_the_image_at_most_by_half() -> None:
    point = torch.zeros(400, 1, 20, 40)
    point[:, 0, 10, 20] = 1.0
    places = (augment(point, Recipe(shift=0.1), chance()) == 1).nonzero()[:, 2:]
    assert (places.amin(0).tolist(), places.amax(0).tolist()) == ([8, 18], [12, 22])
    assert augment(point, Recipe(shift=0.5), chance()).shape == point.shape


def test_mirroring_is_the_toss_of_a_coin() -> None:
    inputs = numbered(1, 3, 4).expand(400, -1, -1, -1)
    found = augment(inputs, Recipe(shift=0.0, flips="mirror"), chance())
    mirrored = (found == inputs.flip(3)).flatten(1).all(1)
    assert 160 < int(mirrored.sum()) < 240
    assert torch.equal(found[~mirrored], inputs[~mirrored])


def seen(inputs: Tensor, found: Tensor, kinds: dict[str, Callable[[Tensor], Tensor]]) -> set[str]:
    """Which of these changes the images went through."""
    names = set()
    for before, after in zip(inputs, found, strict=True):
        fits = [name for name, change in kinds.items() if torch.equal(change(before), after)]
        assert len(fits) == 1
        names.update(fits)
    return names


def test_square_images_are_turned_and_mirrored_in_all_eight_ways() -> None:
    inputs = numbered(200, 3, 3)
    kinds: dict[str, Callable[[Tensor], Tensor]] = {}
    for quarters in range(4):
        kinds[f"turned {quarters}"] = lambda x, q=quarters: x.rot90(q, (1, 2))  # type: ignore[misc]
        kinds[f"mirrored, turned {quarters}"] = lambda x, q=quarters: x.flip(2).rot90(q, (1, 2))  # type: ignore[misc]
    assert seen(inputs, augment(inputs, Recipe(shift=0.0, flips="turns"), chance()), kinds) == set(kinds)


def test_other_images_are_turned_upside_down_only() -> None:
    inputs = numbered(100, 3, 5)
    kinds: dict[str, Callable[[Tensor], Tensor]] = {
        "as it was": lambda x: x, "mirrored": lambda x: x.flip(2), "upside down": lambda x: x.flip(1),
        "turned by half": lambda x: x.flip((1, 2)),
    }  # fmt: skip
    assert seen(inputs, augment(inputs, Recipe(shift=0.0, flips="turns"), chance()), kinds) == set(kinds)


@pytest.mark.parametrize(("height", "width", "hole"), [(16, 16, 4), (10, 24, 2)])
def test_cutout_blanks_one_square_that_may_reach_over_the_border(height: int, width: int, hole: int) -> None:
    inputs = numbered(3000, height, width, channels=2)
    found = augment(inputs, Recipe(shift=0.0, cutout=0.25), chance())
    blank = found == 0
    assert torch.equal(found[~blank], inputs[~blank])
    assert torch.equal(blank[:, 0], blank[:, 1]), "all channels"
    sizes = set()
    for image in blank[:, 0]:
        rows, columns = image.any(1).nonzero()[:, 0], image.any(0).nonzero()[:, 0]
        assert (
            image.sum() == len(rows) * len(columns) == image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].sum()
        )
        sizes.add((len(rows), len(columns)))
    assert max(sizes) == (hole, hole)
    assert (hole // 2, hole) in sizes, "over the upper or lower border"
    assert (hole, hole // 2) in sizes, "over the left or right border"
    assert blank[:, 0].any(0).all(), "every place may be blanked out"


def test_mixing_blends_pairs_by_one_share_and_names_both_labels() -> None:
    inputs, labels = numbered(6, 2, 2), torch.arange(10, 16)
    kept, shares = inputs.clone(), []
    for seed in range(50):
        mixed = mix(inputs, labels, 0.4, chance(seed))
        shares.append(mixed.share)
        assert sorted(mixed.second.tolist()) == labels.tolist()
        others = inputs[mixed.second - 10]
        torch.testing.assert_close(mixed.inputs, (1 - mixed.share) * inputs + mixed.share * others)
    assert 0 <= min(shares) < 0.1
    assert 0.3 < max(shares) <= 0.4
    assert torch.equal(inputs, kept)


def test_mixing_is_decided_by_the_generator() -> None:
    inputs, labels = numbered(16, 2, 2), torch.arange(16)
    one, same, other = (mix(inputs, labels, 0.4, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(one.inputs, same.inputs)
    assert (one.share, one.second.tolist()) == (same.share, same.second.tolist())
    assert one.second.tolist() != other.second.tolist()


def test_images_grow_to_their_whole_size_before_a_final_ends() -> None:
    shares = [share_of_side(progress / 100) for progress in range(100)]
    assert shares == sorted(shares) and shares[0] == 0.5 and shares[60:] == [1.0] * 40


@pytest.mark.parametrize(("shape", "sides"), [((32, 32), (16, 16)), ((48, 30), (24, 16)), ((28, 8), (16, 8))])
def test_small_images_have_even_sides_and_are_not_made_smaller_than_the_least(
    shape: tuple[int, int], sides: tuple[int, int]
) -> None:
    images = torch.randn((2, 3, *shape), generator=chance())
    assert shrunk(images, 0.5, 16).shape == (2, 3, *sides)
    assert torch.allclose(shrunk(torch.full((1, 1, *shape), 3.0), 0.5, 16), torch.tensor(3.0))
    assert shrunk(images, 0.5, 64) is images
