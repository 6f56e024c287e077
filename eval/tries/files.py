"""Helpers for attempts with data files: names of splits, a check, and the permitted outcomes for a damaged file."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from genas.core.errors import GenasError
from genas.core.interfaces import Split, Task
from tries import RIGHT, Wrong, advice

SPLITS: tuple[Split, ...] = ("train", "val", "test")
NAMES = {  # of splits, as people write them
    "train": ("train", "Training", "TRAIN", "training_set", "seg_train", "trainset", "train-data"),
    "val": ("val", "valid", "Validation", "VAL_SET", "dev", "seg_val"),
    "test": ("test", "Testing", "test_set", "TestSet", "seg_test", "holdout", "hold-out"),
}


def expect(holds: object, what: str, said: object = "") -> None:
    """Raises Wrong where it does not hold."""
    if not holds:
        raise Wrong(f"{what}: {said}" if str(said) else what)


def numbers(draw: random.Random) -> np.random.Generator:
    return np.random.default_rng(draw.getrandbits(64))


def taken(make: Callable[[], Task], name: str) -> str:
    """How a file was taken that may be refused: read as finite numbers of the task's shape, or refused by its name."""
    try:
        task = make()
        task.examine()
        inputs = task.data("train").inputs
    except GenasError as error:
        expect(name in str(error), "a refusal that does not name the file", error)
        return advice(error)
    shown = task.prepare(inputs)
    expect(
        bool(shown.isfinite().all()) and tuple(shown.shape[1:]) == tuple(task.input_shape), "not finite", shown.shape
    )
    return RIGHT
