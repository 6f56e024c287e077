import numpy as np
import pytest

from genas.core.records import Architecture
from genas.encodings.random_walks import FlowFeatures
from genas.predictors.blend import views
from genas.spaces.nasbench101 import NasBench101
from genas.spaces.nasbench201 import NasBench201

CELLS = NasBench101()
LABELS = 3  # conv3x3, conv1x1, maxpool3x3


def row(ops, edges):
    (found,) = FlowFeatures(CELLS).features([Architecture("nasbench101", ("input", *ops, "output"), edges)])
    sizes = [LABELS] * 4 + [LABELS + 1] * 2 + [LABELS] * 2 + [4]
    return [part.tolist() for part in np.split(found, np.cumsum(sizes)[:-1])]


def test_a_cell_by_hand():
    # input > 3x3 > 3x3 > output, input > 1x1 > output, input > output
    ops, edges = ("conv3x3", "conv3x3", "conv1x1"), ((0, 1), (0, 3), (0, 4), (1, 2), (2, 4), (3, 4))
    back, back_squares, forth, forth_squares, before, behind, widths, squares, counts = row(ops, edges)
    assert back == forth == pytest.approx([2 / 3, 1 / 3, 0])
    assert back_squares == forth_squares == pytest.approx([4 / 3, 1 / 3, 0])
    assert (before, behind) == ([1, 1, 0, 1], [1, 1, 0, 1])  # the last for the edge between input and output
    assert widths == [1, 0.5, 0]  # two share the output, and the first 3x3 is as wide as the second
    assert squares == pytest.approx(np.log([0.51, 0.26, 0.01]))
    assert counts == [2, 3, 1, 5]


def test_both_directions_are_told_apart():
    # input > pool > output, input > pool > 1x1 > output, input > 3x3 > output
    ops, edges = ("maxpool3x3", "conv1x1", "conv3x3"), ((0, 1), (0, 3), (1, 2), (1, 4), (2, 4), (3, 4))
    back, _, forth, *_ = row(ops, edges)
    assert back == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert forth == pytest.approx([1 / 2, 1 / 4, 1 / 2])


def test_no_renumbering_changes_a_row():
    one = row(("conv3x3", "conv1x1"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    assert one == row(("conv1x1", "conv3x3"), ((0, 1), (0, 2), (1, 3), (2, 3)))


def test_nodes_that_are_cut_off_count_for_nothing():
    space = NasBench201()
    texts = [
        "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|none~2|",
        "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|avg_pool_3x3~1|none~2|",  # the 1x1 led nowhere
    ]
    first, second = FlowFeatures(space).features([space.from_text(text) for text in texts])
    assert np.array_equal(first, second)


def test_only_spaces_with_open_edges_have_the_view():
    cells = [CELLS.sample(np.random.default_rng(i)) for i in range(3)]
    known = views(CELLS, cells)
    assert np.array_equal(known.flow, FlowFeatures(CELLS).features(cells))
    assert np.array_equal(known.reach[:, -known.flow.shape[1] :], known.flow)
    space = NasBench201()
    assert views(space, [space.sample(np.random.default_rng(0))]).flow.shape == (1, 0)
