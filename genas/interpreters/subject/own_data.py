"""Data of the user's own: images or a table at a path, and what to say where the path is missing."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.plain.patterns import one_of, words
from genas.interpreters.plain.verbatim import BLANK, PATH, Verbatim
from genas.interpreters.subject.columns import tables_within
from genas.interpreters.subject.facts import Subject, picture_options
from genas.interpreters.subject.label import Label
from genas.interpreters.subject.unserved import NotServed, unserved_with


class UnreadPath(RequestError):
    """Words that look like a path and can't be read as one; no other data may take their place."""


OWN = frozenset({"images", "tabular", "described"})  # tasks that a name alone does not tell
_TABLE = words("tabular|tables?|spreadsheets?|csv|rows?|columns?|features?")
_PICTURES = words("images?|photos?|photographs?|pictures?|scans?|x-?rays?|thumbnails?")
OURS = words(r"(?:my|our|own)\b[^.|]*\b(?:images?|photos?|pictures?|data(?:set)?|scans?)")
_COMMAND = one_of(r"""
    (?:delete|remove|erase|overwrite|move|rename|copy|format|execute)\s+(?:\S+\s+){0,2}
    (?:print|contents?|show me|dump|leak|reveal|upload|send|e?mail)\s+(?:\S+\s+){0,2}
    list(?:ing)?\s+(?:(?:the|all|files|everything|of|in)\s+){0,3}
""")
_SHELL = r"(?:^|[;&|]|\bthen|\bplease|\brun)\s*(?:cat|rm|chmod|sudo|wget|curl|less|head)\s+(?:-\S+\s+)*"
_ORDER = re.compile(rf"(?:\b{_COMMAND}|{_SHELL})$", re.I)
_USUAL = frozenset({"label", "y"})  # what images call their classes
_SYSTEM = re.compile(r"/(?:etc|proc|sys|dev|boot|bin|sbin)(?:/|$)")
_KINDS = "the path of a folder, an .npz, a .parquet, a .csv or a .tsv file"


def read_path(subject: Subject, apart: Verbatim, known: bool) -> str | None:
    """The path that the sentence names.

    Args:
        subject: whose text has a mark in its place.
        apart: what the sentence holds word for word.
        known: whether the task is known apart from the sentence, whose path then is not asked for.

    Raises:
        UnreadPath: several paths, one that can't be read, or one that is for something else than training.
    """
    orders = [_ORDER.search(subject.text[: mark.start()]) for mark in re.finditer(PATH, subject.text)]
    orders += [_SYSTEM.match(path) for path in apart.paths]
    if apart.paths and (order := next(filter(None, orders), None)):
        raise UnreadPath(
            f"{order[0].strip()[:40]!r} is nothing that is done here. Write what the network in "
            f"{apart.paths[0][:80]!r} is for."
        )
    if any("\0" in path for path in apart.paths):
        raise UnreadPath(f"A path can't hold a null character. Write {_KINDS}.")
    if not known:
        _check_paths(apart)
    subject.text = subject.text.replace(PATH, "||||").replace(BLANK, "||||")
    return apart.paths[0] if apart.paths else None


def _check_paths(apart: Verbatim) -> None:
    if apart.unread:
        said = apart.unread[0]
        how = "fetched" if "://" in said or said.startswith("www.") else "read"
        other = " Of variables, only ~ and $GENAS_DATA are replaced." if said[0] in "$%" else ""
        raise UnreadPath(
            f"{said[:80]!r} can't be {how} as data. Write {_KINDS} on this machine, in quotes where it has blanks, or "
            f"leave the word out.{other}"
        )
    if len(apart.paths) > 1:
        one, two = (path[:80] for path in apart.paths[:2])
        raise UnreadPath(
            f"{one!r} and {two!r}: write one path. Training and test data may be folders train/ and test/ or files "
            "train.csv and test.csv of one folder, or told apart by a column split of one table."
        )


def own_data(subject: Subject, path: str, label: Label) -> Use:
    """The task of a path: a table by its ending, its label or the words of the sentence, else images."""
    lower = path.lower()
    named = (label.column or "label").lower() not in _USUAL
    told = not _PICTURES.search(subject.text) and (named or _TABLE.search(subject.text) is not None)
    tables = lower.endswith((".csv", ".tsv")) or bool(tables_within(path))
    rows = tables or (told and lower.endswith((".npz", ".parquet")))
    if work := unserved_with(subject.text, rows=rows, labelled=label.stated or subject.classes is not None):
        raise NotServed(
            f"{work[:40]!r} is not served yet: images and rows of a table are classified here. If each has one class, "
            f"write: classify the {'rows' if rows else 'images'} in {path[:80]}."
        )
    if not rows and named:
        raise RequestError(
            f"Images have their classes in the column label (or the array y), not in {label.column!r}. Rename it, or "
            f"write: the rows of {path[:80]}, label {label.column}."
        )
    if not rows:
        return Use("images", {"path": path, **picture_options(subject)})
    column = None if lower.endswith(".npz") and not named else label.column  # whose classes are the array y
    return Use("tabular", {"path": path, **({} if column is None else {"label": column})})


def missing(text: str) -> str | None:
    """What to write where a sentence speaks of images or a table and says neither a path nor enough to propose for."""
    if re.search(r"\btabular\b", text, re.I):
        return (
            "Where is your table? Write the path of a .csv, .tsv, .parquet or .npz file; or '30 features of a table, 2 "
            "classes' for networks that are proposed and not trained."
        )
    if _PICTURES.search(text) or OURS.search(text):
        return (
            "Where are your images? Write the path of a folder with one folder per class, an .npz or a .parquet file "
            "(of a table: a .csv); or '3x32x32 images, 10 classes' for networks that are proposed and not trained."
        )
    return None
