"""What a task says of outputs: the figures, how sure they are, and how long a test will take."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diabetes_rows import Diabetes
from torch import Tensor, nn

from genas.core import clock, registry
from genas.core.errors import GenasError
from genas.core.interfaces import Task
from genas.core.task_records import Evaluation
from genas.training.judging import Judged, judged, judging_seconds, worth

TASK: Task = registry.create("tasks", "digits")
CPU = torch.device("cpu")


class Off(Diabetes):
    """Its outputs are errors."""

    metrics = ()

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        mean = float(outputs.mean())
        return Evaluation({"rmse": mean}, mean)


def asked(task: Task, outputs: Tensor, labels: Tensor, *, sure: bool = False) -> Judged:
    """What is said of these outputs."""
    return judged(lambda batch: batch, [outputs], task, labels, CPU, sure=sure)


def test_a_test_takes_as_long_as_its_examples_do(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            nonlocal now
            now += 0.002 * len(x)  # seconds
            return torch.zeros(len(x), TASK.outputs)

    monkeypatch.setattr(clock, "now", lambda: now)
    assert judging_seconds(Slow(), TASK, CPU, 10_000) == pytest.approx(20)


def test_classes_are_judged_by_accuracy_and_by_the_cross_entropy_at_the_best_temperature() -> None:
    outputs = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0], [3.0, 0.0]])
    found = asked(TASK, outputs, torch.tensor([0, 0, 1, 1]), sure=True)
    assert found.value == 0.75 and found.error == pytest.approx((0.75 * 0.25 / 4) ** 0.5)
    sharp = nn.functional.cross_entropy(0.5 * outputs, torch.tensor([0, 0, 1, 1]))
    assert found.loss == pytest.approx(float(sharp)), "one in four is wrong: less sure is better"


def test_numbers_are_judged_in_their_own_units_and_by_all_metrics_that_the_task_declares() -> None:
    task = Diabetes()
    mean, std = task._centre
    found = asked(task, torch.tensor([[0.0], [1.0]]), torch.tensor([mean + 3, mean + std - 1]))
    assert found.value == pytest.approx(5**0.5, rel=1e-4)
    assert found.others == (("mae", pytest.approx(2.0, rel=1e-4)),)
    assert found.error is None, "not asked for"


def test_the_error_of_a_mean_is_its_deviation_over_the_root_of_the_examples() -> None:
    outputs = torch.randn(400, 1, generator=torch.Generator().manual_seed(0))
    one, again = (asked(Off(), outputs, torch.zeros(400), sure=True) for _ in range(2))
    assert one.error == pytest.approx(float(outputs.std()) / 20, rel=0.15)
    assert one == again, "drawn by a seed"


def test_a_metric_that_evaluate_leaves_out_is_named_with_what_to_add() -> None:
    class Forgetful(Off):
        name = "forgetful"
        metric = replace(Diabetes.metric, name="mape")

    with pytest.raises(GenasError, match="forgetful declares the metric mape, but its evaluate gives rmse: add 'mape'"):
        asked(Forgetful(), torch.zeros(2, 1), torch.zeros(2))


def test_less_is_worth_more_where_the_metric_is_to_be_small() -> None:
    assert worth(Diabetes(), 50.0, 9.0) > worth(Diabetes(), 51.0, 0.1)
    assert worth(TASK, 0.91, 0.2) > worth(TASK, 0.90, 0.2) > worth(TASK, 0.90, 0.4)
