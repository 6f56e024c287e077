from dataclasses import replace

import numpy as np
import pytest

from genas.core import registry
from genas.core.records import Architecture
from genas.core.rng import rng
from genas.encodings.reach import ReachFeatures

SPACE = registry.create("spaces", "nasbench101")


def test_features_by_hand():
    # input > 3x3 > output, input > 1x1 > pool > output
    ops = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")
    arch = Architecture("nasbench101", ops, ((0, 1), (0, 2), (1, 4), (2, 3), (3, 4)))
    row = ReachFeatures(SPACE).features([arch])[0]
    symbols = [op for op in SPACE.ops if op not in ("input", "output")]
    pairs = [(i, j) for i in range(3) for j in range(i + 1, 3)]
    sets = [{s} for s in symbols] + [{symbols[i], symbols[j]} for i, j in pairs] + [set(symbols)]
    fewest, longest, rest = row[:10], row[10:20], row[20:]
    ways, edges, out, into = rest[:7], rest[7:14], rest[14:21], rest[21:28]
    for number, part in enumerate(sets):
        short, long = "conv3x3" in part, {"conv1x1", "maxpool3x3"} <= part
        lengths = [1] * short + [2] * long or [8]  # 8: there is no path
        assert (fewest[number], longest[number]) == (min(lengths), max(lengths))
        assert ways[number] == pytest.approx(np.log1p(short + long))
        assert edges[number] == 2 * short + ("conv1x1" in part) + ("maxpool3x3" in part) + long
        assert (out[number], into[number]) == (short + ("conv1x1" in part), short + ("maxpool3x3" in part))
    assert fewest[7:].tolist() == [0, 0, 0]  # each label can be gone round
    assert longest[7:].tolist() == [1, 1, 1]
    assert rest[28:].tolist() == [1, 1, 1, 5, 5, 2, 2]  # labels, nodes, edges, most edges into and out of a node


@pytest.mark.parametrize("name", ["nasbench201", "nasbench101", "conv_net", "nasbench_graph", "gpt"])
def test_every_space_in_any_batch(name):
    space = registry.create("spaces", name)
    random = rng(0, "reach")
    archs = [space.sample(random) for _ in range(40)]
    rows = ReachFeatures(space).features(archs)
    assert len(rows) == 40
    assert np.isfinite(rows).all()
    assert np.array_equal(rows[7:9], ReachFeatures(space).features(archs[7:9]))


def test_equal_keys_have_equal_features():
    ops = ("input", "conv3x3", "conv1x1", "output")
    one = Architecture("nasbench101", ops, ((0, 1), (0, 2), (1, 3), (2, 3)))
    two = replace(one, ops=("input", "conv1x1", "conv3x3", "output"))
    assert one.key == two.key
    rows = ReachFeatures(SPACE).features([one, two])
    assert np.array_equal(rows[0], rows[1])
