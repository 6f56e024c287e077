"""Fixtures of the contract suites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch


@pytest.fixture
def untouched_randomness():
    """Fails where a test changes the state of the global generators."""
    torch.manual_seed(1234)
    np.random.seed(1234)
    before = torch.get_rng_state().clone(), np.random.get_state()[1].copy()
    yield
    assert torch.equal(before[0], torch.get_rng_state()), "torch's global random state was changed"
    assert np.array_equal(before[1], np.random.get_state()[1]), "numpy's global random state was changed"


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
