"""Which split a name stands for: one reader for folders, files, columns, arrays and dataset dictionaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SPLITS = ("train", "val", "test")
_WORDS = {
    "train": "train", "training": "train", "trn": "train",
    "val": "val", "valid": "val", "validation": "val", "validate": "val", "validating": "val", "dev": "val",
    "development": "val",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
_PLAIN = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})  # need no word
_NOISE = frozenset({
    "set", "sets", "data", "dataset", "split", "splits", "part", "partition", "subset", "folder", "dir", "seg",
    "images", "image", "imgs", "img", "photos", "pictures", "files", "examples", "samples", "rows", "my", "the",
})  # fmt: skip
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def split_of(name: object) -> str | None:
    """ "train", "val" or "test" where the name says so in any case and spelling, else None.

    Example:
        ``split_of("Training_Set")`` and ``split_of("seg_train")`` are "train", ``split_of("trainers")`` is None.
    """
    words = [word.lower() for word in _PARTS.findall(str(name)) if not re.fullmatch(r"\d{4,5}", word)]
    if words[:2] == ["hold", "out"]:
        words = ["holdout", *words[2:]]
    words = [part for word in words for part in _parted(word)]
    known = [word for word in words if word not in _NOISE]
    return _WORDS.get(known[0]) if len(known) == 1 and str(name).strip() else None


def _parted(word: str) -> list[str]:
    """A split and what is written together with it: testset is test and set."""
    for known in sorted(_WORDS, key=len, reverse=True):
        if word.startswith(known) and word[len(known) :] in _NOISE:
            return [known, word[len(known) :]]
    return [word]


def splits_of(names: Iterable[object]) -> dict[str, str]:
    """The split of each name that stands for one.

    "eval" is the test split, and the validation split where another name is the test split and none is validation.

    Raises:
        ValueError: two names stand for one split.
    """
    known = {str(name): split for name in names if (split := split_of(name)) is not None}
    chosen = dict(known)
    tests = [name for name, split in known.items() if split == "test"]
    judged = [name for name in tests if "eval" in name.lower()]
    if len(tests) == 2 and len(judged) == 1 and "val" not in known.values():
        chosen[judged[0]] = "val"
    for split in SPLITS:
        if len(same := [name for name, its in chosen.items() if its == split]) > 1:
            raise ValueError(f"{same[0]!r} and {same[1]!r} both name the {split} split; rename one of them.")
    return chosen


def renamed(chosen: dict[str, str], where: object) -> list[str]:
    """A sentence on splits whose names in the data are not the plain ones."""
    other = [f"{name!r} is {split}" for name, split in chosen.items() if name.strip().lower() not in _PLAIN]
    return [f"Splits of {where}: {', '.join(other)}."] if other else []


def listed(names: Sequence[object], most: int = 6) -> str:
    """Some of the names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(str(name)[:60] for name in names[:most]) + more
