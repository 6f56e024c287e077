import pytest
import torch

from genas.core.errors import RequestError
from genas.core.records import Constraint
from genas.generators.conditions import Conditions, affordable, bucket, cost_edges, cost_level, level_of


def test_buckets_and_options():
    assert [bucket(q) for q in (0.0, 0.09, 0.1, 0.95, 1.0)] == [0, 0, 1, 9, 9]
    assert [level_of(o) for o in ("top", "any", 0, 0.55, "0.3", 1)] == [9, -1, 0, 5, 3, 9]
    for wrong in ("best", -0.1, 1.01, float("nan")):
        with pytest.raises(RequestError, match="level must be"):
            level_of(wrong)


def test_cost_levels_have_equal_shares():
    figures = [float(i) for i in range(1, 101)]
    edges = cost_edges(figures)
    assert edges[-1] == 100
    shares = [sum(cost_level(f, edges) == level for f in figures) for level in range(10)]
    assert sum(shares) == 100
    assert all(9 <= share <= 11 for share in shares)
    assert (cost_level(0.5, edges), cost_level(1e9, edges)) == (0, 9)


def test_what_limits_allow():
    tens = [float(10 * i) for i in range(1, 11)]
    edges = {"params": tens, "flops": tens, "latency_ms pixel3": tens}
    assert affordable([], edges) == {}
    assert affordable([Constraint("depth", at_most=5)], edges) == {}
    assert affordable([Constraint("params", at_most=55)], edges) == {"params": [2, 3, 4]}
    assert affordable([Constraint("params", at_most=5)], edges) == {"params": [0]}  # smaller than anything seen
    assert affordable([Constraint("params", at_most=1000)], edges) == {}  # no limit in effect
    both = [Constraint("size_mb", at_most=55 * 4e-6), Constraint("params", at_most=80)]
    assert affordable(both, edges) == {"params": [2, 3, 4]}
    assert affordable([Constraint("params", at_most=55)], {}) == {}  # the model knows no costs


def test_limits_of_a_device_are_told_beside_the_hardest_count():
    tens = [float(10 * i) for i in range(1, 11)]
    edges = {"params": tens, "flops": tens, "latency_ms pixel3": tens}
    limits = [Constraint("latency_ms", at_most=15), Constraint("params", at_most=85), Constraint("flops", at_most=25)]
    assert affordable(limits, edges, "pixel3") == {"flops": [0, 1], "latency_ms pixel3": [0]}
    assert affordable(limits[:1], edges, "edgegpu") == {}  # a device that the model does not know


def uneven(n=100):
    """Larger is better, and of two neighbours the odd one."""
    return Conditions([i / n + 0.1 * (i % 2) for i in range(n)], ["t"] * n, [{"params": float(i)} for i in range(n)])


def test_levels_at_a_cost_compare_like_with_like():
    given = uneven()
    assert given.combinations == [(), (0,)]
    assert given.levels[10, 0] < 3  # small, so bad among all
    middle = given.levels[20:80, 1]
    assert middle[1::2].min() > middle[0::2].max()  # but for its size the odd one is better


def test_levels_are_within_a_task():
    given = Conditions([0.1, 0.2, 0.8, 0.9], ["a", "a", "b", "b"], [{}] * 4)
    assert given.levels[:, 0].tolist() == [2, 7, 2, 7]


def test_what_is_unknown_is_never_told():
    costs = [{"params": 10.0}, {"params": 20.0, "latency_ms x": 1.0}, {}, {}]
    given = Conditions([0.1, 0.9, 0.5, 0.4], ["t"] * 4, costs)
    assert list(given.edges) == ["params", "latency_ms x"]
    assert given.combinations == [(), (0,), (1,), (0, 1)]
    for seed in range(20):
        wish = given.draw(torch.arange(4), torch.Generator().manual_seed(seed))
        assert wish.costs[0, 1] == -1
        assert (wish.costs[2:] == -1).all()


def test_training_draws_tell_a_cost_to_half_and_hide_a_fifth_of_levels_and_tasks():
    n = 4000
    tasks = torch.ones(n, 3)
    given = Conditions([float(i) for i in range(n)], ["t"] * n, [{"params": 1.0, "latency_ms x": 2.0}] * n, tasks)
    wish = given.draw(torch.arange(n), torch.Generator().manual_seed(0))
    assert (wish.costs >= 0).any(1).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert (wish.costs >= 0).all(1).float().mean().item() == pytest.approx(0.5 / 3, abs=0.03)
    assert (wish.level == -1).float().mean().item() == pytest.approx(0.2, abs=0.03)
    assert (wish.task == 0).all(1).float().mean().item() == pytest.approx(0.2, abs=0.03)
    only = given.draw(torch.arange(n), torch.Generator().manual_seed(0), only=["params"])
    assert (only.costs[:, 1] == -1).all()
    assert (only.costs[:, 0] >= 0).float().mean().item() == pytest.approx(0.5, abs=0.03)
