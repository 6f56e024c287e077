"""Reads what a sentence states about its data (classes, image size, colour), and checks it against the task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.plain.numerals import CLASS_NOUNS
from genas.interpreters.plain.patterns import words
from genas.interpreters.plain.text import blank, blank_all

_SIZE = re.compile(
    r"(?<![\w.])([0-9]{1,5})\s?(?:px|pixels?)?\s?(?:x|by)\s?([0-9]{1,5})(?:\s?(?:x|by)\s?([0-9]{1,5}))?(?![0-9])"
    r"(?:[\s-]?(?:px|pixels?)\b)?",
    re.I,
)
_SQUARE = r"(?: (?:wide|high|squares?|(?:a|per|each|on each|on a) side|side length))?"
_SIDE = re.compile(
    rf"(?<![\w.-])([0-9]{{1,5}})[\s-]?(?:px|pixel[sn]?)\b(?![\s-]?[0-9]){_SQUARE}|"
    r"\bside(?: length)?(?: of|:|=)? ([0-9]{1,5})(?![0-9.])",
    re.I,
)
_TOO_MANY = re.compile(r"(?<![\w.])[0-9]+(?:\s?(?:x|by)\s?[0-9]+){3,}", re.I)
_KERNEL = re.compile(r"(?<![\w.])[0-9]x[0-9](?=[\s-]*(?:conv|kernel|filter|pool))", re.I)
_NO_KIND = r"(?:and|with|of|for|in|per|to|or|over|under|is|ms|s|[km]?b|param\w*|weights|images)"
_CLASSES = re.compile(
    rf"(?<![\w.,-])(?<!than )(-?[0-9][0-9,]*)[\s-]*(?:(?!{_NO_KIND}\b)[a-z]+ ){{0,2}}"
    r"(?:breeds|species|topics|class(?:es)?|categor(?:y|ies)|labels|kinds|types|outputs)\b|"
    r"\b(?:classes|categories|labels|outputs)\s*(?:=|:|is|are)\s*(-?[0-9]+)(?![0-9.])",
    re.I,
)
_THINGS = re.compile(
    rf"(?<![\w.,-])(?<!than )([1-9][0-9,]*)[\s-]+(?:(?!{_NO_KIND}\b)[a-z-]+ ){{0,2}}?{CLASS_NOUNS}\b", re.I
)
_NO_CLASS = words(r"(?:no|without(?: any)?) (?:class(?:es)?|categories|labels)")
_BINARY = words(r"binary classif\w+|two[- ]class|binary classes")
_ONE_TO_NINE = words(r"0\s*(?:-|to|through|\.\.)\s*9")
_GREY = words(r"""
    gr[ae]y(?:[\s-]?(?:scale|level))?|monochrome|black[\s-]and[\s-]white
    (?:1|single|one)[\s-]channel
