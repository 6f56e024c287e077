"""A recipe keeps its bounds, moves by single steps, and gives way to what the task knows."""

from __future__ import annotations

import pytest

from genas.core.errors import RequestError
from genas.core.rng import rng
from genas.training.recipe import CHOICES, Recipe, effective


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("learning_rate", (0.0, -1e-3, 1.5, float("nan"), float("inf"), "fast", True, None)),
        ("weight_decay", (-0.1, 11.0, float("nan"))),
        ("batch_size", (1, 0, 200_000, 64.5, "64")),
        ("smoothing", (-0.1, 0.95)),
        ("shift", (-0.1, 0.6)),
        ("cutout", (-0.1, 0.95)),
        ("mix", (-0.1, 0.6)),
        ("flips", ("sideways", "", None, True)),
    ],
)
def test_values_out_of_their_range_are_refused_by_name(name: str, values: tuple[object, ...]) -> None:
    for value in values:
        with pytest.raises(RequestError, match=f"recipe: {name} must be"):
            Recipe.from_data({name: value})


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RequestError, match=r"no 'rate'; write one of learning_rate, .*mix"):
        Recipe.from_data({"rate": 1e-3})


@pytest.mark.parametrize(("name", "low", "high"), [("batch_size", 2, 100_000), ("mix", 0, 0.5), ("smoothing", 0, 0.9)])
def test_the_ends_of_a_range_belong_to_it(name: str, low: float, high: float) -> None:
    for value in (low, high):
        assert Recipe.from_data({name: value}).to_data()[name] == value


def test_plain_values_there_and_back() -> None:
    recipe = Recipe(learning_rate=8e-3, flips="turns", mix=0.2)
    assert Recipe.from_data(recipe.to_data()) == recipe
    assert Recipe.from_data({}) == Recipe()
    assert "learning rate 0.008" in str(recipe)
    assert "flips turns" in str(recipe)


def test_a_change_moves_one_value_to_a_neighbouring_choice_and_reaches_all() -> None:
    recipe, generator, seen = Recipe(), rng(0, "changes"), {name: set() for name in CHOICES}
    for _ in range(2000):
        before, after = recipe.to_data(), recipe.changed(generator).to_data()
        (name,) = [name for name in before if before[name] != after[name]]
        places = [CHOICES[name].index(values[name]) for values in (before, after)]
        assert abs(places[0] - places[1]) == 1
        seen[name].add(after[name])
        recipe = Recipe.from_data(after)
    assert {name: tuple(sorted(values, key=CHOICES[name].index)) for name, values in seen.items()} == CHOICES


def test_a_value_between_the_choices_moves_to_one_of_them() -> None:
    generator = rng(0, "between")
    found = {Recipe(learning_rate=5e-3).changed(generator).learning_rate for _ in range(200)}
    assert found == {5e-3, 2e-3, 8e-3}, "one step from the nearest choice, or another value was changed"


def test_the_same_chance_makes_the_same_change() -> None:
    assert Recipe().changed(rng(3, "a")) == Recipe().changed(rng(3, "a"))


def test_all_choices_are_legal() -> None:
    for name, values in CHOICES.items():
        assert [Recipe.from_data({name: value}).to_data()[name] for value in values] == list(values)


@pytest.mark.parametrize(
    ("mirror", "before", "after"),
    [
        (False, "none", "none"), (False, "mirror", "none"), (False, "turns", "none"),
        (True, "none", "mirror"), (True, "mirror", "mirror"), (True, "turns", "turns"),
        (None, "none", "none"), (None, "mirror", "mirror"), (None, "turns", "turns"),
    ],
)  # fmt: skip
def test_a_task_that_knows_says_whether_images_may_be_mirrored(mirror: bool | None, before: str, after: str) -> None:
    recipe = Recipe.from_data({"flips": before, "shift": 0.04})
    assert recipe.allowed(mirror).to_data() == {**recipe.to_data(), "flips": after}


def test_what_cannot_reach_a_network_behind_kept_maps_is_not_in_its_recipe() -> None:
    written = {"shift": 0.08, "cutout": 0.25, "flips": "turns", "mix": 0.2}
    found = effective(written, {}, None, frozen=True)
    assert (found.shift, found.cutout, found.flips, found.mix) == (0.0, 0.0, "mirror", 0.2)
    assert effective({"flips": "none"}, {}, None, frozen=True).flips == "none"
    assert effective(written, {}, None).to_data() == Recipe(**written).to_data()  # type: ignore[arg-type]


def test_what_a_tasks_loss_takes_no_account_of_is_nothing() -> None:
    recipe = Recipe(smoothing=0.1, mix=0.4)
    assert recipe.allowed(None, ("smoothing", "mix")) == recipe
    assert recipe.allowed(None, ("mix",)) == Recipe(smoothing=0.0, mix=0.4)
    assert effective(recipe.to_data(), {}, None, ()) == Recipe(smoothing=0.0, mix=0.0)
