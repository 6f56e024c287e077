import pytest
import torch
from torch import nn

from genas.learners._loop import Recipe, train


class Stopped(Exception):
    pass


def run(tmp_path, *, stop_after=None, tag="t", epochs=12):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 1))
    x = torch.randn(60, 3)
    y = x.sum(1, keepdim=True)
    seen = []

    def loss(rows, generator):
        noise = 0.01 * torch.randn(len(rows), 1, generator=generator)
        return ((model(x[rows]) - y[rows] + noise) ** 2).mean()

    def progress(p):
        seen.append(p)
        if p.epoch == stop_after:
            raise Stopped

    recipe = Recipe(epochs, batch=16, rate=1e-2, every=5)
    checkpoint = tmp_path / "checkpoint.safetensors"
    rows = torch.arange(60)
    best = train(model, loss, rows[:50], rows[50:], recipe, checkpoint=checkpoint, tag=tag, on_progress=progress)
    return model.state_dict(), best, seen


def test_it_learns_and_returns_the_best_held_out_loss(tmp_path):
    _, best, seen = run(tmp_path)
    assert seen[-1].held_out < seen[0].held_out
    assert best == min(p.held_out for p in seen)


def test_a_stopped_fit_goes_on_and_ends_the_same(tmp_path):
    whole, best, _ = run(tmp_path / "a")
    with pytest.raises(Stopped):
        run(tmp_path / "b", stop_after=7)
    again, best_again, seen = run(tmp_path / "b")
    assert seen[0].epoch == 6  # from the checkpoint after epoch 5
    assert best == best_again
    assert all(torch.equal(whole[k], again[k]) for k in whole)


def test_a_checkpoint_of_other_data_is_not_continued(tmp_path):
    with pytest.raises(Stopped):
        run(tmp_path, stop_after=7)
    assert run(tmp_path, tag="other")[2][0].epoch == 1


def test_the_global_random_state_is_left_alone(tmp_path):
    model = nn.Linear(1, 1)
    before = torch.get_rng_state()
    rows = torch.arange(4)
    train(
        model, lambda r, g: model(torch.ones(len(r), 1)).sum(), rows, rows, Recipe(1),
        checkpoint=tmp_path / "c.safetensors", tag="x",
    )  # fmt: skip
    assert torch.equal(before, torch.get_rng_state())
