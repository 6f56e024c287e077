from __future__ import annotations

import pytest

from genas.faces.provenance import unsourced

SOURCES = ["under 50k parameters, 2 ms", "test accuracy 0.9872 ± 0.0021 (n = 3), 49,999 params, latency 1.284 ms"]


@pytest.mark.parametrize(
    "text",
    [
        "It has 49,999 parameters (your 50k) and 98.72 % accuracy, or 0.987, over 3 seeds.",
        "1. It runs in 1.28 ms.\n2. You asked for 2 ms.",
        "On CIFAR-10 and nasbench201, conv3x3 with k5 came first.",
        "About 98.7% and 50 thousand parameters.",
        "",
    ],
)
def test_figures_that_were_said_are_known(text: str) -> None:
    assert unsourced(text, SOURCES) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It reaches 0.9901.", ["0.9901"]),
        ("About 5 ms, 49,998 parameters, 99 % accuracy.", ["5 ms", "49,998"]),
        ("It is 7 times faster and 40k smaller.", ["7", "40k"]),
        ("1 ms", ["1 ms"]),
    ],
)
def test_figures_that_nothing_says_are_found(text: str, numbers: list[str]) -> None:
    assert [number.removesuffix(" ms") for number in unsourced(text, SOURCES)] == [
        n.removesuffix(" ms") for n in numbers
    ]


def test_very_long_texts_are_looked_at_quickly() -> None:
    assert unsourced("12 " * 20_000, [" ".join(map(str, range(100, 20_000)))]) == ["12"]
