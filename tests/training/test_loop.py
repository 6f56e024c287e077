"""The training loop: learns, repeats itself, resumes to the same end, and reports divergence as a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from genas.core import registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Constraint
from genas.nn.train import Recipe, Trained, _Training, accuracy, build, pick_device, train

RECIPE = Recipe(epochs=3, examples=256)


@pytest.fixture(scope="module")
def task() -> Task:
    return registry.create("tasks", "digits")  # type: ignore[no-any-return]


def network(task: Task, seed: int = 0) -> nn.Module:
    space = registry.create("spaces", "conv_net")
    return build(space, space.from_text("stem8 | residual k3 d1 w8 | plain k3 d1 w16"), task, seed)


def same(a: Trained, b: Trained) -> bool:
    return a.curve == b.curve and all(torch.equal(a.weights[k], b.weights[k]) for k in a.weights)


def test_same_seed_same_weights_and_the_random_state_is_left_alone(task: Task) -> None:
    torch.manual_seed(123)
    before = torch.get_rng_state()
    first, again = (train(network(task), task, RECIPE, seed=1, device="cpu") for _ in range(2))
    assert same(first, again)
    assert torch.equal(before, torch.get_rng_state())
    assert not same(first, train(network(task), task, RECIPE, seed=2, device="cpu"))


def test_it_learns_and_returns_the_best_epoch(task: Task) -> None:
    done = train(network(task), task, Recipe(epochs=12), seed=0, device="cpu")
    assert done.accuracy == max(done.curve) > 0.8
    fresh = network(task, seed=5)
    fresh.load_state_dict(done.weights)
    assert accuracy(fresh, task, task.data("val"), torch.device("cpu")) == done.accuracy


def test_a_stopped_training_goes_on_to_the_same_end(task: Task, tmp_path: Path) -> None:
    whole = train(network(task), task, RECIPE, seed=1, device="cpu")
    path = tmp_path / "store" / "checkpoint"

    class Killed(Exception):
        pass

    training = _Training(network(task), task, RECIPE, seed=1, device=torch.device("cpu"), checkpoint=path)

    def kill(epoch: int, value: float) -> None:
        training._save()
        if epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        training.run(kill)
    seen: list[int] = []
    rest = train(
        network(task, seed=9), task, RECIPE, seed=1, device="cpu", checkpoint=path, on_epoch=lambda e, _: seen.append(e)
    )
    assert seen == [3] and same(whole, rest) and not path.exists()


class Exploding(nn.Module):
    """Its output is infinite."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).sum(1, keepdim=True) * self.weight / 0.0


def test_divergence_is_a_failed_score(task: Task) -> None:
    with pytest.raises(ScoreFailed, match="epoch 1"):
        train(Exploding(), task, RECIPE, seed=0, device="cpu")


def test_an_absent_device_is_the_users_to_mend() -> None:
    with pytest.raises(RequestError, match="cpu"):
        pick_device("tpu9")
    assert pick_device("auto").type in {"cpu", "cuda", "mps"}


def test_references_are_the_published_shapes_and_keep_the_limit(task: Task) -> None:
    space = registry.create("spaces", "conv_net")
    found = space.references(task, [Constraint("params", at_most=49_999)])
    assert [space.to_text(c.arch) for c in found] == [
        "stem8 | residual k3 d2 w8 | residual k3 d2 w16 | residual k3 d2 w32",
        "stem16 | inverted k3 d1 w16 | inverted k3 d1 w32 | inverted k3 d1 w64",
    ]
    for candidate in found:
        assert sum(p.numel() for p in space.build(candidate.arch, task).parameters()) <= 49_999


def test_augmented_digits_are_shifted_by_at_most_one_pixel(task: Task) -> None:
    blank = task.prepare(torch.zeros(50, 1, 8, 8, dtype=torch.uint8))
    blank[:, 0, 4, 4] = 9.0
    moved = task.augment(blank, seed=3)
    places = {tuple(p) for p in (moved == 9.0).nonzero()[:, 2:].tolist()}
    assert places <= {(r, c) for r in (3, 4, 5) for c in (3, 4, 5)} and len(places) > 5
    assert torch.equal(moved, task.augment(blank, seed=3))


@pytest.mark.parametrize("examples", [32, 64, 128, 320, 640])
def test_trainings_of_few_steps_end(task: Task, examples: int) -> None:
    done = train(network(task), task, Recipe(epochs=1, examples=examples, val_examples=50), device="cpu")
    assert len(done.curve) == 1
