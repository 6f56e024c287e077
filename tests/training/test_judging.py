"""How long a test will take is told beforehand, so that a budget can hold it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genas.core import clock, registry
from genas.core.interfaces import Task
from genas.training.judging import judging_seconds

TASK: Task = registry.create("tasks", "digits")


def test_a_test_takes_as_long_as_its_examples_do(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            nonlocal now
            now += 0.002 * len(x)  # seconds
            return torch.zeros(len(x), TASK.outputs)

    monkeypatch.setattr(clock, "now", lambda: now)
    assert judging_seconds(Slow(), TASK, torch.device("cpu"), 10_000) == pytest.approx(20)
