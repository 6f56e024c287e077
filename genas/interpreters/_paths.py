"""The path of the user's own data."""

from __future__ import annotations

import re
from pathlib import Path

from genas.core.errors import RequestError
from genas.interpreters._facts import Subject
from genas.interpreters._text import blank

_QUOTED = re.compile(r"[\"'`]([^\"'`\n]*(?:/|\.(?:npz|parquet|csv|tsv)\b)[^\"'`\n]*)[\"'`]")
_PATH = re.compile(
    r"(?<![\w/.:~-])(?:[A-Za-z]:\\[^\s,;\"'`|]+|(?:~|\.{1,2})?/[^\s,;\"'`|]+|[^\s,;\"'`|/]+(?:/[^\s,;\"'`|/]+)*\.(?:npz|"
    r"parquet|csv|tsv)\b|[\w.-]+(?:/[\w.-]+)*/(?=[\s,;.]|$))"
)
_FOLDER = re.compile(
    r"\b(?:folder|directory|dir)(?: called| named| of| at|:)?\s+([^\s,;\"'`|]+)|([\w.-]+(?:/[\w.-]+)+)", re.I
)
_INSIDE = re.compile(r"\b(?:in|from|at|inside|under|path)\s+([A-Za-z_.][\w.-]*(?:/[\w.-]+)+)", re.I)
_ORDER = re.compile(
    r"\b(delete|remove|erase|rm|cat|print|upload|send|e?mail|chmod|sudo|wget|curl|execute|dump|leak|reveal|overwrite|"
    r"move|"
    r"rename|contents?|show me|cat|copy|format|list)\s+(?:\S+\s+){0,2}$",
    re.I,
)
_SYSTEM = re.compile(r"/(?:etc|proc|sys|dev|boot|bin|sbin|root)(?:/|$)")


def read_path(subject: Subject) -> str | None:
    text = subject.text
    found: str | None = None
    span = (0, 0)
    if quoted := _QUOTED.search(text):
        found, span = quoted[1].strip(), quoted.span()
    elif bare := _PATH.search(text):
        found, span = bare[0].rstrip(".:!?)"), bare.span()
    elif inside := _INSIDE.search(text):
        found, span = inside[1].rstrip("."), inside.span(1)
    else:
        for folder in _FOLDER.finditer(text):
            name = (folder[1] or folder[2]).rstrip(".:!?)")
            if _exists(name):
                found, span = name, folder.span()
                break
    if found is None or not found.strip("./~"):
        return None
    order = _ORDER.search(text[: span[0]] + (found[: found.index(" ") + 1] if " " in found else "")) or _SYSTEM.match(
        found
    )
    if order:
        raise RequestError(
            f"{order[0].strip()[:40]!r} is nothing that is done here. Write what the network in {found[:80]!r} is for."
        )
    subject.text = blank(text, *span)
    if "\0" in found:
        raise RequestError(
            "A path can't hold a null character. Write the path of a folder, an .npz or a .parquet file."
        )
    return found


def _exists(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # a name that no file can have
        return False
