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
    ("mnist: anything above 100k parameters is useless", {"task": "mnist", "limits": {"params": _c(None, 100_000)}}),
    ("More than 5 ms is too slow; it's for cifar10", {"task": "cifar10", "limits": {"latency_ms": _c(None, 5)}}),
    ("cifar10, below 60 % accuracy is unacceptable", {"task": "cifar10", "limits": {"accuracy": _c(0.6, None)}}),
    ("Für MNIST: alles über 5 ms ist unbrauchbar", {"task": "mnist", "limits": {"latency_ms": _c(None, 5)}}),
    ("MNIST : plus de 3 ms est trop lent", {"task": "mnist", "limits": {"latency_ms": _c(None, 3)}}),
    (
        "MNIST max_params=50000 min_acc=0.98 latency_ms<=2",
        {
            "task": "mnist",
            "limits": {"params": _c(None, 50_000), "accuracy": _c(0.98, None), "latency_ms": _c(None, 2)},
        },
    ),
    ("digits: params ∈ [2k, 9k]", {"task": "digits", "limits": {"params": _c(2000, 9000)}}),
    (
        "mnist, accuracy no worse than 0.985 and no more than 2.5 MMACs",
        {"task": "mnist", "limits": {"accuracy": _c(0.985, None), "flops": _c(None, 5e6)}},
    ),
    ("cifar10, between 10 and 20 MFLOPs", {"task": "cifar10", "limits": {"flops": _c(1e7, 2e7)}}),
    ("mnist, accuracy then params", {"task": "mnist", "objectives": [A, P]}),
    ("mnist, latency second, accuracy first", {"task": "mnist", "objectives": [A, L]}),
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
    ("mnsit with less then 15k parms", {"task": "mnist", "limits": {"params": _c(None, 14_999)}}),
    ("cfiar10 atleast 80 % accuracy", {"task": "cifar10", "limits": {"accuracy": _c(0.8, None)}}),
    ("acuracy first, thn energy on cifar10", {"task": "cifar10", "objectives": [A, E]}),
    (
        "under both 20k weights and 2 ms: digits",
        {"task": "digits", "limits": {"params": _c(None, 19_999), "latency_ms": _c(None, 2)}},
    ),
    ("The parameter budget for MNIST is 75k.", {"task": "mnist", "limits": {"params": _c(None, 75_000)}}),
    ("get 97% of the digits right", {"task": "digits", "limits": {"accuracy": _c(0.97, None)}}),
    ("mnist: 98 out of 100 right", {"task": "mnist", "limits": {"accuracy": _c(0.98, None)}}),
    (
        "mnist must be smaller than 100 kB and more accurate than 98.5 %",
        {"task": "mnist", "limits": {"size_mb": _c(None, 0.1), "accuracy": _c(0.985, None)}},
    ),
    ("mnist, 500 times per second", {"task": "mnist", "limits": {"latency_ms": _c(None, 2)}}),
    ("MNIST that is accurate, small and fast", {"task": "mnist", "objectives": [A, P, L]}),
    ("cifar10: accuracy > latency", {"task": "cifar10", "objectives": [A, L]}),
    ("mnist, smallest latency", {"task": "mnist", "objectives": [L, A]}),
    ("Ziffern, kein Netz über 9.000 Parameter", {"task": "digits", "limits": {"params": _c(None, 9_000)}}),
    ("CIFAR-10, wichtig ist vor allem die Geschwindigkeit", {"task": "cifar10", "objectives": [L, A]}),
    ("CIFAR-10: Energieverbrauch minimieren", {"task": "cifar10", "objectives": [E, A]}),
    ("MNIST, so schnell es geht", {"task": "mnist", "objectives": [L, A]}),
    ("réseau léger et rapide pour les chiffres", {"task": "digits", "objectives": [A, P, L]}),
    ("MNIST, le moins de paramètres possible", {"task": "mnist", "objectives": [P, A]}),
    ("chiffres : la précision avant la vitesse", {"task": "digits", "objectives": [A, L]}),
    (
        "mnist, at most 0.05 M parameters, at least 0.97 accuracy",
        {"task": "mnist", "limits": {"params": _c(None, 50_000), "accuracy": _c(0.97, None)}},
    ),
    (
        "digits with 95 % or more and fewer weights than 5k",
        {"task": "digits", "limits": {"accuracy": _c(0.95, None), "params": _c(None, 4_999)}},
    ),
    ("a 20,000-weight network for digits", {"task": "digits", "limits": {"params": _c(None, 20_000)}}),
    ("cifar10: 2 ms <= latency <= 5 ms", {"task": "cifar10", "limits": {"latency_ms": _c(2, 5)}}),
    ("mnist under 20k but over 5k weights", {"task": "mnist", "limits": {"params": _c(5_001, 19_999)}}),
    ("mnist, 2½ ms and ½ MB", {"task": "mnist", "limits": {"latency_ms": _c(None, 2.5), "size_mb": _c(None, 0.5)}}),
    ("mnist, 1h30", {"task": "mnist", "seconds": 5400}),
]
