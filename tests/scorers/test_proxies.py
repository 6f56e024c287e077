"""Proxies against figures worked by hand on small networks, and against the published scores."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from hand_made import ARCH, HandMade, Points, linear
from scipy.stats import spearmanr
from torch import nn

from genas.core import registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import Candidate, Measurement, Trial, Use
from genas.core.rng import rng
from genas.probes.probes import Probes

X = np.array(Points.examples)
ROWS = [[2.0, -1.0], [1.0, 1.0]]


def score(name, make, task=None, **options):
    context = {"space": HandMade(make), "task": task or Points(), "device": "cpu", "seed": 0}
    return registry.create("scorers", Use(name, options), **context).score(ARCH).value


def one_layer():
    return linear(ROWS)


def loss_gradient():
    """Of the mean cross entropy of one linear layer by its weights [2, 2], and by its outputs [4, 2]."""
    logits = X @ np.array(ROWS).T
    chance = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wrong = (chance - np.eye(2)[[0, 1, 1, 0]]) / 4
    return wrong.T @ X, wrong


def test_figures_of_the_loss_gradient_by_hand():
    grad, by_output = loss_gradient()
    weight = np.array(ROWS)
    assert score("grad_norm", one_layer) == pytest.approx(np.linalg.norm(grad), rel=1e-5)
    assert score("snip", one_layer) == pytest.approx(np.abs(weight * grad).sum(), rel=1e-5)
    assert score("plain", one_layer) == pytest.approx((weight * grad).sum(), rel=1e-5)
    assert score("l2_norm", one_layer) == pytest.approx(np.linalg.norm(weight), rel=1e-5)
    saliency = ((X @ weight.T) * by_output) ** 2
    per_channel = 2  # weights
    assert score("fisher", one_layer) == pytest.approx(per_channel * saliency.mean(0).sum() / 2, rel=1e-4)


def test_grasp_is_the_slope_of_the_squared_gradient():
    """w'Hg is half the derivative of |g|^2 along the weights, here by a difference."""

    def squared(scale):
        logits = X @ (scale * np.array(ROWS)).T
        chance = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return ((((chance - np.eye(2)[[0, 1, 1, 0]]) / 4).T @ X) ** 2).sum()

    slope = (squared(1 + 1e-4) - squared(1 - 1e-4)) / 2e-4
    assert score("grasp", one_layer) == pytest.approx(-slope / 2, rel=1e-3)


def test_figures_of_single_examples_by_hand():
    """The gradient of the summed logits is the example itself in each row: K = 2 x x'. And the signs are counted."""
    logits = X @ np.array(ROWS).T
    chance = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    single = (chance - np.eye(2)[[0, 1, 1, 0]])[:, :, None] * X[:, None]  # [4, 2, 2]
    assert score("gradsign", one_layer) == np.abs(np.sign(single).sum(0)).sum()
    sizes = np.abs(single)
    assert score("zico", one_layer) == pytest.approx(math.log((sizes.mean(0) / sizes.std(0)).sum()), rel=1e-4)

    class Two(Points):
        examples = ((3.0, 0.0), (0.0, 1.0), (0.0, 1.0), (3.0, 0.0))

        def batch(self, n, seed=0):
            return torch.tensor(self.examples[:2]), torch.tensor([0, 1])

    assert score("ntk", one_layer, Two()) == pytest.approx(9.0)


def test_equal_examples_make_the_tangent_kernel_singular():
    with pytest.raises(ScoreFailed, match="singular"):
        score("ntk", one_layer)  # four examples in two dimensions


class Corners(Points):
    """Four examples of three numbers each."""

    input_shape = (3,)
    examples = ((1.0, 1.0, 0.5), (1.0, -1.0, 2.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, -1.5))


def gated():
    """Each quadrant of the plane has its own two active units of four."""
    return nn.Sequential(linear([[1, 0.5], [-1, 0.5], [0.5, 1], [0.5, -1]]), nn.ReLU(), linear([[1, 2, -1, 1]]))


