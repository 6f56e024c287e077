"""Labelled sentences: what each must be read as. Constraints are (low, high); what is not named must be the default."""

from __future__ import annotations

from typing import Any

A, L, P, F = ("accuracy", "max"), ("latency_ms", "min"), ("params", "min"), ("flops", "min")
M, E = ("memory_mb", "min"), ("energy_mj", "min")


def _c(low: float | None = None, high: float | None = None) -> tuple[float | None, float | None]:
    return low, high


NB201 = ("nasbench201", {"dataset": "cifar10"})
CORA = ("nasbench_graph", {"dataset": "cora"})

READ: list[tuple[str, dict[str, Any]]] = [
    (
        "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 50k parameters, accuracy first",
        {"task": "digits", "limits": {"params": _c(None, 49_999)}},
    ),
    ("digits", {"task": "digits"}),
    ("Read handwritten digits, please.", {"task": "digits"}),
    ("A digits classifier with at most 50,000 parameters", {"task": "digits", "limits": {"params": _c(None, 50_000)}}),
    ("digits <= 30K params", {"task": "digits", "limits": {"params": _c(None, 30_000)}}),
    ("digits, params < 20000", {"task": "digits", "limits": {"params": _c(None, 19_999)}}),
    (
        "digits; keep the parameter count strictly below 12.5k",
        {"task": "digits", "limits": {"params": _c(None, 12_499)}},
    ),
    ("digits with no more than 0.2 million weights", {"task": "digits", "limits": {"params": _c(None, 200_000)}}),
    (
        "I need a digits model whose number of parameters must not exceed 64 thousand.",
        {"task": "digits", "limits": {"params": _c(None, 64_000)}},
    ),
    (
        "digits, between 10k and 50k parameters",
        {"task": "digits", "limits": {"params": _c(10_000, 50_000)}},
    ),
    (
        "Recognise digits with 5 to 10 million multiply-adds",
        {"task": "digits", "limits": {"flops": _c(10e6, 20e6)}},
    ),
    ("digits up to 3 MFLOPs", {"task": "digits", "limits": {"flops": _c(None, 3e6)}}),
    ("digits up to 3 MMACs", {"task": "digits", "limits": {"flops": _c(None, 6e6)}}),
    (
        "digits below 1.5 GFLOPs and 2M parameters",
        {"task": "digits", "limits": {"flops": _c(None, 1.5e9), "params": _c(None, 2_000_000)}},
    ),
    ("digits in under 5 ms", {"task": "digits", "limits": {"latency_ms": _c(None, 5)}}),
    ("digits, latency at most 800 us", {"task": "digits", "limits": {"latency_ms": _c(None, 0.8)}}),
    (
        "digits, latency ≤ 800 µs on the CPU",
        {"task": "digits", "limits": {"latency_ms": _c(None, 0.8)}, "device": "cpu"},
    ),
    ("digits, must answer within 0.5 s per image", {"task": "digits", "limits": {"latency_ms": _c(None, 500)}}),
    ("digits at 200 fps or more", {"task": "digits", "limits": {"latency_ms": _c(None, 5)}}),
    ("A digits network that fits in 200 KB", {"task": "digits", "limits": {"size_mb": _c(None, 0.2)}}),
    ("digits, model size under 1.5 MB", {"task": "digits", "limits": {"size_mb": _c(None, 1.5)}}),
    ("digits with 256 KiB of RAM", {"task": "digits", "limits": {"memory_mb": _c(None, 0.262144)}}),
    ("digits, peak memory no more than 3 megabytes", {"task": "digits", "limits": {"memory_mb": _c(None, 3)}}),
    ("digits, at most 2 mJ per inference", {"task": "digits", "limits": {"energy_mj": _c(None, 2)}}),
    ("digits, energy below 0.004 J", {"task": "digits", "limits": {"energy_mj": _c(None, 4)}}),
    ("digits with at least 98 % accuracy", {"task": "digits", "limits": {"accuracy": _c(0.98, None)}}),
    ("digits, accuracy >= 0.985", {"task": "digits", "limits": {"accuracy": _c(0.985, None)}}),
    (
        "digits with accuracy above 97.5%, under 20k weights",
        {"task": "digits", "limits": {"accuracy": _c(0.975, None), "params": _c(None, 19_999)}},
    ),
    ("digits with an error rate below 2%", {"task": "digits", "limits": {"accuracy": _c(0.98, None)}}),
    ("digits, 99% correct", {"task": "digits", "limits": {"accuracy": _c(0.99, None)}}),
    (
        "The smallest digits classifier with at least 97 percent accuracy",
        {"task": "digits", "objectives": [P, A], "limits": {"accuracy": _c(0.97, None)}},
    ),
    ("digits, as fast as possible", {"task": "digits", "objectives": [L, A]}),
    (
        "digits, as fast as possible, at least 95% accuracy",
        {"task": "digits", "objectives": [L, A], "limits": {"accuracy": _c(0.95, None)}},
    ),
    ("digits, accuracy first, then latency", {"task": "digits", "objectives": [A, L]}),
    ("digits, accuracy first, then as small as possible", {"task": "digits", "objectives": [A, P]}),
    ("digits; trade-off between accuracy and FLOPs", {"task": "digits", "objectives": [A, F]}),
    ("digits: minimise energy, then maximise accuracy", {"task": "digits", "objectives": [E, A]}),
    ("A small, fast network for digits", {"task": "digits", "objectives": [A, P, L]}),
    ("digits with the fewest parameters; speed does not matter", {"task": "digits", "objectives": [P, A]}),
    ("Most accurate digits net you can find in 20 minutes", {"task": "digits", "seconds": 1200}),
    ("digits, budget 90 s", {"task": "digits", "seconds": 90}),
    ("digits, a budget of 1 h 30 min", {"task": "digits", "seconds": 5400}),
    ("digits, you have half an hour", {"task": "digits", "seconds": 1800}),
    ("digits, take at most two hours", {"task": "digits", "seconds": 7200}),
    ("digits, try 30 networks", {"task": "digits", "trials": 30}),
    (
        "digits, no more than 12 trials and 10 minutes, seed 7",
        {"task": "digits", "trials": 12, "seconds": 600, "seed": 7},
    ),
    (
        "digits, evaluate up to 40 architectures, at most 20k LLM tokens",
        {"task": "digits", "trials": 40, "tokens": 20_000},
    ),
    ("digits trained for 20 epochs on a GPU", {"task": "digits", "device": "cuda", "epochs": 20}),
    (
        "digits on cuda:1, 100 thousand parameters max",
        {"task": "digits", "device": "cuda:1", "limits": {"params": _c(None, 100_000)}},
    ),
    (
        "Tell 0-9 apart on 8 × 8 grey digits using a 50k-parameter CNN",
        {"task": "digits", "limits": {"params": _c(None, 50_000)}},
    ),
    ("digits, exactly 10,000 parameters", {"task": "digits", "limits": {"params": _c(10_000, 10_000)}}),
    ("digits, over 10k but under 40k parameters", {"task": "digits", "limits": {"params": _c(10_001, 39_999)}}),
    ("digits with ≤ 5×10⁴ parameters", {"task": "digits", "limits": {"params": _c(None, 50_000)}}),
    (
        "digits, 1e5 parameters or fewer, 3 ms or less",
        {"task": "digits", "limits": {"params": _c(None, 100_000), "latency_ms": _c(None, 3)}},
    ),
    ("DIGITS UNDER 50K PARAMETERS", {"task": "digits", "limits": {"params": _c(None, 49_999)}}),
    (
        "digits | params: 50k max | latency: 4 ms max",
        {"task": "digits", "limits": {"params": _c(None, 50_000), "latency_ms": _c(None, 4)}},
    ),
    ("digits in the nasbench201 space", {"task": "digits", "space": "nasbench201"}),
    (
        "A ten-class digits classifier, under fifty thousand parameters",
        {"task": "digits", "limits": {"params": _c(None, 49_999)}},
    ),
    ("I have 1,797 images of digits; under 30k parameters", {"task": "digits", "limits": {"params": _c(None, 29_999)}}),
    ("28x28 handwritten digits, under 100k parameters", {"task": "mnist", "limits": {"params": _c(None, 99_999)}}),
    ("MNIST, 99 % accuracy, 1 MB", {"task": "mnist", "limits": {"accuracy": _c(0.99, None), "size_mb": _c(None, 1)}}),
    (
        "CIFAR-10, 100k parameters, 20 minutes of budget",
        {"task": "cifar10", "limits": {"params": _c(None, 100_000)}, "seconds": 1200},
    ),
    (
        "Classify CIFAR-10 at under 100 MFLOPs and less than 8 ms latency",
        {"task": "cifar10", "limits": {"flops": _c(None, 1e8), "latency_ms": _c(None, 8)}},
    ),
    (
        "32x32 RGB cifar10 images, 10 classes; between 0.1M and 0.5M parameters",
        {"task": "cifar10", "limits": {"params": _c(100_000, 500_000)}},
    ),
    ("Best cell of NAS-Bench-201 on CIFAR-10", {"task": NB201}),
    (
        "nasbench201 benchmark, CIFAR-100, latency under 5 ms on a Pixel 3",
        {
            "task": ("nasbench201", {"dataset": "cifar100", "latency_device": "pixel3"}),
            "limits": {"latency_ms": _c(None, 5)},
        },
    ),
    (
        "NAS-Bench-201, ImageNet16-120, up to 1M parameters, 100 trials",
        {
            "task": ("nasbench201", {"dataset": "imagenet16_120"}),
            "limits": {"params": _c(None, 1_000_000)},
            "trials": 100,
        },
    ),
    (
        "nasbench201 on cifar10, latency at most 6 ms on a 1080ti with batch 32",
        {
            "task": ("nasbench201", {"dataset": "cifar10", "latency_device": "1080ti_32"}),
            "limits": {"latency_ms": _c(None, 6)},
        },
    ),
    ("A graph neural network for Cora, under 100k parameters", {"task": CORA, "limits": {"params": _c(None, 99_999)}}),
    (
        "Node classification on pubmed, accuracy first, then latency",
        {"task": ("nasbench_graph", {"dataset": "pubmed"}), "objectives": [A, L]},
    ),
    (
        "Classify my photos in ./data/flowers, under 200k parameters",
        {"task": ("images", {"path": "./data/flowers"}), "limits": {"params": _c(None, 199_999)}},
    ),
    (
        "Sort the images in 'my scans/x rays.npz' within 2 MB",
        {"task": ("images", {"path": "my scans/x rays.npz"}), "limits": {"size_mb": _c(None, 2)}},
    ),
    (
        "A network for steel_defects.parquet, at most 300k parameters and 10 ms",
        {
            "task": ("images", {"path": "steel_defects.parquet"}),
            "limits": {"params": _c(None, 300_000), "latency_ms": _c(None, 10)},
        },
    ),
    (
        "~/pictures/cats: as small as possible with at least 90 % accuracy",
        {"task": ("images", {"path": "~/pictures/cats"}), "objectives": [P, A], "limits": {"accuracy": _c(0.9, None)}},
    ),
    (
        "Make me a tiny MNIST net that runs in 2ms on my laptop's CPU and stays under 30k params",
        {
            "task": "mnist",
            "limits": {"latency_ms": _c(None, 2), "params": _c(None, 29_999)},
            "objectives": [A, P],
            "device": "cpu",
        },
    ),
    (
        "a convnet for CIFAR10 with max 250K parameters, max 40M MACs; prefer accuracy but keep it quick",
        {"task": "cifar10", "limits": {"params": _c(None, 250_000), "flops": _c(None, 8e7)}, "objectives": [A, L]},
    ),
    (
        "digits. Max params: 50,000. Max latency: 3 ms. Min accuracy: 0.97.",
        {
            "task": "digits",
            "limits": {"params": _c(None, 50_000), "latency_ms": _c(None, 3), "accuracy": _c(0.97, None)},
        },
    ),
    ("digits, 10-50 ms", {"task": "digits", "limits": {"latency_ms": _c(10, 50)}}),
    ("digits, the fewer parameters the better", {"task": "digits", "objectives": [P, A]}),
    ("digits, low power, at most 3mJ", {"task": "digits", "objectives": [A, E], "limits": {"energy_mj": _c(None, 3)}}),
    ("digits < 50k params > 97% acc", {"task": "digits", "limits": {"params": _c(None, 49_999), "accuracy": _c(0.97)}}),
    ("mnist, latency first, accuracy second", {"task": "mnist", "objectives": [L, A]}),
    ("mnist, 60 FPS", {"task": "mnist", "limits": {"latency_ms": _c(None, 16.666666667)}}),
    (
        "64x64 colour photos in /data/birds, at most 5 ms",
        {"task": ("images", {"path": "/data/birds", "size": 64, "channels": 3}), "limits": {"latency_ms": _c(None, 5)}},
    ),
    (
        "graph network for citeseer with low latency",
        {"task": ("nasbench_graph", {"dataset": "citeseer"}), "objectives": [A, L]},
    ),
    (
        "images from photos/train: under 1M weights",
        {"task": ("images", {"path": "photos/train"}), "limits": {"params": _c(None, 999_999)}},
    ),
    (
        "I'd like something that recognizes handwritten digits and isn't bigger than 40 thousand parameters",
        {"task": "digits", "limits": {"params": _c(None, 40_000)}},
    ),
    ("digits; don't make it larger than 30k weights", {"task": "digits", "limits": {"params": _c(None, 30_000)}}),
    ("digits; it doesn't need more than 5 ms", {"task": "digits", "limits": {"latency_ms": _c(None, 5)}}),
    ("digits, accuracy not below 96%", {"task": "digits", "limits": {"accuracy": _c(0.96)}}),
    ("digits with fewer parameters than 9000", {"task": "digits", "limits": {"params": _c(None, 8_999)}}),
    ("digits w/ 50k params", {"task": "digits", "limits": {"params": _c(None, 50_000)}}),
    ("cifar-10; max 1_000_000 params", {"task": "cifar10", "limits": {"params": _c(None, 1_000_000)}}),
    ("cifar-10 with 1'000'000 parameters", {"task": "cifar10", "limits": {"params": _c(None, 1_000_000)}}),
    ("mnist, maximise accuracy while minimising latency and parameters", {"task": "mnist", "objectives": [A, L, P]}),
    ("Optimise digits for latency", {"task": "digits", "objectives": [L, A]}),
    ("mnist with low latency and low memory", {"task": "mnist", "objectives": [A, L, M]}),
    ("mnist, in 30 seconds total", {"task": "mnist", "seconds": 30}),
    ("mnist: speed matters most, then size", {"task": "mnist", "objectives": [L, P, A]}),
    (
        "mnist, minimize parameters subject to accuracy > 99%",
        {"task": "mnist", "objectives": [P, A], "limits": {"accuracy": _c(0.99)}},
    ),
    (
        "NAS-Bench-201 CIFAR-10: maximise accuracy subject to latency < 4 ms on Samsung S7 and params < 500k",
        {
            "task": ("nasbench201", {"dataset": "cifar10", "latency_device": "samsung_s7"}),
            "limits": {"latency_ms": _c(None, 4), "params": _c(None, 499_999)},
        },
    ),
    (
        "mnist with less than 5 mJ per image and 3ms per image",
        {"task": "mnist", "limits": {"energy_mj": _c(None, 5), "latency_ms": _c(None, 3)}},
    ),
    ("mnist latency 10 ms, 30 min search", {"task": "mnist", "limits": {"latency_ms": _c(None, 10)}, "seconds": 1800}),
    (
        "Search for 45 seconds for a digits network under 30k parameters",
        {"task": "digits", "limits": {"params": _c(None, 29_999)}, "seconds": 45},
    ),
    (
        "a network with at most 10k parameters that is 98% accurate on MNIST",
        {"task": "mnist", "limits": {"params": _c(None, 10_000), "accuracy": _c(0.98)}},
    ),
    (
        "MNIST with a latency budget of 3 ms and a search budget of 10 min",
        {"task": "mnist", "limits": {"latency_ms": _c(None, 3)}, "seconds": 600},
    ),
    ("mnist: params in [10k, 20k]", {"task": "mnist", "limits": {"params": _c(10_000, 20_000)}}),
    ("mnist: 10k < params < 20k", {"task": "mnist", "limits": {"params": _c(10_001, 19_999)}}),
    ("mnist: 0.98 <= accuracy", {"task": "mnist", "limits": {"accuracy": _c(0.98)}}),
    (
        "mnist; parameters at most 20k and at least 10k; flops at most 1M",
        {"task": "mnist", "limits": {"params": _c(10_000, 20_000), "flops": _c(None, 1e6)}},
    ),
    (
        "cifar10 at least 80 % in 30 minutes with at most 0.25M parameters",
        {"task": "cifar10", "limits": {"accuracy": _c(0.8), "params": _c(None, 250_000)}, "seconds": 1800},
    ),
    ("mnist <= 15E3 params", {"task": "mnist", "limits": {"params": _c(None, 15_000)}}),
    ("mnist, two hundred thousand parameters", {"task": "mnist", "limits": {"params": _c(None, 200_000)}}),
    ("mnist, 3 500 000 parameters", {"task": "mnist", "limits": {"params": _c(None, 3_500_000)}}),
    (
        "classify the images under datasets/leaves, few parameters",
        {"task": ("images", {"path": "datasets/leaves"}), "objectives": [A, P]},
    ),
    (
        "mnist; accuracy comes first, size second, latency third",
        {"task": "mnist", "objectives": [A, P, L]},
    ),
    (
        "digits for a Raspberry Pi 4 in under 10 ms",
        {"task": "digits", "device": "raspi4", "limits": {"latency_ms": _c(None, 10)}},
    ),
    ("mnist, four GPU hours", {"task": "mnist", "seconds": 14_400}),
    ("mnist, two and a half hours of search", {"task": "mnist", "seconds": 9000}),
    ("mnist, ROC AUC at least 0.9", {"task": "mnist", "limits": {"roc_auc": _c(0.9)}}),
    ("mnist, perplexity below 20", {"task": "mnist", "limits": {"perplexity": _c(None, 20)}}),
    ("digits without any constraints, 10 trials", {"task": "digits", "trials": 10}),
]

