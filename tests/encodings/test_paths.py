from dataclasses import replace

import numpy as np
import pytest

from genas.core import registry
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.encodings.paths import ArchFeatures

CELLS = registry.create("spaces", "nasbench201")


def cell(*ops):
    return Architecture("nasbench201", ("input", *ops, "output"), CELLS.frame(8).edges)


def paths(arch):
    """Of the three symbols conv 1x1, conv 3x3, pooling in base 4: what is counted how often."""
    features = ArchFeatures(CELLS)
    row = features.features([arch])[0, features.groups["paths"]]
    return {int(i): int(row[i]) for i in np.flatnonzero(row)}


def test_paths_by_hand():
    # operations 0->1, 0->2, 1->2, 0->3, 1->3, 2->3 of the cell
    arch = cell("nor_conv_1x1", "skip_connect", "avg_pool_3x3", "none", "nor_conv_3x3", "skip_connect")
    # 0-1-3: 1x1, 3x3; 0-2-3: skip, skip; 0-1-2-3: 1x1, pool, skip; 0-3: cut
    assert paths(arch) == {1 * 4 + 2: 1, 0: 1, 1 * 4 + 3: 1}


def test_a_cut_cell_has_no_path_and_a_free_one_all_four():
    assert paths(cell(*["none"] * 6)) == {}
    assert paths(cell(*["skip_connect"] * 6)) == {0: 4}
    assert paths(cell(*["nor_conv_3x3"] * 6)) == {2: 1, 10: 2, 42: 1}


def test_places_are_one_hot():
    features = ArchFeatures(CELLS)
    row = features.features([cell("none", *["nor_conv_3x3"] * 5)])[0, features.groups["places"]].reshape(6, 5)
    assert row.sum() == 6
    assert (row.argmax(1)[1:] == row.argmax(1)[1]).all()
    assert row.argmax(1)[0] != row.argmax(1)[1]


@pytest.mark.parametrize("name", ["nasbench201", "nasbench101", "conv_net", "nasbench_graph", "gpt"])
def test_every_space_in_any_order_and_batch(name):
    space = registry.create("spaces", name)
    random = rng(0, "paths")
    archs = [space.sample(random) for _ in range(300)]
    features = ArchFeatures(space)
    rows = features.features(archs)
    assert rows.shape == (300, features.size)
    assert rows.dtype == np.float32
    assert np.array_equal(rows[::-1], ArchFeatures(space).features(archs[::-1]))
    assert len(np.unique(rows, axis=0)) >= 0.95 * len({a.key for a in archs})
    assert features.groups["paths"].stop == features.size


def test_open_edges_are_bits_and_the_order_of_twins_does_not_change_paths():
    space = registry.create("spaces", "nasbench101")
    features = ArchFeatures(space)
    one = Architecture("nasbench101", ("input", "conv3x3", "conv1x1", "output"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    two = replace(one, ops=("input", "conv1x1", "conv3x3", "output"))
    assert one.key == two.key
    rows = features.features([one, two])
    assert rows[0, features.groups["edges"]].sum() == 4
    assert np.array_equal(rows[0, features.groups["paths"]], rows[1, features.groups["paths"]])
