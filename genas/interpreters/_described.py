"""Data that a sentence only describes: modality, shape and number of classes, with no name and no path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genas.core.records import Use
from genas.interpreters._patterns import words
from genas.interpreters._text import blank_all

if TYPE_CHECKING:
    from genas.interpreters._facts import Subject

_NUMBER = r"(?<![\w.,])([1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,6})"
_FEATURES = re.compile(
    rf"{_NUMBER}[\s-]+(?:\w+ )?(?:features?|columns?|attributes?|variables?)(?: per node| each)?\b", re.I
)
_LENGTH = re.compile(
    rf"\bsequence length(?: of|:|=)? {_NUMBER}(?! ?(?:ms|s)\b)|(?<!llm ){_NUMBER}[\s-](?:word|input )?tokens?\b",
    re.I,
)
_MODALITIES = {
    "graph": words(r"node classif\w+|graphs?|gnns?|per node"),
    "tabular": words("tabular|tabelle|tables?|spreadsheet|csv|rows?|columns?"),
    "text": words("texts?|sentiment|reviews?|tweets?|sentences?|documents?|e-?mails?|spam|topics?"),
}
_BEYOND = words(r"""
    regression|detect(?:ion|or)|segment\w*|translat\w+|language model|audio|speech|video|forecast\w*|generat\w+
""")


def read_described(subject: Subject) -> Use | None:
    """The task `described`, where what is needed to build a network for it is said: classes, and a shape."""
    text, features, length = subject.text, _FEATURES.search(subject.text), _LENGTH.search(subject.text)
    if subject.classes is None or _BEYOND.search(text):
        return None
    if subject.size is not None and subject.channels in {1, 3}:
        return _use("image", [subject.channels, *subject.size], subject.classes)
    modality = next((name for name, pattern in _MODALITIES.items() if pattern.search(text)), None)
    subject.text = blank_all(blank_all(text, _FEATURES), _LENGTH)
    if modality == "text":
        return _use("text", [_count(length)] if length else None, subject.classes)
    if features:  # of nothing that is named, they are columns of a table
        return _use(modality or "tabular", [_count(features)], subject.classes)
    subject.text = text
    return None


def _count(match: re.Match[str]) -> int:
    return int(next(group for group in match.groups() if group).replace(",", ""))


def _use(modality: str, shape: list[int] | None, outputs: int) -> Use:
    shown = {} if shape is None else {"input_shape": shape}
    return Use("described", {"modality": modality, **shown, "outputs": outputs})
