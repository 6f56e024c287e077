"""Devices, threads, networks fresh from a seed, and the seconds of a step."""

from __future__ import annotations

import pytest
import torch

from genas.core import registry
from genas.core.building import build
from genas.core.errors import RequestError
from genas.training import timing
from genas.training.timing import PRECISIONS, cores, fastest_precision, pick_device, seconds_per_example, threads

SPACE, TASK = registry.create("spaces", "conv_net"), registry.create("tasks", "digits")
ARCH = SPACE.from_text("full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16")


def test_an_absent_device_is_the_users_to_mend() -> None:
    with pytest.raises(RequestError, match="cpu"):
        pick_device("tpu9")
    assert pick_device("auto").type in {"cpu", "cuda", "mps"}


def test_the_seed_alone_decides_the_first_weights() -> None:
    torch.manual_seed(123)
    before = torch.get_rng_state()
    one, other = (build(SPACE, ARCH, TASK, seed).head.weight for seed in (0, 1))
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)
    assert torch.equal(one, build(SPACE, ARCH, TASK, 0).head.weight)
    assert not torch.equal(one, other)


def test_threads_are_set_inside_only() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        _ = 1 / 0
    assert torch.get_num_threads() == before
    with threads(None):
        assert torch.get_num_threads() == before
    assert cores() >= 1


@pytest.mark.parametrize("stem", ["stem8", "lite4"])
def test_a_step_takes_time_and_leaves_the_random_state_alone(stem: str) -> None:
    arch = SPACE.from_text(SPACE.to_text(ARCH).replace("stem8", stem))
    network = build(SPACE, arch, TASK, 0)
    before = torch.get_rng_state()
    assert 0 < seconds_per_example(network, TASK, "cpu", runs=1) < 1
    assert torch.equal(before, torch.get_rng_state())


def test_a_step_is_timed_in_the_precision_that_is_asked_for() -> None:
    network, seen = build(SPACE, ARCH, TASK, 0), []
    network.head.register_forward_hook(lambda _module, _inputs, output: seen.append(output.dtype))
    for precision in PRECISIONS:
        assert seconds_per_example(network, TASK, "cpu", runs=1, precision=precision) > 0
    assert seen == [torch.float32] * 2 + [torch.bfloat16] * 2
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


@pytest.mark.parametrize(("half", "fastest"), [(0.95, "float32"), (0.8, "bfloat16"), (2.0, "float32")])
def test_half_precision_must_win_by_a_tenth(monkeypatch: pytest.MonkeyPatch, half: float, fastest: str) -> None:
    took = {"float32": 1.0, "bfloat16": half}
    monkeypatch.setattr(timing, "seconds_per_example", lambda *_args, precision, **_options: took[precision])
    assert fastest_precision(build(SPACE, ARCH, TASK, 0), TASK, "cpu") == fastest
