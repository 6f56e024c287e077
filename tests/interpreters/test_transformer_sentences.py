"""Sentences that ask for a transformer on images get the space vit."""

import pytest

from genas.core.errors import RequestError
from genas.interpreters.exact import Exact


@pytest.mark.parametrize(
    ("sentence", "space"),
    [
        ("a vision transformer for handwritten digits under 50k parameters", "vit"),
        ("a ViT for CIFAR-10, 1 hour", "vit"),
        ("transformers for 32x32 colour images, 10 classes", "vit"),
        ("a CNN for digits that is better than a ViT", "conv_net"),
        ("a network for digits smaller than a vision transformer", "conv_net"),
    ],
)
def test_the_space(sentence, space):
    assert Exact().read(sentence).space.name == space


def test_rows_have_no_transformers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,y\n" + "1,u\n2,v\n" * 20)
    with pytest.raises(RequestError, match="makes 'transformer' networks for this task"):
        Exact().read("a transformer for the rows of t.csv, label y")


@pytest.mark.parametrize("name", ["MobileNetV2", "vision transformer"])
def test_a_table_holds_neither_transformers_nor_mobile_networks(name):
    with pytest.raises(RequestError, match=f"table nasbench201 holds no '{name}' networks"):
        Exact().read(f"the best {name} of NAS-Bench-201 for CIFAR-10")
