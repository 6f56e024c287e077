"""What the network is for: the task and its data, the space, the machine, and the facts stated about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.interpreters._benchmarks import BENCHMARKS, named_space, read_benchmark, space_of
from genas.interpreters._described import read_described
from genas.interpreters._frame import without_frame
from genas.interpreters._machine import read_machine
from genas.interpreters._text import blank, blank_all

_WAYS = (
    "Write digits, mnist or cifar10, a path to your own images (a folder with one folder per class, an "
    ".npz or a .parquet file), "
    "a benchmark (nasbench201, darts, transnas, a language model, ...), or a graph such as cora."
)
_QUOTED = re.compile(r"[\"'`]([^\"'`\n]*(?:/|\.npz\b|\.parquet\b)[^\"'`\n]*)[\"'`]")
_PATH = re.compile(
    r"(?<![\w/.:~-])(?:(?:~|\.{1,2})?/[^\s,;\"'`|]+|[^\s,;\"'`|/]+(?:/[^\s,;\"'`|/]+)*\.(?:npz|"
    r"parquet)\b|[\w.-]+(?:/[\w.-]+)*/(?=[\s,;.]|$))"
)
_FOLDER = re.compile(
    r"\b(?:folder|directory|dir)(?: called| named| of| at|:)?\s+([^\s,;\"'`|]+)|([\w.-]+(?:/[\w.-]+)+)", re.I
)
_INSIDE = re.compile(r"\b(?:in|from|at|inside|under|path)\s+([A-Za-z_.][\w.-]*(?:/[\w.-]+)+)", re.I)
_ORDER = re.compile(
    r"\b(delete|remove|erase|rm|cat|print|upload|send|chmod|sudo|wget|curl|execute)\s+(?:\S+\s+){0,2}$", re.I
)
_SIZE = re.compile(
    r"(?<![\w.])([0-9]{1,5})\s?(?:px|pixels?)?\s?(?:x|"
    r"by)\s?([0-9]{1,5})(?:\s?x\s?([0-9]{1,3}))?(?![0-9])(?:[\s-]?(?:px|pixels?)\b)?",
    re.I,
)
_KERNEL = re.compile(r"(?<![\w.])[0-9]x[0-9](?=[\s-]*(?:conv|kernel|filter|pool))", re.I)
_CLASSES = re.compile(
    r"(?<![\w.,-])(-?[0-9][0-9,]*)[\s-]*"
    r"(?:(?!(?:and|with|of|for|in|per|to|or|over|under|is|ms|s|[km]?b|param\w*|weights|images)\b)[a-z]+ ){0,2}"
    r"(?:breeds|species|topics|class(?:es)?|categor(?:y|ies)|labels|kinds|types|outputs)\b"
    r"|\b(?:classes|categories|labels|outputs)\s*(?:=|:|is|are)\s*(-?[0-9]+)(?![0-9.])",
    re.I,
)
_NO_CLASS = re.compile(r"\b(?:no|without(?: any)?) (?:class(?:es)?|categories|labels)\b", re.I)
_BINARY = re.compile(r"\b(?:binary classif\w+|two[- ]class|binary classes)\b", re.I)
_ONE_TO_NINE = re.compile(r"\b0\s*(?:-|to|through|\.\.)\s*9\b", re.I)
_GREY = re.compile(
    r"\b(?:gr[ae]y(?:[\s-]?(?:scale|level))?|monochrome|black[\s-]and[\s-]white|1[\s-]channel|"
    r"single[\s-]channel|one[\s-]channel)\b",
    re.I,
)
_COLOUR = re.compile(r"\b(?:rgb|colou?r(?:ed|ful)?|3[\s-]channels?|three[\s-]channels?)\b", re.I)
_SEED = re.compile(r"\b(?:random )?seed\s*(?:=|:|of|is|number)?\s*([0-9]{1,9})(?![0-9.])", re.I)
_GRAPHS = "cora|citeseer|pubmed|cs|physics|photo|computers|arxiv|proteins"
_GRAPH = re.compile(rf"\b(?:(?:ogbn?|coauthor|amazon)[-\s])?({_GRAPHS})\b", re.I)
_SURE_GRAPH = re.compile(
    r"\b(?:cora|citeseer|pubmed|ogbn?[- ](?:arxiv|proteins)|coauthor[- ](?:cs|physics)|"
    r"amazon[- ](?:photo|computers)|"
    r"(?:physics|photo|computers|arxiv|proteins) graph)\b",
    re.I,
)
_GNN = re.compile(
    r"\b(?:nas[- ]?bench[- ]?graph|gnns?|graph neural (?:network|net)s?|node classif\w+|"
    r"graph (?:attention|convolution\w*) network|graph(?: network)? for)\b",
    re.I,
)
_NB201 = re.compile(r"\b(?:nas[-_ ]?bench[-_ ]?201|nats[-_ ]?bench|nb[-_ ]?201|hw[-_ ]?nas[-_ ]?bench)\b", re.I)
_NAMES = {
    "fashion": re.compile(r"\b(?:fashion|e|k|q|med|not)[- ]?mnist\b|\bmnist[- ]?1d\b", re.I),
    "imagenet16_120": re.compile(r"\bimage ?net[-_ ]?16(?:[-_ ]?120)?\b", re.I),
    "cifar100": re.compile(r"\bcifar[-_ ]?100\b", re.I),
    "cifar10": re.compile(r"\bcifar[-_ ]?10\b(?!\.\w)", re.I),
    "mnist": re.compile(r"\bmnist\b", re.I),
    "digits": re.compile(
        r"\b(?:hand-?written |scikit-learn(?:'s)? |"
        r"sklearn(?:'s)? )*(?:digits?|numerals?)\b",
        re.I,
    ),
}
_UNKNOWN_SETS = re.compile(
    r"\b(?:image ?net(?![-_ ]?16)(?:-?(?:1k|21k))?|tiny ?image ?net|svhn|stl-?10|coco|celeba|omniglot|"
    r"caltech-?(?:101|256)|food-?101|"
    r"oxford (?:pets|flowers)|cityscapes|kinetics|speech ?commands|imdb|squad|glue|iris|titanic)\b",
    re.I,
)
_OTHER_WORK = re.compile(
    r"\b(?:regression|object detection|detector|segment(?:ation|s|ing)?|translation|translat\w+|"
    r"language model|text|speech|audio|sound|"
    r"music|time[- ]series|tabular|forecast\w*|recommend\w*|reinforcement|captions?|video|generative|"
    r"generate images|house prices?|stock|sentiment|emails?|spam)\b",
    re.I,
)
_OTHER_NETS = re.compile(
    r"\b(?:vision transformers?|vits?|lstms?|rnns?|grus?|recurrent (?:network|net)s?|mlps?|"
    r"(?:multi-?layer )?perceptrons?|transformer(?: network| model)?|mamba|spiking)\b",
    re.I,
)
_CONV = re.compile(r"\b(?:conv[_ -]?nets?|cnns?|convolutional (?:neural )?(?:network|net)s?)\b", re.I)


@dataclass
class Subject:
    """What was read besides numbers and wishes; `text` is the sentence with those parts blanked."""

    text: str
    task: Use | None = None
    space: Use | None = None
    device: str | None = None
    seed: int | None = None
    classes: int | None = None
    size: tuple[int, int] | None = None
    channels: int | None = None


def read_subject(text: str, known: Use | None, space: Use | None) -> Subject:
    """Task, space, device, seed and facts of a plain text; RequestError where they contradict or can't "
    "be served."""
    subject = Subject(text)
    path = _path(subject)
    subject.text = without_frame(subject.text)
    _facts(subject)
    asked = subject.text
    subject.task = known or _task(subject, path)
    if known is not None:
        _blank_names(subject)
    read_machine(subject)
    if space is None:
        _space(subject, asked)
    return subject


