"""Data of the user's own: images or a table at a path, and what to say where the path is missing."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.core.paths import written
from genas.core.records import Use
from genas.interpreters._facts import Subject, picture_options
from genas.interpreters._other_work import unserved_with
from genas.interpreters._patterns import one_of, words
from genas.interpreters._text import blank
from genas.reading.splits import split_of

OWN = frozenset({"images", "tabular", "described"})  # tasks that a name alone does not tell
_FILES = (".csv", ".tsv", ".parquet", ".npz")
_TABLE = words("tabular|tables?|spreadsheets?|csv|rows?|columns?|features?")
_PICTURES = words("images?|photos?|photographs?|pictures?|scans?|x-?rays?|thumbnails?")
OURS = words(r"(?:my|our|own)\b[^.|]*\b(?:images?|photos?|pictures?|data(?:set)?|scans?)")
_NAME = r"[\"'`]?([\w.-]*\w)[\"'`]?"
_NO_NAME = r"(?:is|of|in|and|with|under|below|at|column|accuracy|for|to|from)"
_LABEL = re.compile(
    rf"\b(?:the )?(?:label|target|class)(?: column)?(?:\s*[:=]\s*|\s+is\s+|\s+)(?!{_NO_NAME}\b){_NAME}|"
    rf"\bcolumn\s+{_NAME}\s+(?:is|as|holds)\s+(?:the\s+)?(?:label|target|class)(?:es)?\b",
    re.I,
)
_QUOTED = re.compile(r"[\"'`]([^\"'`\n]*(?:/|\.(?:npz|parquet|csv|tsv)\b)[^\"'`\n]*)[\"'`]")
_PATH = re.compile(
    r"(?<![\w/.:~-])"
    + one_of(r"""
    [A-Za-z]:\\[^\s,;\"'`|]+
    (?:~|\.{1,2})?/[^\s,;\"'`|]+
    [^\s,;\"'`|/]+(?:/[^\s,;\"'`|/]+)*\.(?:npz|parquet|csv|tsv)\b
    [\w.-]+(?:/[\w.-]+)*/(?=[\s,;.]|$)
    """)
)
_FOLDER = re.compile(
    r"\b(?:folder|directory|dir)(?: called| named| of| at|:)?\s+([^\s,;\"'`|]+)|([\w.-]+(?:/[\w.-]+)+)", re.I
)
_INSIDE = re.compile(r"\b(?:in|from|at|inside|under|path)\s+([A-Za-z_.][\w.-]*(?:/[\w.-]+)+)", re.I)
_COMMAND = one_of(r"""
    delete|remove|erase|rm|overwrite|move|rename|copy|format|chmod|sudo|execute
    cat|print|list|contents?|show me|dump|leak|reveal|upload|send|e?mail|wget|curl
""")
_ORDER = re.compile(rf"\b({_COMMAND})\s+(?:\S+\s+){{0,2}}$", re.I)
_SYSTEM = re.compile(r"/(?:etc|proc|sys|dev|boot|bin|sbin|root)(?:/|$)")


def read_path(subject: Subject) -> str | None:
    """The path that the sentence names, which is blanked; RequestError where it is for something else than training."""
    text = subject.text
    found, span = _path(text)
    if not found.strip("./~"):
        return None
    first, space, _ = found.partition(" ")
    before = text[: span[0]] + (first + space if space else "")
    if order := _ORDER.search(before) or _SYSTEM.match(found):
        raise RequestError(
            f"{order[0].strip()[:40]!r} is nothing that is done here. Write what the network in {found[:80]!r} is for."
        )
    subject.text = blank(text, *span)
    second, _ = _path(subject.text)
    if found.lower().endswith(_FILES) and second.lower().endswith(_FILES):
        raise RequestError(
            f"Two files are named, {found[:80]!r} and {second[:80]!r}. Put them into one folder, called train, test "
            "and perhaps val before their endings, and write the path of the folder."
        )
    if "\0" in found:
        raise RequestError(
            "A path can't hold a null character. Write the path of a folder, an .npz or a .parquet file."
        )
    return found


def _path(text: str) -> tuple[str, tuple[int, int]]:
    """The path and its span: in quotes, as a path looks, after a preposition, or a folder that there is."""
    if quoted := _QUOTED.search(text):
        return quoted[1].strip(), quoted.span()
    if bare := _PATH.search(text):
        return bare[0].rstrip(".:!?)"), bare.span()
    if inside := _INSIDE.search(text):
        return inside[1].rstrip("."), inside.span(1)
    for folder in _FOLDER.finditer(text):
        name = (folder[1] or folder[2]).rstrip(".:!?)")
        if _exists(name):
            return name, folder.span()
    return "", (0, 0)


def _exists(name: str) -> bool:
    try:
        return written(name).exists()
    except (OSError, ValueError, RuntimeError):  # a name that no file can have
        return False


def own_data(subject: Subject, path: str) -> Use:
    """The task of a path: a table by its ending or by the words of the sentence, else images."""
    lower = path.lower()
    either = lower.endswith((".npz", ".parquet"))
    tables = lower.endswith((".csv", ".tsv")) or _holds_tables(path)
    rows = tables or (either and _TABLE.search(subject.text) is not None)
    label = _LABEL.search(subject.text) if rows else None
    if label is not None:
        subject.text = blank(subject.text, *label.span())
    if work := unserved_with(subject.text, rows=rows, labelled=label is not None or subject.classes is not None):
        raise RequestError(
            f"{work[:40]!r} is not served yet: images and rows of a table are classified here. If each has one class, "
            f"write: classify the {'rows' if rows else 'images'} in {path[:80]}."
        )
    if not rows:
        return Use("images", {"path": path, **picture_options(subject)})
    return Use("tabular", {"path": path, **({} if label is None else {"label": label[1] or label[2]})})


def _holds_tables(path: str) -> bool:
    """Whether it is a folder of text tables, one for each split, and of nothing else that could be meant."""
    if not _exists(path) or not (folder := written(path)).is_dir():
        return False
    inside = [file for file in folder.iterdir() if not file.name.startswith((".", "__"))]
    tables = [file for file in inside if file.suffix.lower() in (".csv", ".tsv")]
    return any(split_of(file.stem) == "train" for file in tables) and not any(file.is_dir() for file in inside)


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
