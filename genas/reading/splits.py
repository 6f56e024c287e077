"""Finds the split that a name stands for: one reader for folders, files, columns, arrays and dataset dictionaries."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

SPLITS = ("train", "val", "test")
_WORDS = {
    "train": "train", "training": "train", "trn": "train",
    "val": "val", "valid": "val", "validation": "val", "validate": "val", "validating": "val", "dev": "val",
    "development": "val",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
_PLAIN = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})  # names that need no note
_NOISE = frozenset({
    "set", "sets", "data", "dataset", "split", "splits", "part", "partition", "subset", "folder", "dir", "seg",
    "images", "image", "imgs", "img", "photos", "pictures", "files", "examples", "samples", "rows", "my", "the",
})  # fmt: skip
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SHARD = re.compile(r"[-_.]\d+[-_]of[-_]\d+$")  # the number of one file among several: train-00000-of-00002
COLUMNS = ("split", "set", "subset", "partition")  # usual names of a column of splits
_FLAG = re.compile(r"is[\W_]*(train|training|test|testing|holdout)", re.I)
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y", "t"}), frozenset({"false", "0", "no", "n", "f"})


def split_of(name: object) -> str | None:
    """ "train", "val" or "test" if the name says so in any case and spelling, else None.

    Example:
        ``split_of("Training_Set")`` and ``split_of("seg_train")`` are "train", ``split_of("trainers")`` is None.
    """
    telling = [word for word in _words(name) if word not in _NOISE and not re.fullmatch(r"\d{4,5}", word)]
    return _WORDS.get(telling[0]) if len(telling) == 1 else None


def _words(name: object) -> list[str]:
    """The words of a name in lower case: train and set for TrainSet and for trainset."""
    words = [word.lower() for word in _PARTS.findall(_SHARD.sub("", str(name)))]
    if words[:2] == ["hold", "out"]:
        words = ["holdout", *words[2:]]
    return [part for word in words for part in _parted(word)]


def _parted(word: str) -> list[str]:
    """A word separated into a split and the rest: testset is test and set."""
    for split in sorted(_WORDS, key=len, reverse=True):
        if word.startswith(split) and word[len(split) :] in _NOISE:
            return [split, word[len(split) :]]
    return [word]


def named(names: Iterable[object]) -> dict[str, str]:
    """The split of each name that stands for one, judged together with the other names.

    Part numbers (train_1, train_2) are ignored, and so are words that all names with a split share.

    Example:
        ``named(["mnist_train", "mnist_test", "notes"])`` is ``{"mnist_train": "train", "mnist_test": "test"}``.
    """
    words = {str(name): [word for word in _words(name) if not word.isdigit()] for name in names}
    candidates = {name: parts for name, parts in words.items() if set(parts) & set(_WORDS)}
    shared = set.intersection(*map(set, candidates.values())) - set(_WORDS) if len(candidates) > 1 else set()
    splits = {
        name: split_of(" ".join(word for word in parts if word not in shared)) for name, parts in candidates.items()
    }
    return {name: split for name, split in splits.items() if split is not None}


def beside_split(name: str) -> tuple[str, str] | None:
    """The rest of a name and its split, as "cat" and "train" for cat_train; None if it does not hold both."""
    words = [word for word in _words(name) if not word.isdigit() and word not in _NOISE]
    splits = [word for word in words if word in _WORDS]
    rest = " ".join(word for word in words if word not in _WORDS)
    return (rest, _WORDS[splits[0]]) if len(splits) == 1 and rest else None


def splits_of(names: Iterable[object]) -> dict[str, str]:
    """The split of each name that stands for one; see `named`.

    "eval" is the test split; it is the validation split if another name is the test split and none is validation.

    Raises:
        ValueError: two names for the same split differ in more than numbers and capitals.
    """
    chosen = named(names)
    tests = [name for name, split in chosen.items() if split == "test"]
    evals = [name for name in tests if "eval" in name.lower()]
    if evals and len(evals) < len(tests) and "val" not in chosen.values():
        chosen |= dict.fromkeys(evals, "val")
    for split in SPLITS:
        same = {re.sub(r"[\W\d_]", "", name).casefold(): name for name, target in chosen.items() if target == split}
        if len(same) > 1:
            one, two, *_ = same.values()
            raise ValueError(f"{one!r} and {two!r} both name the {split} split; rename one of them.")
    return chosen


def renamed(chosen: Mapping[str, str], where: object) -> list[str]:
    """A sentence on splits whose names in the data are not the usual ones."""
    other = [
        f"{name!r} is {split}" for name, split in chosen.items() if _SHARD.sub("", name.strip()).lower() not in _PLAIN
    ]
    return [f"Splits of {where}: {', '.join(other)}."] if other else []


def empty(chosen: Mapping[str, str], splits: Collection[str], where: object) -> list[str]:
    """Sentences on splits that the data name but that hold no examples.

    Args:
        chosen: the split that each name in the data stands for.
        splits: the splits of the examples.
        where: the path in the sentences.
    """
    lacking = {split: name for name, split in chosen.items() if split != "train" and split not in splits}
    return [
        f"{name!r} of {where} is empty, so the {split} split is taken from train." for split, name in lacking.items()
    ]


def column_of(columns: Mapping[str, Collection[str | None]], where: object) -> tuple[str, dict[str, str]] | None:
    """The column that names the split of each row, and the split that each of its words stands for; None without one.

    Such a column is called split (or set, ...), or all its words are names of splits, train and another among them, or
    it is called is_train or is_test and holds true and false.

    Args:
        columns: the different words of each column; None among them stands for empty cells.
        where: the file in errors.

    Raises:
        ValueError: the column names the splits of some rows only, or there are two such columns.
    """
    splits = {name: chosen for name, words in columns.items() if (chosen := _chosen(name, words, where)) is not None}
    plain = [name for name in splits if name.strip().casefold() in COLUMNS]
    names = plain or list(splits)
    if len(names) > 1:
        raise ValueError(f"The columns {names[0]} and {names[1]} of {where} both name splits; remove one of them.")
    return (names[0], splits[names[0]]) if names else None


def _chosen(name: str, words: Collection[str | None], where: object) -> dict[str, str] | None:
    """The split of each word of a column; None if the words are not names of splits."""
    written = [word for word in words if word is not None]
    if not written:
        return None
    if (flag := _FLAG.fullmatch(name.strip())) and {word.lower() for word in written} <= _TRUE | _FALSE:
        if None in words:
            raise ValueError(f"The column {name} of {where} has empty cells; write true or false in all.")
        split = _WORDS[flag[1].lower()]
        other = "test" if split == "train" else "train"
        return {word: split if word.lower() in _TRUE else other for word in written}
    by_word = named(written)
    unknown = [word for word in words if word is None or word not in by_word]
    called = name.strip().casefold() in COLUMNS
    if not unknown:
        return splits_of(written) if called or {"train"} < set(by_word.values()) else None
    if by_word and (
        called or ("train" in by_word.values() and all(set(_WORDS) & set(_words(word)) for word in written))
    ):
        raise ValueError(
            f"The column {name} of {where} must name the split of all rows, train among them; "
            f"{unknown[0] or 'an empty cell'!r} is not a split. Write train, val or test."
        )
    return None


def column_notes(name: str, chosen: Mapping[str, str], where: object) -> list[str]:
    """Sentences on a column of splits with an unusual name or unusual words."""
    if _FLAG.fullmatch(name.strip()):
        return [f"The column {name} of {where} tells the {' from the '.join(sorted(set(chosen.values())))} split."]
    notes = renamed(chosen, f"the column {name} of {where}")
    if not notes and name.strip().casefold() not in COLUMNS:
        notes = [f"The column {name} of {where} names the splits ({listed(list(chosen))})."]
    return notes


def listed(names: Sequence[object], most: int = 6) -> str:
    """Some of the names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(str(name)[:60] for name in names[:most]) + more
