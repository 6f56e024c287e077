"""latency_ms: the clock, the table, and what it leaves as it was."""

from typing import ClassVar

import pytest
import torch
from hand_made import ARCH, HandMade, Points
from torch import nn

from genas.core import registry
from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import Use
from genas.scorers.latency_ms import LatencyMs


class Counting(nn.Linear):
    """Remembers what each pass was like."""

    seen: ClassVar[list[tuple[int, bool, bool, int]]] = []

    def forward(self, x):
        self.seen.append((len(x), self.training, torch.is_inference_mode_enabled(), torch.get_num_threads()))
        return super().forward(x)


def test_passes_are_warm_timed_and_in_evaluation_mode():
    Counting.seen = []
    threads = torch.get_num_threads()
    space = HandMade(lambda: Counting(2, 2))
    found = LatencyMs(space, Points(), "cpu", batch=3, runs=7, warmup=2, threads=1).score(ARCH)
    assert Counting.seen == [(3, False, True, 1)] * 9
    assert found.value > 0 and found.std is not None and found.std >= 0
    assert found.seconds * 1e3 > found.value
    assert torch.get_num_threads() == threads


def test_threads_are_restored_after_a_failure():
    threads = torch.get_num_threads()
    with pytest.raises(ScoreFailed):
        LatencyMs(HandMade(lambda: nn.Linear(5, 2)), Points(), "cpu", threads=threads + 1).score(ARCH)
    assert torch.get_num_threads() == threads


def test_table_of_the_chosen_device_is_used(bench_data):
    space = registry.create("spaces", "nasbench201")
    task = registry.create("tasks", Use("nasbench201", {"latency_device": "pixel3"}))
    arch = space.from_text("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|")
    assert LatencyMs(space, task, "cpu").score(arch).value == task.lookup(arch, "latency_ms").value


def test_unusable_device_is_the_users_to_mend():
    with pytest.raises(RequestError, match="can't be used here"):
        LatencyMs(HandMade(lambda: nn.Linear(2, 2)), Points(), "cuda:99").score(ARCH)


def test_nonsense_options_are_refused():
    with pytest.raises(RequestError, match="at least"):
        LatencyMs(HandMade(lambda: nn.Linear(2, 2)), Points(), "cpu", runs=0)
