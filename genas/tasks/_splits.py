"""Train, validation and test rows of somebody's own data, equal examples on one side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genas.core.errors import RequestError
from genas.reading.splits import listed

if TYPE_CHECKING:
    from torch import Tensor

_COARSE = 0.25  # of the rows that repeat: so many with several classes are no copies
_HELD = 0.15  # of each class, for a split that the data lack


class Division(NamedTuple):
    """The rows of each split, and sentences on how they came there."""

    rows: dict[str, Tensor]
    notes: list[str]


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
    path: Path,
    labels: Sequence[int],
    splits: Sequence[str],
    classes: Sequence[str],
    limit: int | None,
    things: str,
    *,
    keys: Sequence[Hashable],
) -> Division:
    """Row numbers of each split: as named by `splits`, what they lack being taken from train; see the tasks.

    Where rows are divided here, copies come to one side, if each class has three different examples or more. Where the
    data name the splits they stay there. Either way they are counted.

    Args:
        splits: the split of each row, "" where the data name none.
        limit: at most that many training rows, classes in proportion.
        keys: the same for two rows whose inputs are equal.

    Raises:
        RequestError: where some rows name a split and others do not, or a split or class is left without examples.
    """
    import torch

    from genas.tasks import _pixels

    answers = torch.tensor(list(labels))
    named = set(splits)
    together, copies, notes = _grouped(answers, keys, things)
    apart = together if copies else range(len(answers))
    if named == {""}:
        rows = _cut(torch.arange(len(answers)), answers, apart, ("val", "test"))
    else:
        rows = _named(path, splits, things)
        for lacking in sorted({"val", "test"} - named):
            rows |= _cut(rows["train"], answers, apart, (lacking,))
    split_up = shared(rows, dict(enumerate(keys)), things)
    if notes and not split_up:
        notes[0] = f"{notes[0][:-1]}; equal ones are in one split."
    notes += [*split_up, *_absent(answers, rows, classes, things)]
    if limit is not None:
        rows["train"] = rows["train"][_pixels.subset(answers[rows["train"]], limit)]
    _check_learned(path, answers, rows, classes, things)
    return Division(rows, notes)


def _named(path: Path, splits: Sequence[str], things: str) -> dict[str, Tensor]:
    """The rows of each split that the data name."""
    import torch

    names = set(splits)
    if "" in names:
        raise RequestError(f"{path} must name the split of all {things}; {list(splits).count('')} name none.")
    if "train" not in names:
        raise RequestError(f"{path} names the splits {' and '.join(sorted(names))}, but none is train; name one so.")
    return {s: torch.tensor([i for i, t in enumerate(splits) if t == s], dtype=torch.long) for s in sorted(names)}


def _check_learned(path: Path, answers: Tensor, rows: dict[str, Tensor], classes: Sequence[str], things: str) -> None:
    learned = set(answers[rows["train"]].tolist())
    if few := [name for number, name in enumerate(classes) if number not in learned]:
        raise RequestError(
            f"The class {few[0]!r} of {path} has too few {things} to train on, or none in its train split; add some "
            "there."
        )
    if short := [split for split, chosen in rows.items() if not len(chosen)]:
        raise RequestError(f"{path} has too few {things} for a {short[0]} split; give each class at least 3.")


def _absent(answers: Tensor, rows: Mapping[str, Tensor], classes: Sequence[str], things: str) -> list[str]:
    """Sentences on classes that a split does not have, so that its figures say nothing of them."""
    answers_in = {split: set(answers[rows[split]].tolist()) for split in ("val", "test")}
    return [
        f"The {split} split has no {things} of the class {listed(absent)}."
        for split, its in answers_in.items()
        if its and (absent := [name for number, name in enumerate(classes) if number not in its])
    ]


def _grouped(answers: Tensor, keys: Sequence[Hashable], things: str) -> tuple[list[int], bool, list[str]]:
    """Of each row the first row that equals it, whether equal rows are copies, and sentences on them.

    Where many equal rows have different classes, they are no copies: the columns are too coarse to tell rows apart.
    """
    first: dict[Hashable, int] = {}
    together = [first.setdefault(key, row) for row, key in enumerate(keys)]
    if len(first) == len(together):
        return together, True, []
    labels = answers.tolist()
    different: dict[int, set[int]] = {}
    for row, its in enumerate(together):
        different.setdefault(its, set()).add(labels[row])
    doubted = {its for its, found in different.items() if len(found) > 1}
    notes = [f"{len(together) - len(first):,} of {len(together):,} {things} repeat another one."]
    if doubted:
        count = sum(its in doubted for its in together)
        notes.append(f"{count:,} {things} equal others of another class, so no network can tell all of them apart.")
    repeated = sum(1 for count in Counter(together).values() if count > 1)
    return together, len(doubted) <= _COARSE * repeated, notes


def _cut(rows: Tensor, answers: Tensor, together: Sequence[int], held: Sequence[str]) -> dict[str, Tensor]:
    """Some rows for each split in `held`, the rest for train; equal rows on one side where that leaves enough."""
    from genas.tasks import _pixels

    chosen, labels = [together[row] for row in rows.tolist()], answers[rows]
    groups = Counter(chosen)
    if len(groups) < len(chosen):
        classes = {its: int(answers[its]) for its in groups}
        counts = Counter(classes.values())
        if all(counts[label] > len(held) for label in set(labels.tolist())):
            place = _pixels.apart([(its, classes[its], size) for its, size in groups.items()], _HELD, len(held))
            parts = [rows[[i for i, its in enumerate(chosen) if place[its] == part]] for part in range(len(held) + 1)]
            return dict(zip(("train", *held), parts, strict=True))
    if len(held) == 2:
        return dict(zip(("train", *held), (rows[part] for part in _pixels.split(labels)), strict=True))
    return dict(zip(("train", *held), (rows[part] for part in _pixels.hold_out(labels, _HELD)), strict=True))


def shared(rows: Mapping[str, Tensor], keys: Mapping[int, Hashable], things: str) -> list[str]:
    """Sentences on examples that lie in two splits, by what is the same for rows whose inputs are equal."""
    notes = []
    known = {split: {keys[row] for row in chosen.tolist()} for split, chosen in rows.items()}
    for split, other, end in (
        ("val", "train", "the validation figures may be too good by these"),
        ("test", "train", "the test figures may be too good by these"),
        ("test", "val", "the winner is chosen by what it is tested on"),
    ):
        if count := sum(keys[row] in known[other] for row in rows[split].tolist()):
            share = f"{count:,} of {len(rows[split]):,} {things} of the {split} split equal one of the {other} split"
            notes.append(f"{share}: {end}. If they are copies, take them out of one.")
    return notes
