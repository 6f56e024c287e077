"""Labelled sentences on published benchmarks: what each must be read as; what is not named must be the default."""

from __future__ import annotations

from typing import Any

from sentences import _c as c

A, L, P = ("accuracy", "max"), ("latency_ms", "min"), ("params", "min")
X = ("perplexity", "min")

# Sentence, task with its options, space with its options, and what differs from the defaults.
BENCHMARKS: list[tuple[str, tuple[str, dict[str, Any]], tuple[str, dict[str, Any]], dict[str, Any]]] = [
    ("DARTS, at most 4M weights", ("darts", {}), ("darts", {}), {"limits": {"params": c(None, 4e6)}}),
    ("the NAS-Bench 301 table", ("darts", {}), ("darts", {}), {}),
    ("darts cells for house numbers", ("darts", {"table": "svhn"}), ("darts", {}), {}),
    (
        "OnceNAS cells under 5 ms on the FPGA",
        ("darts", {"table": "oncenas"}),
        ("darts", {"wide": True}),
        {"limits": {"latency_ms": c(None, 5)}, "device": "fpga"},
    ),
    (
        "DARTS on a microcontroller, fastest",
        ("darts", {"table": "oncenas"}),
        ("darts", {"wide": True}),
        {"objectives": [L, A], "device": "mcu"},
    ),
    ("DARTS cells for MNIST", ("mnist", {}), ("darts", {}), {}),
    ("FBNet for CIFAR-10", ("cifar10", {}), ("fbnet", {}), {}),
    ("FBNet on the Pixel 3", ("fbnet", {}), ("fbnet", {}), {"objectives": [L], "device": "pixel3"}),
    ("nb101, 40 trials", ("nasbench101", {}), ("nasbench101", {}), {"trials": 40}),
    ("HW-NAS-Bench, cifar100", ("nasbench201", {"dataset": "cifar100"}), ("nasbench201", {}), {}),
    ("TransNAS room layouts", ("transnas", {"dataset": "room_layout"}), ("transnas_macro", {}), {}),
    ("transnas-bench-101", ("transnas", {}), ("transnas_macro", {}), {}),
    (
        "Sprachmodell mit einer Perplexität unter 30 auf einer V100",
        ("hwgpt", {}),
        ("gpt", {}),
        {"limits": {"perplexity": c(None, 30)}, "objectives": [X], "device": "v100"},
    ),
    (
        "medium GPT, latency first, then perplexity",
        ("hwgpt", {"scale": "m"}),
        ("gpt", {"scale": "m"}),
        {"objectives": [L, X]},
    ),
    ("the most accurate GPT", ("hwgpt", {}), ("gpt", {}), {"objectives": [X]}),
]
