"""Sentences that name MobileNet or mobile blocks get the space mobile; those that only compare with one do not."""

import pytest

from genas.core.errors import RequestError
from genas.interpreters.exact import Exact


@pytest.mark.parametrize(
    ("sentence", "space"),
    [
        ("a MobileNet for handwritten digits", "mobile"),
        ("MobileNetV3 for digits", "mobile"),
        ("a MobileNetV2-like network for CIFAR-10 under 100k parameters", "mobile"),
        ("mobile blocks for digits, under 50k parameters", "mobile"),
        ("ein MobileNet für Ziffern", "mobile"),
        ("digits, space mobile, under 30k parameters", "mobile"),
        ("a network for digits smaller than MobileNetV2", "conv_net"),
        ("a CNN for digits that beats MobileNet", "conv_net"),
        ("our current MobileNetV2 has 3M parameters; a network for digits of at most 100k parameters", "conv_net"),
    ],
)
def test_the_space(sentence, space):
    assert Exact().read(sentence).space.name == space


@pytest.mark.parametrize(
    "sentence",
    ["train my MobileNetV2 on CIFAR-10", "use a pretrained MobileNet for digits", "compress MobileNetV3 for digits"],
)
def test_networks_that_exist_are_not_served(sentence):
    with pytest.raises(RequestError, match=r"MobileNet.* is not served yet"):
        Exact().read(sentence)


@pytest.mark.parametrize("sentence", ["digits on a mobile phone", "digits on a mobile"])
def test_a_mobile_is_a_device(sentence):
    with pytest.raises(RequestError, match="Nothing can be measured on 'mobile"):
        Exact().read(sentence)
