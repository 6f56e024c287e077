"""Muon's updates are orthogonal and no larger than AdamW's; filters and other weights each have their optimizer."""

from __future__ import annotations

import torch
from torch import nn

from genas.training.optimizers import Muon, optimizers_of, orthogonal
from genas.training.recipe import Recipe


def test_matrices_become_nearly_orthogonal_and_keep_their_directions() -> None:
    for rows, columns in ((8, 27), (27, 8)):
        matrices = torch.randn(3, rows, columns, generator=torch.Generator().manual_seed(rows))
        left, _, right = torch.linalg.svd(matrices, full_matrices=False)
        found = orthogonal(matrices)
        values = torch.linalg.svdvals(found)
        assert values.min() > 0.5
        assert values.max() < 1.3
        nearest = left @ right
        assert (found * nearest).sum((1, 2)).div(found.norm(dim=(1, 2)) * nearest.norm(dim=(1, 2))).min() > 0.97


def test_layers_of_equal_shape_do_not_disturb_each_other() -> None:
    torch.manual_seed(0)
    weights = [nn.Parameter(torch.randn(4, 3, 3, 3)) for _ in range(2)]
    alone = nn.Parameter(weights[0].detach().clone())
    for weight in (*weights, alone):
        weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1 + (weight is weights[1])))
    before = alone.detach().clone()
    Muon(weights, 0.1).step()
    Muon([alone], 0.1).step()
    assert torch.allclose(weights[0], alone, atol=1e-6)
    moved = (alone.detach() - before).square().mean().sqrt()
    assert 0.5 * 0.1 * 0.2 < moved < 1.5 * 0.1 * 0.2, "an update has the size of AdamW's"


def test_filters_of_all_channels_go_to_muon_and_the_rest_to_adamw() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, groups=8), nn.Flatten(), nn.Linear(8, 2)
    )
    adamw, muon = optimizers_of(network, Recipe(learning_rate=0.01, weight_decay=0.3))
    assert isinstance(muon, Muon)
    assert [p.shape for g in muon.param_groups for p in g["params"]] == [(8, 3, 3, 3)]
    decayed, plain = adamw.param_groups
    assert [tuple(p.shape) for p in decayed["params"]] == [(8, 1, 3, 3), (2, 8)]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    assert len(plain["params"]) == 5
    assert [type(o).__name__ for o in optimizers_of(nn.Linear(3, 2), Recipe())] == ["AdamW"]
