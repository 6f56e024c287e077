import pytest
from scipy.stats import kendalltau

from genas.core.errors import MissingArtifact
from genas.core.records import Use
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


def test_without_weights_the_error_says_how_to_get_them():
    scorer = create("scorers", Use("gnn", {"model": "no-such"}), space=SPACE, device="cpu", seed=0)
    with pytest.raises(MissingArtifact, match="genas fit gnn nasbench201"):
        scorer.score(SPACE.sample(rng(0, "x")))


def test_nothing_to_score_is_no_result():
    assert create("scorers", "gnn", space=SPACE).score_all([]) == []
