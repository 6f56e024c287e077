"""What tests of the user's own files share: images in folders, tables, and what a task says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image


def pixels(label: int, i: int, size=(8, 8), channels=3) -> np.ndarray:
    draw = np.random.default_rng([label, i])
    shape = (*size, channels) if channels == 3 else size
    return draw.integers(100 * label, 100 * label + 100, shape).astype(np.uint8)


def folders(root, counts=(20, 20), names=("cat", "dog"), **how):
    for label, (name, count) in enumerate(zip(names, counts, strict=True)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(pixels(label, i, **how)).save(root / name / f"{i}.png")
    return str(root)


def said(task, *words: str) -> bool:
    """Whether one of the task's notes holds all the words."""
    return any(all(word in note for word in words) for note in task.examine())


def table(folder: Path, text: str, name: str = "table.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def rows(count: int = 30, head: str = "age,town,label") -> str:
    return "\n".join(
        [head, *(f"{10 * i},{'Rome' if i % 2 else 'Oslo'},{'yes' if i % 3 else 'no'}" for i in range(count))]
    )


def csv(head: str, row, count: int = 40, mark: str = ",") -> str:
    """A table whose rows are what `row` makes of their number."""
    return "\n".join([head, *(mark.join(map(str, row(i))) for i in range(count))]) + "\n"


def numbers_of(task, name: str) -> set[float]:
    """The different numbers of a column of a table, in all splits."""
    at = [column for column, _ in task.features].index(name)
    return {value for split in ("train", "val", "test") for value in task.data(split).inputs[:, at].tolist()}


def all_labels(task) -> list[int]:
    """How many examples of each class there are in all splits."""
    return torch.cat([task.data(split).labels for split in ("train", "val", "test")]).bincount().tolist()
