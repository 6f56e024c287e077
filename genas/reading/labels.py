"""Turns labels of any kind into words: one name for each class, the same in every split."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .tables import worded

_NOTHING = frozenset({
    "none", "na", "n/a", "nan", "null", "nil", "missing", "unknown", "unlabeled", "unlabelled", "?", "-",
})  # fmt: skip  # words that may mean "no label"


def words_of(values: Sequence[Any], names: Sequence[str], where: object) -> list[str | None]:
    """The class of each label as a word: whole numbers without a fraction, bytes decoded, numbered names by name.

    Args:
        values: the labels.
        names: the names of the classes 0, 1, ...; empty if the labels do not number names. With names, a negative
            number means that the class is unknown.
        where: the place in errors.

    Returns:
        One word for each label; None where the class is unknown.

    Raises:
        ValueError: a label is not a class.
    """
    word_of: dict[Any, str | None] = {}
    words = []
    for value in values:
        try:
            if value not in word_of:
                word_of[value] = _word(value, names, where)
        except TypeError as error:  # a list or another value that can't be looked up
            raise ValueError(
                f"{where} has a label that is not a class: {str(value)[:40]}. Give each example one class."
            ) from error
        words.append(word_of[value])
    _no_marks(words, where)
    return words


def _word(value: Any, names: Sequence[str], where: object) -> str | None:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError(f"The column {where} holds fractions ({value:g}); regression is not served, only classes.")
        value = int(value)
    if isinstance(value, str) and names and value not in names and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and names:
        if value < 0:
            return None
        if value >= len(names):
            raise ValueError(f"{where} has the label {value}, but names only the classes 0 to {len(names) - 1}.")
        return names[value]
    if isinstance(value, list | dict | tuple):
        raise TypeError
    return worded(value, str(where))


def _no_marks(words: Sequence[str | None], where: object) -> None:
    """Refuse -1 beside 0, 1, 2, ...: it probably marks examples without a label."""
    counts = Counter(words)
    others = {word for word in counts if word not in (None, "-1")}
    if counts["-1"] and len(others) > 2 and others == {str(number) for number in range(len(others))}:
        raise ValueError(
            f"{where} has the label -1 in {counts['-1']} examples, beside 0 to {len(others) - 1}, which usually means "
            "that there is no class. Take these examples out; if it is a class, give it a word for a name."
        )


def matched(words: Sequence[str], splits: Sequence[str]) -> tuple[list[str], list[str]]:
    """Match classes across splits: one that differs from a training class in letters only becomes that class.

    Returns:
        The classes, and sentences on what was matched or looks like one class written in two ways.
    """
    learned = {word for word, split in zip(words, splits, strict=True) if split in ("train", "")}
    folded: dict[str, list[str]] = {}
    for word in sorted(learned):
        folded.setdefault(_folded(word), []).append(word)
    notes = [f"Classes {', '.join(map(repr, same))} differ in letters only and are taken for {len(same)} classes."
             for same in folded.values() if len(same) > 1]  # fmt: skip
    other: dict[str, str] = {}
    for word in dict.fromkeys(words):
        if word not in learned and len(same := folded.get(_folded(word), [])) == 1:
            other[word] = same[0]
    notes += [
        f"The class {word!r} is taken for {train!r}, as the training examples write it."
        for word, train in other.items()
    ]
    return [other.get(word, word) for word in words], notes


def _folded(word: str) -> str:
    """A word with one spelling of capitals and of the spaces, _ or - between letters, so that it can be compared."""
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", unicodedata.normalize("NFC", word).casefold().strip())


def known_rows(
    words: Sequence[str | None], splits: Sequence[str], where: object, things: str
) -> tuple[list[int], list[str]]:
    """The rows whose class is known: all rows except those of splits without any label.

    A split has no labels, too, if all of them are -1 and no training example has that label.

    Returns:
        The rows, and sentences on what is left out and on classes whose names may mean "no label".

    Raises:
        ValueError: a split has labels for some of its examples only.
    """
    used: dict[str, set[str | None]] = {}
    for word, split in zip(words, splits, strict=True):
        used.setdefault(split, set()).add(word)
    learned = used.get("train", set()) | used.get("", set())
    unmarked = {split for split, labels in used.items() if labels == {"-1"} and "-1" not in learned}
    kept = [row for row, (word, split) in enumerate(zip(words, splits, strict=True)) if word and split not in unmarked]
    sizes, left = Counter(splits), Counter(splits[row] for row in kept)
    lacking = {split: sizes[split] - left[split] for split in sizes if left[split] < sizes[split]}
    for split, count in lacking.items():
        if left[split] or split in ("", "train"):
            share = f"{count} of {sizes[split]}{f' in {split}' if split else ''}"
            raise ValueError(f"{where} has {things} without a label ({share}); fill them in or remove them.")
    notes = [
        f"The {count:,} {things} of the {split} split have no labels and are left out."
        for split, count in lacking.items()
    ]
    notes += [
        f"The label {word!r} is taken for a class. If it means that there is none, take these {things} out."
        for word in sorted(filter(None, learned))
        if word.casefold() in _NOTHING
    ]
    return kept, notes


def ordered(words: Sequence[str]) -> tuple[str, ...]:
    """The different classes: numbers by size, then words alphabetically."""
    return tuple(sorted(set(words), key=lambda word: (0, len(word), word) if word.isdigit() else (1, 0, word)))