def _path(subject: Subject) -> str | None:
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
    if order := _ORDER.search(text[: span[0]]):
        raise RequestError(
            f"{order[1]!r} is nothing that is done here. Write what the network in {found[:80]!r} is for."
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


def _facts(subject: Subject) -> None:
    subject.text = blank_all(subject.text, _KERNEL)
    if match := _SEED.search(subject.text):
        subject.seed = int(match[1])
        subject.text = blank(subject.text, *match.span())
    if sizes := {tuple(map(int, m.groups()[:2])) for m in _SIZE.finditer(subject.text)}:
        if len(sizes) > 1 or any(0 in size for size in sizes):
            raise RequestError("The image size is unclear. Write one size above zero, such as 32x32.")
        subject.size = next(iter(sizes))  # type: ignore[assignment]
        depth = next((m[3] for m in _SIZE.finditer(subject.text) if m[3]), None)
        if depth and subject.size and subject.size[0] in {1, 3} and subject.size[1] == int(depth):  # (C, H, W)
            depth, subject.size = str(subject.size[0]), (int(depth), int(depth))
        subject.channels = int(depth) if depth else None
        subject.text = blank_all(subject.text, _SIZE)
    counts = {int((m[1] or m[2]).replace(",", "")[:9]) for m in _CLASSES.finditer(subject.text)}
    counts |= {10} if _ONE_TO_NINE.search(subject.text) else set()
    counts |= {2} if _BINARY.search(subject.text) else set()
    if _NO_CLASS.search(subject.text) or any(count < 2 for count in counts):
        raise RequestError("A classifier needs at least 2 classes. Write how many there are, such as 10 classes.")
    if len(counts) > 1:
        raise RequestError(
            f"The number of classes is given as {' and '.join(map(str, sorted(counts)))}. Write it once."
        )
    subject.classes = next(iter(counts), None)
    grey, colour = _GREY.search(subject.text), _COLOUR.search(subject.text)
    if grey and colour:
        raise RequestError(f"{grey[0]!r} and {colour[0]!r} contradict each other. Write one of the two.")
    channels = 1 if grey else 3 if colour else None
    if channels is not None and subject.channels not in {None, channels}:
        raise RequestError(f"{subject.channels} channels and {(grey or colour)[0]!r} contradict each other.")  # type: ignore[index]
    subject.channels = channels or subject.channels
    for pattern in (_CLASSES, _ONE_TO_NINE, _BINARY, _GREY, _COLOUR):
        subject.text = blank_all(subject.text, pattern)


def _task(subject: Subject, path: str | None) -> Use:
    text = subject.text
    named = {name for name, pattern in _NAMES.items() if pattern.search(text)}
    table, graph = _NB201.search(text), _GNN.search(text) or _SURE_GRAPH.search(text)
    dataset = _GRAPH.search(text)
    _blank_names(subject)
    if path is not None:
        return Use("images", {"path": path, **_picture_options(subject)})
    if not table and (benchmark := read_benchmark(subject, named, text)):
        return benchmark
    if other := _UNKNOWN_SETS.search(text):
        raise RequestError(f"There is no task {other[0]!r} here. {_WAYS}")
    if "fashion" in named:
        raise RequestError(f"There is no task {_NAMES['fashion'].search(text)[0]!r} here. {_WAYS}")  # type: ignore[index]
    if not named and not table and not dataset and (described := read_described(subject)):
        return described
    if graph:
        return _graph_task(named, table, dataset)
    if table or named & {"cifar100", "imagenet16_120"}:
        return _cell_task(named, table, subject)
    if other := _OTHER_WORK.search(text):
        raise RequestError(
            f"{other[0]!r} is not served yet; tasks are image classification and node classification. {_WAYS}"
        )
    return _image_task(named, text, subject)


def _picture_options(subject: Subject) -> dict[str, Any]:
    """The size and channels that the user's pictures are brought to, where the sentence states them."""
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


def _graph_task(named: set[str], table: re.Match[str] | None, dataset: re.Match[str] | None) -> Use:
    if named or table:
        raise RequestError("Images and graphs are asked for at once. Write one of the two.")
    if dataset is None:
        raise RequestError(f"Which graph? Write one of {_GRAPHS.replace('|', ', ')}.")
    return Use("nasbench_graph", {"dataset": dataset[1].lower()})


def _cell_task(named: set[str], table: re.Match[str] | None, subject: Subject) -> Use:
    tabled = named & {"cifar10", "cifar100", "imagenet16_120"}
    if table is None:
        raise RequestError(
            f"{sorted(tabled)[0]} can't be trained here. Write 'on the nasbench201 benchmark, {sorted(tabled)[0]}' "
            "to use its table."
        )
    if named & {"digits", "mnist"} and not tabled:
        subject.space = Use("nasbench201")
        return _one(named, subject)
    if len(tabled) > 1:
        raise RequestError(f"{' and '.join(sorted(tabled))}: write one data set.")
    return Use("nasbench201", {"dataset": next(iter(tabled), "cifar10")})


def _image_task(named: set[str], text: str, subject: Subject) -> Use:
    if named:
        return _one(named, subject)
    words = [
        name
        for name in registry.names("tasks")
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) and name not in {"images", "described"}
    ]
    if len(words) == 1:
        return Use(words[0])
    if re.search(r"\b(?:my|our|own)\b[^.|]*\b(?:images?|photos?|pictures?|data(?:set)?|scans?)\b", text, re.I):
        raise RequestError(
            "Where are your images? Write the path of a folder with one folder per class, an .npz or a .parquet file."
        )
    from genas.interpreters import _retrieval

    found = _retrieval.nearest(text)
    if found is None:
        raise RequestError(f"The sentence does not say what the network is for. {_WAYS}")
    return Use(found)


