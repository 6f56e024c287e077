"""The table validator on the NAS-Bench-201 table."""

from __future__ import annotations

import pytest

from genas.core import registry
from genas.spaces.nasbench201 import NasBench201

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


@pytest.mark.usefixtures("bench_data")
def test_chooses_on_validation_and_reads_test_accuracy() -> None:
    task = registry.create("tasks", "nasbench201")
    validator = registry.create("validators", "table", task=task, seed=0)
    arch = NasBench201().from_text(RESNET)
    chosen, tested = validator.score(arch, seed=2), validator.test(arch, seed=2)
    assert (chosen.metric, chosen.seed, chosen.fidelity) == ("accuracy", 2, 1.0)
    assert chosen.value == pytest.approx(0.9086, abs=1e-6) and chosen.seconds > 1000
    assert (tested.metric, tested.seed) == ("test_accuracy", 2)
    assert tested.value == pytest.approx(0.9391, abs=1e-6) and tested.seconds == 0.0
    assert validator.weights(arch) is None