REFUSED: list[tuple[str, str]] = [
    ("", "Nothing is asked for"),
    ("   ?!  ", "Nothing is asked for"),
    ("asdf", "what the network is for"),
    ("Design a network.", "what the network is for"),
    ("digits with 12 classes", "10 classes"),
    ("digits with 0 classes", "at least 2 classes"),
    ("digits, 1 class", "at least 2 classes"),
    ("28x28 cifar10 images", "32x32"),
    ("16x16 handwritten digits", "8x8"),
    ("colour digits under 50k parameters", "grey"),
    ("digits under 0 parameters", "above zero"),
    ("digits, at most -5 ms", "above zero"),
    ("digits with at least 120 % accuracy", "between 0 and 100"),
    ("digits, at least 50k parameters, at most 10k parameters", "contradict"),
    ("digits, between 50k and 10k parameters", "downwards"),
    ("digits, between 10 and 50k parameters", "unit twice"),
    ("digits under 50k", "of what"),
    ("digits 50000", "of what"),
    ("digits with 8-bit weights", "of what"),
    ("MNIST, 5x faster than ResNet-18", "not understood"),
    ("digits, parameters and flops under 10M", "two figures"),
    ("sort the photos in photos/train, 64x32 pixels", "not square"),
    ("digits, latency under 5", "no unit"),
    ("digits with 3 layers", "of what"),
    ("digits, 95 %", "of what"),
    ("digits, 30 seconds", "latency or the time"),
    ("digits, about 50k parameters", "no limit"),
    ("digits with 50.000 parameters", "thousand or a fraction"),
    ("digits, 1,5 ms", "decimal"),
    ("digits under 5 parsecs", "of what"),
    ("digits under 5kk parameters", "not understood"),
    ("digits on a Raspberry Pi in under 10 ms", "latency table"),
    ("nasbench201 on a Pixel 6 under 10 ms", "latency table"),
    ("mnist, five and twenty thousand parameters", "in digits"),
    ("digits on an iPhone", "timed on this machine"),
    ("Fashion-MNIST under 50k parameters", "no task"),
    ("CIFAR-100 under 1M parameters", "nasbench201"),
    ("digits and cifar10", "one task"),
    ("A GNN under 100k parameters", "Which graph"),
    ("Classify my photos", "Where are your images"),
    ("A network that predicts house prices", "not served"),
    ("An LSTM for digits", "No search space"),
    ("digits, give me 3 networks", "how many to try"),
    ("digits, at least 2 hours of budget", "upper limit"),
    ("digits, minimise accuracy", "bad network"),
    ("digits, two kinds of 10 classes", "Write it once"),
    ("digits, the smallest and the largest network", "contradict"),
    ("digits under 1e999 parameters", "too large"),
    ("digits with infinite parameters", "no number"),
    ("mnist, a couple of thousand parameters", "How much"),
    ("mnist, half the parameters of 40k", "not measured"),
    ("mnist, ideally under 5 ms", "kept strictly"),
    ("mnist, 5 seeds", "of what"),
    ("mnist, top 5 networks", "how many to try"),
    ("mnist, 1/2 MB", "of what"),
    ("digits, maximise latency", "bad network"),
    ("mnist, 45s", "latency or the time"),
    ("I need under 50k parameters", "what the network is for"),
    ("nasbench201, 20 epochs", "nothing is trained"),
]
