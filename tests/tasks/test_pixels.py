"""Pictures as tensors: dividing and standardising."""

import pytest
import torch

from genas.tasks import _pixels


def test_split_keeps_shares_in_every_class_and_uses_each_row_once():
    labels = torch.tensor([0] * 100 + [1] * 20 + [2] * 3)
    train, val, test = _pixels.split(labels)
    assert sorted(torch.cat((train, val, test)).tolist()) == list(range(123))
    assert labels[train].bincount().tolist() == [70, 14, 1]
    assert labels[val].bincount().tolist() == [15, 3, 1]
    assert labels[test].bincount().tolist() == [15, 3, 1]
    assert all(torch.equal(a, b) for a, b in zip(_pixels.split(labels), (train, val, test), strict=True))
    assert not torch.equal(_pixels.split(labels, seed=1)[1], val)


def test_held_out_share_of_every_class():
    labels = torch.tensor([0] * 50 + [1] * 10)
    rest, held = _pixels.hold_out(labels, 0.1)
    assert labels[held].bincount().tolist() == [5, 1]
    assert sorted(torch.cat((rest, held)).tolist()) == list(range(60))


def test_subset_in_proportion_and_exact():
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    rows = _pixels.subset(labels, 11)
    assert len(rows) == len(set(rows.tolist())) == 11
    assert labels[rows].bincount().tolist() == [6, 3, 2]  # 5.5, 3.3, 2.2
    assert torch.equal(_pixels.subset(labels, 1000), torch.arange(100))


def test_statistics_of_all_pixels():
    inputs = torch.randint(0, 256, (5000, 2, 2, 3), generator=torch.Generator().manual_seed(0)).byte()
    mean, std = _pixels.statistics(inputs, 255.0)
    scaled = inputs.double() / 255
    assert mean == pytest.approx(scaled.mean((0, 2, 3)).tolist())
    assert std == pytest.approx(scaled.std((0, 2, 3), correction=0).tolist())
    assert _pixels.statistics(torch.full((3, 1, 2, 2), 7, dtype=torch.uint8), 255.0)[1] == (1.0,)


def test_groups_of_equal_examples_are_parted_by_class_and_large_ones_stay():
    groups = [(i, i % 2, 1 if i else 40) for i in range(60)]
    place = _pixels.apart(groups, 0.15, 2)
    assert place[0] == 0  # forty of the 69 examples of its class
    sizes = [sum(size for name, label, size in groups if label == 1 and place[name] == part) for part in range(3)]
    assert sizes == [22, 4, 4]


def test_each_part_gets_a_group_where_there_are_three():
    assert sorted(_pixels.apart([(0, 0, 8), (1, 0, 1), (2, 0, 1)], 0.15, 2).values()) == [0, 1, 2]
