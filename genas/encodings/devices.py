"""Descriptions of the devices of the benchmark tables."""

from __future__ import annotations

from typing import NamedTuple


class Device(NamedTuple):
    """A device on which latency or energy was measured.

    Args:
        words: its description.
        batch: batch size of the measurement.
    """

    words: str
    batch: int = 1


_CARDS = {
    "1080ti": "NVIDIA GeForce GTX 1080 Ti", "2080ti": "NVIDIA GeForce RTX 2080 Ti", "titan_rtx": "NVIDIA Titan RTX",
    "titanx": "NVIDIA Titan X", "titanxp": "NVIDIA Titan Xp",
}  # fmt: skip
_PHONES = {
    "essential_ph_1": "Essential PH-1", "pixel3": "Google Pixel 3", "samsung_a50": "Samsung Galaxy A50",
    "samsung_s7": "Samsung Galaxy S7",
}  # fmt: skip
_SERVERS = {
    "gold_6240": "Intel Xeon Gold 6240", "silver_4114": "Intel Xeon Silver 4114",
    "silver_4210r": "Intel Xeon Silver 4210R",
}  # fmt: skip
_BOARDS = {"litert": "LiteRT", "onnx": "ONNX Runtime", "torchmobile": "PyTorch Mobile"}
DEVICES: dict[str, Device] = {
    **{
        f"{card}_{batch}": Device(f"{words}, a desktop graphics card (GPU)", batch)
        for card, words in _CARDS.items()
        for batch in (1, 32, 64, 256)
    },
    **{name: Device(f"{words}, a mobile phone (ARM CPU)") for name, words in _PHONES.items()},
    **{name: Device(f"{words}, a server processor (CPU)") for name, words in _SERVERS.items()},
    **{
        f"pi5_{name}": Device(f"Raspberry Pi 5 with {words}, a single-board computer (ARM CPU)")
        for name, words in _BOARDS.items()
    },
    "edgegpu": Device("NVIDIA Jetson TX2, an embedded graphics processor (edge GPU)"),
    "edgetpu": Device("Google Edge TPU, an embedded accelerator for neural networks (ASIC)"),
}


def device(name: str) -> Device:
    """The device that a table calls `name`; any other name is taken as its description, with a batch size of 1."""
    return DEVICES.get(name, Device(name.replace("_", " ")))
