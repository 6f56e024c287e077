"""Train, validation and test rows of somebody's own data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor


def check_classes(path: Path, labels: Sequence[int], classes: Sequence[str], limit: int | None, things: str) -> None:
    """Some examples, two classes or more, none of them empty, and a limit that leaves one example each.

    Args:
        things: what the examples are called, in the plural.

    Raises:
        RequestError: where it is not so.
    """
    if not labels:
        raise RequestError(f"{path} has no {things}; name data with some of each class.")
    counts = Counter(labels)
    if empty := [name for number, name in enumerate(classes) if not counts[number]]:
        raise RequestError(f"The class {empty[0]!r} of {path} has no {things}; add some or remove the class.")
    if len(counts) < 2:
        only = classes[next(iter(counts))]
        raise RequestError(f"{path} has one class only ({only}); a classifier needs two or more.")
    if limit is not None and limit < len(classes):
        raise RequestError(f"limit must be at least one example per class ({len(classes)}), not {limit}.")


def divide(  # noqa: PLR0917
    path: Path, labels: Sequence[int], splits: Sequence[str], classes: Sequence[str], limit: int | None, things: str
) -> dict[str, Tensor]:
    """Row numbers of each split: as named by `splits`, what they lack being taken from train; see the tasks.

    Args:
        splits: the split of each row, "" where the data name none.
        limit: at most that many training rows, classes in proportion.

    Raises:
        RequestError: where some rows name a split and others do not, or a split or class is left without examples.
    """
    import torch

    from genas.nn import pictures

    answers = torch.tensor(list(labels))
    named = set(splits)
    if named == {""}:
        rows = dict(zip(("train", "val", "test"), pictures.split(answers), strict=True))
    else:
        if "train" not in named or "" in named:
            raise RequestError(f"{path} must name the split of all {things}, train among them.")
        rows = {s: torch.tensor([i for i, t in enumerate(splits) if t == s], dtype=torch.long) for s in named}
        for lacking in sorted({"val", "test"} - named):
            rest, held = pictures.hold_out(answers[rows["train"]], 0.15)
            rows[lacking], rows["train"] = rows["train"][held], rows["train"][rest]
    if limit is not None:
        rows["train"] = rows["train"][pictures.subset(answers[rows["train"]], limit)]
    learned = set(answers[rows["train"]].tolist())
    if few := [name for number, name in enumerate(classes) if number not in learned]:
        raise RequestError(f"The class {few[0]!r} of {path} has too few {things} to train on; add some.")
    if short := [split for split, chosen in rows.items() if not len(chosen)]:
        raise RequestError(f"{path} has too few {things} for a {short[0]} split; give each class at least 3.")
    return rows
