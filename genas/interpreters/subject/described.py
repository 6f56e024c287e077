"""Reads data that a sentence only describes: modality, shape and number of classes, without a name or a path."""

from __future__ import annotations

import logging
import re

from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.plain.patterns import words
from genas.interpreters.plain.text import blank_all
from genas.interpreters.subject.facts import Subject, compare

_LOG = logging.getLogger(__name__)  # assumptions must be seen; Python shows warnings on stderr
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
_PHOTOS = words("photos?|photographs?|selfies?|snapshots?")
_TWO = words(r"or (?:not|none)|yes ?(?:/|or) ?no")
# Published images by their names, with the shape that everyone uses them in.
_KNOWN = {
    "imagenet16_120": words(r"image ?net[-_ ]?16(?:[-_ ]?120)?"),
    "cifar100": words(r"cifar[-_ ]?100"),
    "Fashion-MNIST": words(r"fashion[- ]?mnist"),
    "KMNIST": words(r"(?:kuzushiji|k)[- ]?mnist"),
    "SVHN": words("svhn|street[- ]view house numbers"),
    "STL-10": words(r"stl-?10"),
    "Tiny ImageNet": words(r"tiny[- ]?image ?net(?:[- ]200)?"),
}
_SHAPES = {
    "imagenet16_120": ([3, 16, 16], 120),
    "cifar100": ([3, 32, 32], 100),
    "Fashion-MNIST": ([1, 28, 28], 10),
    "KMNIST": ([1, 28, 28], 10),
    "SVHN": ([3, 32, 32], 10),
    "STL-10": ([3, 96, 96], 10),
    "Tiny ImageNet": ([3, 64, 64], 200),
}
TABLED = frozenset({"cifar100", "imagenet16_120"})  # also data sets of the table nasbench201
_BEYOND = words(r"""
    regression|detect(?:ion|or)|segment\w*|translat\w+|language model|audio|speech|video|forecast\w*|generat\w+
""")


def read_described(subject: Subject) -> Use | None:
    """The task `described`, if the sentence says what a network needs: the number of classes and a shape.

    Photos count as colour images unless the sentence says otherwise; a warning says so.

    Raises:
        RequestError: the images have neither 1 nor 3 channels.
    """
    text, features, length = subject.text, _FEATURES.search(subject.text), _LENGTH.search(subject.text)
    if subject.classes is None and _TWO.search(text):
        subject.classes = 2
    if subject.size is not None and subject.channels not in {None, 1, 3}:
        raise RequestError(
            f"Images have 1 (grey) or 3 (colour) channels, not {subject.channels}. Write for example 3x32x32."
        )
    if subject.classes is None or _BEYOND.search(text):
        return None
    if subject.size is not None and subject.channels is None and _PHOTOS.search(text):
        _LOG.warning("Photos are taken as colour images (3 channels). For grey ones write grayscale.")
        subject.channels = 3
    if subject.size is not None and subject.channels is not None:
        return _use("image", [subject.channels, *subject.size], subject.classes)
    modality = next((name for name, pattern in _MODALITIES.items() if pattern.search(text)), None)
    subject.text = blank_all(blank_all(text, _FEATURES), _LENGTH)
    if modality == "text":
        return _use("text", [_count(length)] if length else None, subject.classes)
    if features:  # unless the sentence names other data, they are columns of a table
        return _use(modality or "tabular", [_count(features)], subject.classes)
    subject.text = text
    return None


def known_shape(subject: Subject, text: str) -> Use | None:
    """The task `described` for a published data set whose shape is known but whose examples are not here.

    Raises:
        RequestError: the sentence names two data sets, or states facts that the data set contradicts.
    """
    named = [name for name, pattern in _KNOWN.items() if pattern.search(text)]
    if not named:
        return None
    if len(named) > 1:
        raise RequestError(f"{' and '.join(named)}: write one data set.")
    (name,) = named
    shape, outputs = _SHAPES[name]
    compare(subject, name, tuple(shape), outputs)
    subject.text = blank_all(subject.text, _KNOWN[name])
    table = f" Its published table is looked up by 'on the nasbench201 benchmark, {name}'." if name in TABLED else ""
    _LOG.warning(
        "The examples of %s are not here: networks can be proposed for its %s images and %d classes, not trained.%s",
        name,
        "x".join(map(str, shape)),
        outputs,
        table,
    )
    return _use("image", shape, outputs)


def question(subject: Subject) -> str | None:
    """What to write if a description lacks the number of classes or the colour of the images; else None."""
    shaped = subject.size is not None or _FEATURES.search(subject.text) is not None
    if shaped and subject.classes is None:
        return (
            "How many classes are there? Write for example 10 classes to have networks proposed; to train them, write "
            "the path of your data."
        )
    if subject.size is not None and subject.channels is None:
        return (
            "Are the images grey or colour? Write grayscale or colour to have networks proposed; to train them, write "
            "the path of your images."
        )
    return None


def _count(match: re.Match[str]) -> int:
    return int(next(group for group in match.groups() if group).replace(",", ""))


def _use(modality: str, shape: list[int] | None, outputs: int) -> Use:
    shape_option = {} if shape is None else {"input_shape": shape}
    return Use("described", {"modality": modality, **shape_option, "outputs": outputs})
