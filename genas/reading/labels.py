"""Labels of any kind as words: one name for each class, the same in every split."""

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
})  # fmt: skip  # words that may mean that there is no label


def words_of(values: Sequence[Any], names: Sequence[str], where: object) -> list[str | None]:
    """The class of each label: whole numbers without a fraction, bytes as text, numbers of named classes by name.

    Args:
        names: of the classes 0, 1, ...; empty where the labels are not numbered names. Beside them a negative number
            means that the class is unknown.

    Returns:
        A word each; None where the class is unknown.

    Raises:
        ValueError: labels that are no classes.
    """
    known: dict[Any, str | None] = {}
    found = []
    for value in values:
        try:
            if value not in known:
                known[value] = _word(value, names, where)
        except TypeError as error:  # a list or another value that can't be looked up
            raise ValueError(
                f"{where} has a label that is no class: {str(value)[:40]}. Give each one class."
            ) from error
        found.append(known[value])
    _no_marks(found, where)
    return found


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


def _no_marks(found: Sequence[str | None], where: object) -> None:
    """Refuse -1 beside 0, 1, 2, ...: it marks what has no label, and is hardly a class."""
    counts = Counter(found)
    others = {word for word in counts if word not in (None, "-1")}
    if counts["-1"] and len(others) > 2 and others == {str(number) for number in range(len(others))}:
        raise ValueError(
            f"{where} has the label -1 in {counts['-1']} examples, beside 0 to {len(others) - 1}: a mark of what has "
            "no class. Take these examples out; if it is a class, give it a word for a name."
        )


def matched(words: Sequence[str], splits: Sequence[str]) -> tuple[list[str], list[str]]:
    """Classes matched across splits: one that the training examples write in other letters is theirs.

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
        f"The class {word!r} is taken for {its!r}, as the training examples write it." for word, its in other.items()
    ]
    return [other.get(word, word) for word in words], notes


def _folded(word: str) -> str:
    """A word without what people write in different ways: capitals, and blanks, _ or - between letters."""
    return re.sub(r"(?<=\w)[\s_-]+(?=\w)", " ", unicodedata.normalize("NFC", word).casefold().strip())


def known_rows(
    words: Sequence[str | None], splits: Sequence[str], where: object, things: str
) -> tuple[list[int], list[str]]:
    """The rows whose class is known: all, but for splits without any label, which are left out.

    A split that is not trained on and whose labels all are -1, which no training example has, has none.

    Returns:
        The rows, and sentences on what is left out and on classes that are called as if they stood for none.

    Raises:
        ValueError: a split has examples with a label and others without.
    """
    used: dict[str, set[str | None]] = {}
    for word, split in zip(words, splits, strict=True):
        used.setdefault(split, set()).add(word)
    learned = used.get("train", set()) | used.get("", set())
    unmarked = {split for split, its in used.items() if its == {"-1"} and "-1" not in learned}
    kept = [row for row, (word, its) in enumerate(zip(words, splits, strict=True)) if word and its not in unmarked]
    sizes, left = Counter(splits), Counter(splits[row] for row in kept)
    lacking = {split: sizes[split] - left[split] for split in sizes if left[split] < sizes[split]}
    for split, count in lacking.items():
        if left[split] or split in ("", "train"):
            share = f"{count} of {sizes[split]}{f' in {split}' if split else ''}"
            raise ValueError(f"{where} has {things} without a label ({share}); fill them in or take them out.")
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
    """The classes: numbers by their size, then words by the alphabet."""
    return tuple(sorted(set(words), key=lambda word: (0, len(word), word) if word.isdigit() else (1, 0, word)))
