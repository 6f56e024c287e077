"""Fixtures of the contract suites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from genas.testing.contract import untouched_randomness as untouched


@pytest.fixture
def untouched_randomness():
    """Fails where a test changes the state of the global generators."""
    torch.manual_seed(1234)
    np.random.seed(1234)
    with untouched():
        yield


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory) -> Path:
    """Two classes of ten 8x8 pictures each."""
    from PIL import Image

    root = tmp_path_factory.mktemp("pictures")
    draw = np.random.default_rng(0)
    for name in ("bright", "dark"):
        (root / name).mkdir()
        for i in range(10):
            low = 128 if name == "bright" else 0
            pixels = draw.integers(low, low + 128, size=(8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root
