"""Reads the user's own data: images or a table at a path. Says what to write where the path is missing."""

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
    """Words that look like a path but can't be read as one; no other data may take their place."""


OWN = frozenset({"images", "tabular", "described"})  # tasks that need more than their name
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
_USUAL = frozenset({"label", "y"})  # names of the classes in image data
_SYSTEM = re.compile(r"/(?:etc|proc|sys|dev|boot|bin|sbin)(?:/|$)")
_KINDS = "the path of a folder, an .npz, a .parquet, a .csv or a .tsv file"


def read_path(subject: Subject, apart: Verbatim, known: bool) -> str | None:
    """The path that the sentence names.

    Args:
        subject: its text has a private-use character in the place of the path.
        apart: paths and quoted names of the sentence.
        known: whether the request names the task outside the sentence; the paths of the sentence are then not checked.

    Raises:
        UnreadPath: the sentence names several paths, a path that can't be read, or a path for anything but training.
    """
    orders = [_ORDER.search(subject.text[: mark.start()]) for mark in re.finditer(PATH, subject.text)]
    orders += [_SYSTEM.match(path) for path in apart.paths]
    if apart.paths and (order := next(filter(None, orders), None)):
        raise UnreadPath(
            f"genas trains networks; it does not carry out {order[0].strip()[:40]!r}. Write what the network trained "
            f"on {apart.paths[0][:80]!r} is for."
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
        other = " The only variables that paths may hold are ~ and $GENAS_DATA." if said[0] in "$%" else ""
        raise UnreadPath(
            f"{said[:80]!r} can't be {how} as data. Write {_KINDS} on this machine, in quotes if it has spaces, or "
            f"leave the word out.{other}"
        )
    if len(apart.paths) > 1:
        one, two = (path[:80] for path in apart.paths[:2])
        raise UnreadPath(
            f"{one!r} and {two!r}: write one path. Put training and test data into one folder as train/ and test/ or "
            "as train.csv and test.csv, or mark them in a column split of one table."
        )


def own_data(subject: Subject, path: str, label: Label) -> Use:
    """The task of a path: a table if its suffix, its label or the sentence says so, else images.

    Raises:
        NotServed: the sentence asks for something other than classification.
        RequestError: the path holds images, and the sentence names a label column.
    """
    lower = path.lower()
    named = (label.column or "label").lower() not in _USUAL
    is_table = not _PICTURES.search(subject.text) and (named or _TABLE.search(subject.text) is not None)
    tables = lower.endswith((".csv", ".tsv")) or bool(tables_within(path))
    rows = tables or (is_table and lower.endswith((".npz", ".parquet")))
    if work := unserved_with(subject.text, rows=rows, labelled=label.stated or subject.classes is not None):
        raise NotServed(
            f"{work[:40]!r} is not served yet: genas classifies images and rows of a table. If each has one class, "
            f"write: classify the {'rows' if rows else 'images'} in {path[:80]}."
        )
    if not rows and named:
        raise RequestError(
            f"Images have their classes in the column label (or the array y), not in {label.column!r}. Rename it, or "
            f"write: the rows of {path[:80]}, label {label.column}."
        )
    if not rows:
        return Use("images", {"path": path, **picture_options(subject)})
    column = None if lower.endswith(".npz") and not named else label.column  # the classes of an .npz are its array y
    return Use("tabular", {"path": path, **({} if column is None else {"label": column})})


def missing(text: str) -> str | None:
    """What to write if a sentence mentions images or a table, but neither a path nor enough to propose networks."""
    if re.search(r"\btabular\b", text, re.I):
        return (
            "Where is your table? Write the path of a .csv, .tsv, .parquet or .npz file; or '30 features of a table, 2 "
            "classes' to have networks proposed without training."
        )
    if _PICTURES.search(text) or OURS.search(text):
        return (
            "Where are your images? Write the path of a folder with one folder per class, an .npz or a .parquet file "
            "(for a table, of a .csv); or '3x32x32 images, 10 classes' to have networks proposed without training."
        )
    return None
