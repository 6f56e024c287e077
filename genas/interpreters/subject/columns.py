"""Looks up the columns of an existing table, so that a sentence need not spell their names exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from genas.core.paths import written
from genas.reading.splits import named


def columns(path: str) -> tuple[str, ...]:
    """The column names of a table, or of the training table in a folder; () if it can't be read or names none."""
    from genas.reading import tables

    try:
        file = next(iter(tables_within(path)), written(path))
        if not file.is_file() or file.suffix.lower() not in (".csv", ".tsv", ".parquet"):
            return ()
        return tables.column_names(file)
    except (OSError, ValueError):  # the task says what is wrong with its file
        return ()


def tables_within(path: str) -> list[Path]:
    """The text tables of a folder that holds one for each split and no folders, the training table first; else []."""
    try:
        folder = written(path)
        if not folder.is_dir():
            return []
        inside = [file for file in sorted(folder.iterdir()) if not file.name.startswith((".", "__"))]
    except OSError:  # the task `images` will say that the folder can't be read
        return []
    if any(file.is_dir() for file in inside):
        return []
    tables = {file.stem: file for file in inside if file.suffix.lower() in (".csv", ".tsv")}
    splits = named(tables)
    if "train" not in splits.values():
        return []
    return sorted((tables[name] for name in splits), key=lambda file: splits[file.stem] != "train")


def called(said: str, names: Sequence[str]) -> str | None:
    """The column that is meant: the exact name, or the only one that differs just in case, spaces and punctuation."""
    if said in names:
        return said
    near = [name for name in names if _letters(name) == _letters(said)]
    return near[0] if len(near) == 1 and _letters(said) else None


def within(phrase: str, names: Sequence[str]) -> list[str]:
    """The columns whose names occur in a phrase as whole words, the longest first, none inside another."""
    inside: list[str] = []
    rest = f" {_words(phrase)} "
    for name in sorted(names, key=lambda name: -len(_words(name))):
        if _words(name) and f" {_words(name)} " in rest:
            inside.append(name)
            rest = rest.replace(f" {_words(name)} ", " | ")
    return inside


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _words(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name)).casefold()
