"""Tables of milliseconds by place and label: fitted, added up, differentiated, refused."""

import numpy as np
import pytest
import torch

from genas.predictors.block_latency import BlockFit, BlockTable, weights_of

LABELS = (("k3_e1", "k3_e6", "k5_e1", "k5_e6"),) * 6 + (("k3_e1", "k3_e6", "skip"),) * 2


def additive(count, seed=0):
    """Choices and latencies that are sums of one figure for each place and label."""
    draw = np.random.default_rng(seed)
    costs = [{label: float(draw.uniform(0.5, 3)) for label in of} for of in LABELS]
    choices = [[of[int(draw.integers(len(of)))] for of in LABELS] for _ in range(count)]
    return choices, np.array([7 + sum(cost[op] for cost, op in zip(costs, row, strict=True)) for row in choices]), costs


def test_latencies_that_are_sums_are_found_again():
    choices, figures, costs = additive(300)
    table = BlockFit(LABELS, choices[:200], figures[:200]).table()
    assert table.spearman(choices[200:], figures[200:]) > 0.999
    assert np.allclose([table.of(row) for row in choices[200:]], figures[200:], atol=0.2)
    for cost, labels, ms in zip(costs, LABELS, table.ms, strict=True):
        assert min(ms) == 0.0
        assert np.allclose(ms, [cost[label] - min(cost.values()) for label in labels], atol=0.2)


def test_fewer_examples_than_figures_rank_what_blocks_with_common_words_share():
    draw = np.random.default_rng(1)
    choices = [[of[int(draw.integers(len(of)))] for of in LABELS] for _ in range(200)]
    figures = [sum({"k3_e1": 1, "k3_e6": 3, "k5_e1": 2, "k5_e6": 4, "skip": 0}[op] for op in row) for row in choices]
    table = BlockFit(LABELS, choices[:12], figures[:12]).table()
    assert table.spearman(choices[12:], figures[12:]) > 0.9


def test_figures_follow_the_size_of_images():
    choices, figures, _ = additive(240)
    scales = np.random.default_rng(2).uniform(0.3, 1, 240)
    fit = BlockFit(LABELS, choices[:200], 2 + figures[:200] * scales[:200], scales[:200])
    for scale in (0.4, 0.9):
        assert np.allclose([fit.table(scale).of(row) for row in choices[200:]], 2 + figures[200:] * scale, atol=0.5)
    some = fit.predict(choices[200:], scales[200:])
    assert np.allclose(some, [fit.table(s).of(c) for s, c in zip(scales[200:], choices[200:], strict=True)])


def test_expected_latency_is_differentiable_and_agrees_with_the_sum_where_one_label_is_sure():
    table = BlockTable((("a", "b"), ("a", "b", "c")), (np.array([0.0, 2.0]), np.array([1.0, 0.0, 4.0])), 5.0)
    sure = [torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.0, 1.0])]
    assert table.expected(sure).item() == table.of(["b", "c"]) == 11.0
    logits = [torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)]
    expected = table.expected([x.softmax(0) for x in logits])
    assert expected.item() == pytest.approx(5 + 1 + 5 / 3)
    expected.backward()
    assert logits[0].grad[1] > 0 > logits[0].grad[0]  # a step against the gradient prefers the cheaper label


def test_places_that_are_fixed_add_to_the_constant():
    table = BlockTable((("a", "b"), ("a", "b", "c")), (np.array([0.0, 2.0]), np.array([1.0, 0.0, 4.0])), 5.0)
    left = table.fixed({0: "b"})
    assert left.labels == (("a", "b", "c"),) and left.of(["c"]) == table.of(["b", "c"])


def test_devices_that_are_known_in_full_make_few_examples_enough():
    """A device that is a mix of two others, measured with noise."""
    choices, first, _ = additive(600)
    second = additive(600, seed=0)[1] * 0 + [
        sum({"k3_e1": 1, "k3_e6": 3, "k5_e1": 2, "k5_e6": 4, "skip": 0}[op] * (1 + i) for i, op in enumerate(row))
        for row in choices
    ]
    figures = first / first.std() + second / second.std() + np.random.default_rng(5).normal(0, 0.2, 600)
    known = weights_of(LABELS, choices, np.stack([first, second], axis=1))
    few = slice(0, 12)
    alone = BlockFit(LABELS, choices[few], figures[few]).table().spearman(choices[12:], figures[12:])
    helped = BlockFit(LABELS, choices[few], figures[few], known=known).table().spearman(choices[12:], figures[12:])
    assert helped > 0.95 > alone