""")
_COLOUR = words(r"rgb|colou?r(?:ed|ful)?|(?:3|three)[\s-]channels?")
_SEED = re.compile(r"\b(?:random )?seed\s*(?:=|:|of|is|number)?\s*([0-9]{1,40})(?!\.?[0-9])", re.I)


@dataclass
class Subject:
    """What a sentence is about.

    Args:
        text: the sentence with everything that was read blanked.
        task: the task with its options.
        space: the search space.
        device: where the network is to run.
        seed: of the run.
        classes: how many there are.
        size: (height, width) of images in pixels.
        channels: 1 for grey images, 3 for colour.
    """

    text: str
    task: Use | None = None
    space: Use | None = None
    device: str | None = None
    seed: int | None = None
    classes: int | None = None
    size: tuple[int, int] | None = None
    channels: int | None = None


def read_facts(subject: Subject) -> None:
    """Set the seed, classes, size and colour of the subject and blank their words; RequestError if they contradict."""
    subject.text = blank_all(subject.text, _KERNEL)
    if match := _SEED.search(subject.text):
        subject.seed = int(match[1])
        subject.text = blank(subject.text, *match.span())
    _read_size(subject)
    _read_classes(subject)
    _read_colour(subject)
    for pattern in (_CLASSES, _ONE_TO_NINE, _BINARY, _GREY, _COLOUR):
        subject.text = blank_all(subject.text, pattern)


def _read_size(subject: Subject) -> None:
    if many := _TOO_MANY.search(subject.text):
        raise RequestError(
            f"{many[0][:40]!r} has too many sizes for an image. Write channels, height and width, such as 3x32x32."
        )
    matches = list(_SIZE.finditer(subject.text))
    if not matches:
        _read_side(subject)
        return
    sizes = {(int(match[1]), int(match[2])) for match in matches}
    if len(sizes) > 1 or any(0 in size for size in sizes):
        raise RequestError("The image size is unclear. Write one size above zero, such as 32x32.")
    height, width = sizes.pop()
    depth = next((int(match[3]) for match in matches if match[3]), None)
    if depth is not None and height in {1, 3} and depth not in {1, 3}:  # (C, H, W)
        height, width, depth = width, depth, height
    subject.size, subject.channels = (height, width), depth
    subject.text = blank_all(subject.text, _SIZE)


def _read_side(subject: Subject) -> None:
    """Read the size of square images from one side: 128px photos."""
    sides = {int(match[1] or match[2]) for match in _SIDE.finditer(subject.text)}
    if len(sides) > 1 or 0 in sides:
        raise RequestError("The image size is unclear. Write one size above zero, such as 32x32.")
    if sides:
        (side,) = sides
        subject.size = side, side
        subject.text = blank_all(subject.text, _SIDE)


def _read_classes(subject: Subject) -> None:
    counts = {int((m[1] or m[2]).replace(",", "")) for m in _CLASSES.finditer(subject.text)}
    counts |= {10} if _ONE_TO_NINE.search(subject.text) else set()
    counts |= {2} if _BINARY.search(subject.text) else set()
    if not counts:
        counts = {int(m[1].replace(",", "")) for m in _THINGS.finditer(subject.text)}
        subject.text = blank_all(subject.text, _THINGS)
    if _NO_CLASS.search(subject.text) or any(count < 2 for count in counts):
        raise RequestError("A classifier needs at least 2 classes. Write how many there are, such as 10 classes.")
    if len(counts) > 1:
        raise RequestError(
            f"The number of classes is given as {' and '.join(map(str, sorted(counts)))}. Write it once."
        )
    subject.classes = next(iter(counts), None)


def _read_colour(subject: Subject) -> None:
    grey, colour = _GREY.search(subject.text), _COLOUR.search(subject.text)
    if grey and colour:
        raise RequestError(f"{grey[0]!r} and {colour[0]!r} contradict each other. Write one of the two.")
    if not (said := grey or colour):
        return
    channels = 1 if grey else 3
    if subject.channels not in {None, channels}:
        raise RequestError(f"{subject.channels} channels and {said[0]!r} contradict each other.")
    subject.channels = channels


def picture_options(subject: Subject) -> dict[str, Any]:
    """The size and channels to which the user's pictures are converted, as options of the task `images`."""
    options: dict[str, Any] = {}
    if subject.size is not None:
        if subject.size[0] != subject.size[1]:
            raise RequestError(
                f"Images of {subject.size[0]}x{subject.size[1]} are not square. Write one side, such as 64x64."
            )
        options["size"] = subject.size[0]
    if subject.channels is not None:
        if subject.channels not in {1, 3}:
            raise RequestError(f"Images have 1 (grey) or 3 (colour) channels, not {subject.channels}.")
        options["channels"] = subject.channels
    return options


def check_facts(subject: Subject, task: Use) -> None:
    """RequestError if the sentence states other classes, another size or other channels than the task has."""
    if task.name == "described":
        return
    described = subject.size is not None or subject.channels is not None
    if subject.classes is None and (not described or task.name == "images"):
        return
    actual: Any = _with_shapes(task)
    compare(subject, task.name, tuple(actual.input_shape), actual.outputs, sized=task.name != "images")


def compare(subject: Subject, name: str, shape: tuple[int, ...], outputs: int, sized: bool = True) -> None:
    """RequestError if the sentence states other classes, another size or another colour than the data have.

    Args:
        subject: what the sentence states.
        name: what the data are called in the message.
        shape: (C, H, W) of images.
        outputs: number of classes.
        sized: whether the images have a fixed size; if not, any size may be asked for.
    """
    if subject.classes is not None and subject.classes != outputs:
        raise RequestError(
            f"{name} has {outputs} classes; you wrote {subject.classes}. Write {outputs}, or name other data."
        )
    if len(shape) != 3:
        if subject.size is not None or subject.channels is not None:
            raise RequestError(f"{name} has no images. Leave the image size and colour out, or name other data.")
        return
    if not sized:
        return
    if subject.size is not None and subject.size != shape[1:]:
        real, said = "x".join(map(str, shape[1:])), "x".join(map(str, subject.size))
        raise RequestError(f"{name} has images of {real}; you wrote {said}. Write {real}, or name other data.")
    if subject.channels is not None and subject.channels != shape[0]:
        real = {1: "grey", 3: "colour"}.get(shape[0], f"{shape[0]}-channel")
        raise RequestError(f"{name} has {real} images ({shape[0]} channels); you wrote {subject.channels}.")


def _with_shapes(task: Use) -> Any:
    """The task's class if that states its shapes, else the task itself."""
    cls = registry.load("tasks", task.name)
    simple = not task.options and isinstance(getattr(cls, "outputs", None), int) and hasattr(cls, "input_shape")
    return cls if simple else registry.create("tasks", task, seed=0)