def _one(named: set[str], subject: Subject) -> Use:
    if len(named) == 2 and named == {"digits", "mnist"}:
        named = {"mnist"}
    if len(named) > 1:
        raise RequestError(f"{' and '.join(sorted(named))}: write one task a sentence (genas batch takes many).")
    name = next(iter(named))
    if name == "digits" and subject.size == (28, 28):
        name = "mnist"
    return Use(name)


def _blank_names(subject: Subject) -> None:
    for pattern in (*_NAMES.values(), _NB201, _UNKNOWN_SETS, *(bench.name for bench in BENCHMARKS)):
        subject.text = blank_all(subject.text, pattern)


def _space(subject: Subject, text: str) -> None:
    assert subject.task is not None
    if is_table(subject.task.name):
        return
    if subject.space is None and subject.task.name == "images":
        subject.space = Use("nasbench201") if _NB201.search(text) else named_space(text)
    if subject.space is None and _CONV.search(text):
        subject.space = Use("conv_net")
    if other := _OTHER_NETS.search(text):
        raise RequestError(
            f"No search space makes {other[0]!r} networks for this task. Leave it out for convolutional networks; "
            f"known spaces: {', '.join(registry.names('spaces'))}."
        )


def check_facts(subject: Subject, task: Use) -> None:
    """RequestError where the sentence states classes, a size or channels that the task does not have."""
    if task.name == "described":
        return
    described = subject.size is not None or subject.channels is not None
    if subject.classes is None and (not described or task.name == "images"):
        return
    facts: Any = _made(task)
    shape = tuple(facts.input_shape)
    if subject.classes is not None and subject.classes != facts.outputs:
        raise RequestError(
            f"{task.name} has {facts.outputs} classes; you wrote {subject.classes}. "
            f"Write {facts.outputs}, or name other data."
        )
    if len(shape) != 3:
        if subject.size is not None or subject.channels is not None:
            raise RequestError(f"{task.name} has no images. Leave the image size and colour out, or name other data.")
        return
    if task.name == "images":
        return
    if subject.size is not None and subject.size != shape[1:]:
        real, said = "x".join(map(str, shape[1:])), "x".join(map(str, subject.size))
        raise RequestError(f"{task.name} has images of {real}; you wrote {said}. Write {real}, or name other data.")
    if subject.channels is not None and subject.channels != shape[0]:
        real = {1: "grey", 3: "colour"}.get(shape[0], f"{shape[0]}-channel")
        raise RequestError(f"{task.name} has {real} images ({shape[0]} channels); you wrote {subject.channels}.")


def _made(task: Use) -> Any:
    """The task; only for its shapes."""
    cls = registry.load("tasks", task.name)
    simple = not task.options and isinstance(getattr(cls, "outputs", None), int) and hasattr(cls, "input_shape")
    return cls if simple else registry.create("tasks", task, seed=0)


@lru_cache
def is_table(name: str) -> bool:
    """Whether a task's answers are looked up rather than trained for."""
    return bool(registry.load("tasks", name).lookup is not Task.lookup)


def space_for(use: Use) -> Use:
    """The default space of a task: that of its table, the one of the same name, else conv_net for images."""
    task, spaces = use.name, registry.names("spaces")
    if (found := space_of(use)) is not None:
        return found
    if task in spaces:
        return Use(task)
    modality = str(
        use.options.get("modality", "image") if task == "described" else registry.load("tasks", task).modality
    )
    if modality == "image":
        return Use("conv_net")
    for name in spaces:
        if registry.load("spaces", name).modality == modality:
            return Use(name)
    if task == "described":
        return Use(modality)  # no space serves it yet, which the run says
    raise RequestError(f"No search space makes networks for {modality} tasks such as {task}. Name one with --space.")
