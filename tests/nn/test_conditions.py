import pytest
import torch

from genas.core.errors import RequestError
from genas.core.records import Constraint
from genas.nn.conditions import Conditions, affordable, bucket, conditions, level_of, size_edges, size_level


def test_buckets_and_options():
    assert [bucket(q) for q in (0.0, 0.09, 0.1, 0.95, 1.0)] == [0, 0, 1, 9, 9]
    assert [level_of(o) for o in ("top", "any", 0, 0.55, "0.3", 1)] == [9, -1, 0, 5, 3, 9]
    for wrong in ("best", -0.1, 1.01, float("nan")):
        with pytest.raises(RequestError, match="level must be"):
            level_of(wrong)


def test_size_levels_have_equal_shares():
    counts = [float(i) for i in range(1, 101)]
    edges = size_edges(counts)
    assert edges[-1] == 100
    shares = [sum(size_level(c, edges) == level for c in counts) for level in range(10)]
    assert sum(shares) == 100
    assert all(9 <= share <= 11 for share in shares)
    assert (size_level(0.5, edges), size_level(1e9, edges)) == (0, 9)


def test_what_limits_allow():
    edges = [float(10 * i) for i in range(1, 11)]
    assert affordable([], edges) == [-1]
    assert affordable([Constraint("flops", at_most=5)], edges) == [-1]
    assert affordable([Constraint("params", at_most=55)], edges) == [2, 3, 4]
    assert affordable([Constraint("params", at_most=5)], edges) == [0]  # smaller than anything seen
    assert affordable([Constraint("params", at_most=1000)], edges) == [-1]  # no limit in effect
    assert affordable([Constraint("size_mb", at_most=55 * 4e-6), Constraint("params", at_most=80)], edges) == [2, 3, 4]
    assert affordable([Constraint("params", at_most=55)], []) == [-1]  # the model knows no sizes


def test_levels_for_size_compare_like_with_like():
    n = 100
    counts = [float(i) for i in range(n)]
    values = [i / n + 0.1 * (i % 2) for i in range(n)]  # larger is better, and of two neighbours the odd one
    quantiles = [sum(v < w for v in values) / n for w in values]
    given, edges = conditions(quantiles, values, ["t"] * n, counts)
    assert len(edges) == 10
    assert given.level[10] < 3  # small, so bad among all
    middle = given.level_for_size[20:80]
    assert middle[1::2].min() > middle[0::2].max()  # but for its size the odd one is better


def test_unknown_counts_mean_no_sizes():
    given, edges = conditions([0.1, 0.9], [0.5, 0.6], ["t", "t"], [10.0, None])
    assert edges == []
    assert given.size.tolist() == [-1, -1]


def test_training_draws_tell_the_size_to_half_and_hide_a_fifth_of_levels():
    n = 4000
    given = Conditions(torch.full((n,), 3), torch.full((n,), 7), torch.full((n,), 2))
    level, size = given.draw(torch.arange(n), torch.Generator().manual_seed(0))
    assert (size == 2).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert (level == -1).float().mean().item() == pytest.approx(0.2, abs=0.03)
    assert set(level[size == 2].tolist()) == {-1, 7}
    assert set(level[size == -1].tolist()) == {-1, 3}
