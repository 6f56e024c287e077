"""Data of the user's own: images or a table at a path, and what to say where the path is missing."""

from __future__ import annotations

import re

from genas.core.records import Use
from genas.interpreters._facts import Subject, picture_options
from genas.interpreters._text import blank

OWN = frozenset({"images", "tabular", "described"})  # tasks that a name alone does not tell
_TABLE = re.compile(r"\b(?:tabular|tables?|spreadsheets?|csv|rows?|columns?|features?)\b", re.I)
_PICTURES = re.compile(r"\b(?:images?|photos?|photographs?|pictures?|scans?|x-?rays?|thumbnails?)\b", re.I)
OURS = re.compile(r"\b(?:my|our|own)\b[^.|]*\b(?:images?|photos?|pictures?|data(?:set)?|scans?)\b", re.I)
_NAME = r"[\"'`]?([\w.-]*\w)[\"'`]?"
_LABEL = re.compile(
    r"\b(?:the )?(?:label|target|class)(?: column)?(?:\s*[:=]\s*|\s+is\s+|\s+)"
    rf"(?!(?:is|of|in|and|with|under|below|at|column|accuracy|for|to|from)\b){_NAME}"
    rf"|\bcolumn\s+{_NAME}\s+(?:is|as|holds)\s+(?:the\s+)?(?:label|target|class)(?:es)?\b",
    re.I,
)


def own_data(subject: Subject, path: str) -> Use:
    """The task of a path: a table by its ending or by the words of the sentence, else images."""
    lower = path.lower()
    either = lower.endswith((".npz", ".parquet"))
    if not lower.endswith((".csv", ".tsv")) and not (either and _TABLE.search(subject.text)):
        return Use("images", {"path": path, **picture_options(subject)})
    label = _LABEL.search(subject.text)
    if label is None:
        return Use("tabular", {"path": path})
    subject.text = blank(subject.text, *label.span())
    return Use("tabular", {"path": path, "label": label[1] or label[2]})


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
