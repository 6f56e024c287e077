import pytest
from scipy.stats import kendalltau, spearmanr

from genas.core.errors import MissingArtifact, RequestError
from genas.core.records import Candidate, Measurement, Trial, Use
from genas.core.registry import create
from genas.core.rng import rng

SPACE = create("spaces", "nasbench201")


def test_shipped_predictor_ranks_cells_of_the_table(bench_data):
    draw = rng(11, "gnn test")
    archs = [SPACE.sample(draw) for _ in range(300)]
    task = create("tasks", Use("nasbench201", {"dataset": "cifar100"}))
    scorer = create("scorers", "gnn", space=SPACE, device="cpu", seed=0)
    truth = [task.lookup(a, "accuracy").value for a in archs]
    assert kendalltau([m.value for m in scorer.score_all(archs)], truth).statistic > 0.7


@pytest.mark.parametrize(
    ("device", "metric"), [("pixel3", "latency_ms"), ("2080ti_32", "latency_ms"), ("edgegpu", "energy_mj")]
)  # the second was not taught
def test_shipped_predictor_ranks_costs_on_a_device(bench_data, device, metric):
    draw = rng(11, "gnn test")
    archs = [SPACE.sample(draw) for _ in range(200)]
    task = create("tasks", Use("nasbench201", {"latency_device": device}))
    scorer = create("scorers", Use("gnn", {"learn": metric}), space=SPACE, device="cpu", seed=0, task=task)
    truth = [task.lookup(a, metric).value for a in archs]
    assert spearmanr([m.value for m in scorer.score_all(archs)], truth).statistic < -0.9


def test_shipped_predictor_is_asked_about_each_task_of_a_transfer(bench_data):
    task, draw = create("tasks", Use("nasbench201", {"dataset": "imagenet16_120"})), rng(11, "gnn test")
    archs = [SPACE.sample(draw) for _ in range(150)]
    scorer = _transferred("cifar10", "cifar100", task=task, model="gnn-nasbench201")
    truth = [task.lookup(a, "accuracy").value for a in archs]
    assert kendalltau([m.value for m in scorer.score_all(archs)], truth).statistic > 0.7


def test_without_weights_the_error_says_how_to_get_them():
    scorer = create("scorers", Use("gnn", {"model": "no-such"}), space=SPACE, device="cpu", seed=0)
    with pytest.raises(MissingArtifact, match="genas fit gnn nasbench201"):
        scorer.score(SPACE.sample(rng(0, "x")))


def test_nothing_to_score_is_no_result():
    assert create("scorers", "gnn", space=SPACE).score_all([]) == []


def _transferred(*datasets, task=None, **options):
    sources = [f"table:nasbench201:dataset={name},sample=60,seed={i}" for i, name in enumerate(datasets)]
    use = Use("gnn", {"model": "none", "trees": 30, "transfer": sources, **options})
    return create("scorers", use, space=SPACE, seed=0, task=task)


def test_a_new_task_begins_where_known_ones_end(bench_data):
    task, draw = create("tasks", Use("nasbench201", {"dataset": "imagenet16_120"})), rng(11, "gnn test")
    archs = [SPACE.sample(draw) for _ in range(200)]
    truth = [task.lookup(a, "accuracy").value for a in archs]
    scorer = _transferred("cifar10", "cifar100", task=task)
    before = kendalltau([m.value for m in scorer.score_all(archs[20:])], truth[20:]).statistic
    assert before > 0.7
    measured = [Measurement("accuracy", value) for value in truth[:20]]
    scorer.fit([Trial(Candidate(a, "x"), (m,)) for a, m in zip(archs, measured, strict=False)])
    after = scorer.score_all(archs[20:])
    assert kendalltau([m.value for m in after], truth[20:]).statistic > before - 0.03
    assert all(0 <= m.value <= 1 and m.std > 0 for m in after)


def test_the_task_that_is_searched_on_is_no_other_task(bench_data):
    task = create("tasks", "nasbench201")
    with pytest.raises(RequestError, match="very task"):
        _transferred("cifar100", "cifar10", task=task).score(SPACE.sample(rng(0, "x")))


def test_too_few_examples_and_nothing_at_all_are_refused(bench_data):
    with pytest.raises(RequestError, match="10 or more"):
        _transferred(transfer=["table:nasbench201:sample=9"]).score(SPACE.sample(rng(0, "x")))
    with pytest.raises(RequestError, match="transfer=LEDGER_OR_TABLE"):
        create("scorers", Use("gnn", {"model": "none"}), space=SPACE)


def test_figures_beside_the_graph_are_read():
    """Trials in an order that no graph tells, that of jacov: only who reads jacov ranks others."""
    space = create("spaces", Use("nasbench201", {"cells": 1, "channels": 4}))
    task, draw = create("tasks", "digits"), rng(3, "beside")
    drawn = [space.sample(draw) for _ in range(90)]
    scored = create("scorers", "jacov", space=space, task=task, seed=0).score_all(drawn)
    known = [(arch, made.value) for arch, made in zip(drawn, scored, strict=True) if isinstance(made, Measurement)]
    archs, truth = zip(*known[:60], strict=True)
    assert len(archs) == 60
    trials = [
        Trial(Candidate(arch, "x"), (Measurement("accuracy", value),))
        for arch, value in zip(archs[:40], truth, strict=False)
    ]

    def tau(*beside: str) -> float:
        use = Use("gnn", {"trees": 20, "beside": beside})
        scorer = create("scorers", use, space=space, task=task, seed=0)
        scorer.fit(trials)
        return kendalltau([m.value for m in scorer.score_all(archs[40:])], truth[40:]).statistic

    assert tau("jacov", "params") > tau() + 0.1
    with pytest.raises(RequestError, match="parametric has to be fitted"):
        tau("parametric")
    with pytest.raises(RequestError, match="need the task"):
        create("scorers", Use("gnn", {"beside": ("params",)}), space=space)