def test_jacov_and_epe_nas_by_hand():
    first, last = np.array([[1, 0.5, 2], [-1, 0.5, 1], [0.5, 1, -3], [0.5, -1, 1]]), np.array([1, 2, -1, 1])
    make = lambda: nn.Sequential(linear(first), nn.ReLU(), linear([last]))  # noqa: E731
    active = np.array(Corners.examples) @ first.T > 0
    rows = (active * last) @ first
    correlations = np.corrcoef(rows)
    values = np.linalg.eigvalsh(correlations).clip(0) + 1e-5
    assert score("jacov", make, Corners()) == pytest.approx(-(np.log(values) + 1 / values).sum(), rel=1e-3)
    labels = np.array([0, 1, 1, 0])
    expected = sum(abs(np.log(np.abs(correlations[np.ix_(labels == c, labels == c)]) + 1e-5).sum()) for c in (0, 1))
    assert score("epe_nas", make, Corners()) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_an_output_that_ignores_its_input_has_no_jacobian():
    with pytest.raises(ScoreFailed, match="does not depend"):
        score("jacov", lambda: linear([[0.0, 0.0]], [1.0]))


def test_swap_counts_different_patterns():
    """Patterns over the examples: 1100, 0011, 1010, 0101 of the four units; a fifth that repeats adds none."""
    assert score("swap", gated) == 4
    repeated = lambda: nn.Sequential(linear([[1, 0.5], [1, 0.4], [-1, 0.5]]), nn.ReLU())  # noqa: E731
    assert score("swap", repeated) == 2


def test_regularised_swap_prefers_a_size():
    params = 8 + 4
    assert score("swap", gated, mu=params, width=5) == pytest.approx(4)
    assert score("swap", gated, mu=params + 5, width=5) == pytest.approx(4 / math.e)


def test_borders_between_examples_are_counted():
    """Two lines, each across one border of one unit and none of the other: one border a line."""
    make = lambda: nn.Sequential(linear([[1, 0], [1, 100]]), nn.ReLU())  # noqa: E731
    # (1,1)->(-1,1) and (1,-1)->(-1,-1): the first unit switches once on each line, the second on none.
    assert score("linear_regions", make) == pytest.approx(math.log(2))


def test_depth_counts_weight_tensors():
    assert score("depth", lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))) == 2


def test_vkdnw_is_led_by_the_layers():
    def deep(layers):
        return lambda: nn.Sequential(*(m for _ in range(layers) for m in (nn.Linear(2, 2), nn.ReLU())), nn.Linear(2, 2))

    for layers in (1, 3):
        assert layers + 1 <= score("vkdnw", deep(layers)) < layers + 2


class Noisy(Points):
    """Images of noise."""

    input_shape = (3, 8, 8)

    def batch(self, n, seed=0):
        return torch.randn(n, 3, 8, 8, generator=torch.Generator().manual_seed(seed)), torch.arange(n) % 2


def _chain(*blocks):
    return lambda: nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.Sequential(*(b() for b in blocks)), nn.Flatten(), nn.Linear(256, 2)
    )


def _block():
    return nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))


def _narrow():
    """All channels alike: one direction is left, whose entropy is 0."""
    return nn.Sequential(nn.Conv2d(4, 4, 1), _Mean())


class _Mean(nn.Module):
    def forward(self, x):
        return x.mean(1, keepdim=True).expand_as(x)


def test_expressivity_is_the_entropy_of_each_block():
    """Four even channels have at most log 4; a block of one direction has 0 and is the smallest gain."""
    two = score("expressivity", _chain(_block, _block), Noisy())
    assert 1.0 < two <= 2 * math.log(4)
    narrow = score("expressivity", _chain(_block, _narrow), Noisy())
    first = narrow  # the second adds nothing
    assert 0.5 < first <= math.log(4) + 1e-3
    assert score("progressivity", _chain(_block, _narrow), Noisy()) == pytest.approx(-first, abs=1e-3)


