"""Transformers of HW-GPT-Bench have the parameters of its table, and its task finds them."""

import pytest
import torch

from genas.core.errors import RequestError, ScoreFailed
from genas.core.rng import rng
from genas.spaces.gpt import Gpt
from genas.tasks.described import Described
from genas.tasks.hwgpt import HwGpt


@pytest.mark.usefixtures("bench_data")
def test_parameters_are_the_tables():
    space, task = Gpt(), HwGpt(latency_device="a100")
    for arch in task.measured[:200:10]:
        assert space.problems(arch) == []
        with torch.device("meta"):
            count = sum(p.numel() for p in space.build(arch, task).parameters())
        assert count == task.lookup(arch, "params").value
    assert 22 < task.lookup(arch, "perplexity").value < 42
    assert task.lookup(arch, "latency_ms").value > 1
    with pytest.raises(ScoreFailed, match="lacks"):
        task.lookup(space.sample(rng(0, "gpt")), "perplexity")


def test_later_tokens_do_not_change_earlier_logits():
    space, task = Gpt(scale="tiny"), HwGpt()
    network = space.build(space.sample(rng(0, "gpt")), task).eval()
    tokens = torch.arange(12).view(1, 12)
    changed = tokens.clone()
    changed[0, 8:] = 99
    one, two = network(tokens), network(changed)
    assert one.shape == (1, 12, task.outputs)
    torch.testing.assert_close(one[:, :8], two[:, :8])
    assert not torch.allclose(one[:, 8:], two[:, 8:])


def test_neighbours_change_the_depth_and_wrong_options_are_refused():
    space = Gpt(scale="tiny")
    assert {len(a.ops) for a in space.neighbors(space.sample(rng(0, "gpt")))} == {3, 4}
    with pytest.raises(RequestError, match="scale"):
        Gpt(scale="xl")


def test_classes_of_texts_are_no_vocabulary():
    space = Gpt(scale="tiny")
    with pytest.raises(RequestError, match="text classifiers are not served"):
        space.build(space.sample(rng(0, "gpt")), Described(modality="text", input_shape=[64], outputs=3))
