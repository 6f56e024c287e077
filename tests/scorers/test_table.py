"""The table scorer on the NAS-Bench-201 table."""

from __future__ import annotations

import pytest
from shapes_only import ShapesOnly

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Measurement
from genas.core.metrics import ACCURACY
from genas.core.records import Use
from genas.scorers.table import TableScorer
from genas.spaces.nasbench201 import NasBench201

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


@pytest.mark.usefixtures("bench_data")
def test_gives_the_tables_figure_at_the_asked_seed_and_fidelity() -> None:
    task = registry.create("tasks", Use("nasbench201", {"dataset": "cifar10"}))
    scorer = registry.create("scorers", "table", task=task, seed=0)
    arch = NasBench201().from_text(RESNET)
    found = scorer.score(arch, seed=5)
    assert (found.metric, found.seed, found.fidelity) == ("accuracy", 5, 1.0)
    assert found.value == pytest.approx(0.9086, abs=1e-6)
    assert found.seconds > 1000
    assert scorer.score(arch, fidelity=0.06).value < found.value


@pytest.mark.usefixtures("bench_data")
def test_looks_up_what_the_option_says() -> None:
    task = registry.create("tasks", Use("nasbench201", {"latency_device": "edgegpu"}))
    arch = NasBench201().from_text(RESNET)
    for metric, goal in (("naswot", "max"), ("energy_mj", "min")):
        scorer = registry.create("scorers", Use("table", {"metric": metric}), task=task)
        assert scorer.score(arch).metric == scorer.metric.name == metric
        assert scorer.metric.goal == goal
    assert TableScorer.metric == TableScorer(task).metric == ACCURACY


@pytest.mark.usefixtures("bench_data")
def test_a_batch_keeps_failures_in_place() -> None:
    task = registry.create("tasks", "nasbench201")
    arch = NasBench201().from_text(RESNET)
    good, bad = (TableScorer(task).score_all([arch], fidelity=f)[0] for f in (1.0, 0.3))
    assert isinstance(good, Measurement) and isinstance(bad, ScoreFailed)


def test_a_task_without_a_table_fails() -> None:
    with pytest.raises(ScoreFailed, match="no table"):
        TableScorer(ShapesOnly()).score(NasBench201().from_text(RESNET))