def test_trainability_is_best_where_gradients_keep_their_size():
    class Scale(nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor, self.inside = factor, nn.Identity()

        def forward(self, x):
            return self.inside(x) * self.factor

    def trainability(factor):
        return score("trainability", _chain(_block, lambda: Scale(factor)), Noisy())

    assert trainability(1.001) == pytest.approx(0, abs=0.05)
    assert trainability(5.0) < -1 > trainability(0.2)
    with pytest.raises(ScoreFailed, match="unchanged"):
        trainability(1.0)


@pytest.fixture(scope="module")
def cells(request):
    """A quick cell space with its task, and 40 cells with their accuracies and shared probes."""
    request.getfixturevalue("bench_data")
    space = registry.create("spaces", Use("nasbench201", {"cells": 1, "channels": 4}))
    task = registry.create("tasks", "nasbench201")
    archs = [space.sample(rng(i, "proxies")) for i in range(40)]
    trials = [
        Trial(Candidate(a, "uniform"), (Measurement("accuracy", task.lookup(a, "accuracy").value),)) for a in archs
    ]
    return {"space": space, "task": task, "device": "cpu", "seed": 0, "probes": Probes(space, task)}, archs, trials


def test_aggregate_ranks_among_all_it_has_seen(cells):
    context, archs, _ = cells
    aggregate = registry.create("scorers", Use("rank_aggregate", {"proxies": ("params", "synflow")}), **context)
    together = [m.value for m in aggregate.score_all(archs[:6])]
    again = registry.create("scorers", Use("rank_aggregate", {"proxies": ("params", "synflow")}), **context)
    again.score_all(archs[:3])
    assert [m.value for m in again.score_all(archs[3:6])] == together[3:]
    with pytest.raises(RequestError, match="fitting"):
        registry.create("scorers", Use("rank_aggregate", {"proxies": ("gnn",)}), **context)


def test_parametric_learns_an_order_and_ranks_unseen_cells(cells):
    context, archs, trials = cells
    scorer = registry.create("scorers", "parametric", **context)
    with pytest.raises(ScoreFailed, match="fitted"):
        scorer.score(archs[0])
    scorer.fit(trials[:7])
    with pytest.raises(ScoreFailed, match="fitted"):
        scorer.score(archs[0])
    before = torch.get_rng_state()
    scorer.fit(trials[:25])
    assert torch.equal(before, torch.get_rng_state())
    values = [scorer.score(a).value for a in archs[25:]]
    assert spearmanr(values, [t.value("accuracy") for t in trials[25:]])[0] > 0.4
    twin = registry.create("scorers", "parametric", **context)
    twin.fit(trials[:25])
    assert twin.score(archs[30]).value == scorer.score(archs[30]).value


@pytest.mark.parametrize("name, column, least", [("naswot", "nwot", 0.95), ("synflow", "synflow", 0.98)])
def test_ranks_cells_as_the_published_scores(name, column, least, bench_data):
    """One cell a stage in place of five, which is quick; the eval has the gradients too, on the full networks."""
    context = {"space": registry.create("spaces", Use("nasbench201", {"cells": 1})), "device": "cpu", "seed": 0}
    scorer = registry.create("scorers", name, task=registry.create("tasks", "nasbench201"), **context)
    names = pq.read_table(bench_data / "nasbench201" / "nb201_accuracy.parquet").column("arch_str")
    table = pq.read_table(bench_data / "nasbench201" / "nb201_zc13.parquet").to_pylist()
    rows = [table[i] for i in np.random.default_rng(2).choice(len(table), 30, replace=False)]
    ours = [scorer.score(context["space"].from_text(names[row["arch_index"]].as_py())).value for row in rows]
    assert spearmanr(ours, [row[f"cifar10_{column}"] for row in rows])[0] > least


PROXIES = (
    "depth", "epe_nas", "expressivity", "fisher", "flops", "grad_norm", "gradsign", "grasp", "jacov", "l2_norm",
    "linear_regions", "naswot", "ntk", "params", "plain", "progressivity", "snip", "swap", "synflow", "trainability",
    "vkdnw", "zen", "zico",
)  # fmt: skip
NOT_ON_GRAPHS = {
    "expressivity": "no chain of blocks", "progressivity": "no chain of blocks", "trainability": "no chain of blocks",
    "linear_regions": "no straight line", "vkdnw": "not separate examples",
}  # fmt: skip


@pytest.mark.parametrize(
    "options", [Use("nasbench101", {"cells": 1, "channels": 8}), Use("nasbench_graph", {"hidden": 8})]
)
def test_each_proxy_works_on_cells_and_graph_networks_or_says_why_not(options, bench_data):
    """On real images, and on the graph of Cora."""
    space, task = registry.create("spaces", options), registry.create("tasks", options.name)
    arch = space.sample(rng(0, "works"))
    context = {"space": space, "task": task, "device": "cpu", "seed": 0, "probes": Probes(space, task)}
    failed = {}
    for name in PROXIES:
        scorer = registry.create("scorers", name, **context)
        try:
            assert math.isfinite(scorer.score(arch).value)
        except ScoreFailed as failure:
            failed[name] = str(failure)
    expected = NOT_ON_GRAPHS if space.modality == "graph" else {}
    assert failed.keys() == expected.keys()
    assert all(reason in failed[name] for name, reason in expected.items())
