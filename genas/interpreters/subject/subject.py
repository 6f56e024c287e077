"""Finds what the network is for: the task and its data, the space, the device, and what the sentence states of them."""

from __future__ import annotations

import re
from functools import lru_cache

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.interpreters.plain.letters import one_alphabet
from genas.interpreters.plain.patterns import words
from genas.interpreters.plain.text import blank_all, plain
from genas.interpreters.plain.unread import refuse_unread
from genas.interpreters.plain.verbatim import set_apart, unsure_path
from genas.interpreters.subject.asides import without_frame
from genas.interpreters.subject.benchmarks import BENCHMARKS, named_space, read_benchmark, space_of
from genas.interpreters.subject.described import TABLED, known_shape, question, read_described
from genas.interpreters.subject.facts import Subject, read_facts
from genas.interpreters.subject.label import Label, read_label
from genas.interpreters.subject.machine import MOBILE_NETWORKS, read_machine
from genas.interpreters.subject.others import other_space, other_task, spellings
from genas.interpreters.subject.own_data import OURS, OWN, UnreadPath, missing, own_data, read_path
from genas.interpreters.subject.unserved import NotServed, refuse_ways, unserved, unserved_work

_WAYS = (
    "Write digits, mnist or cifar10, a path to your own images (a folder with one folder per class, an .npz or a "
    ".parquet file) or to your own table (.csv), "
    "a benchmark (nasbench201, darts, transnas, a language model, ...), or a graph such as cora."
)
_GRAPHS = "cora|citeseer|pubmed|cs|physics|photo|computers|arxiv|proteins"
_GRAPH = words(rf"(?:(?:ogbn?|coauthor|amazon)[-\s])?({_GRAPHS})")
_SURE_GRAPH = words(r"""
    cora|citeseer|pubmed|ogbn?[- ](?:arxiv|proteins)|coauthor[- ](?:cs|physics)|amazon[- ](?:photo|computers)
    (?:physics|photo|computers|arxiv|proteins) graph
""")
_GNN = words(r"""
    nas[- ]?bench[- ]?graph|gnns?|graph neural (?:network|net)s?|node classif\w+
    graph (?:attention|convolution\w*) network|graph(?: network)? for
""")
_OWN_GRAPH = words(r"""
    (?:gnns?|graph neural (?:network|net)s?) (?:for|of|on) (?:my|our|your) (?:[\w-]+ ){0,3}(?:graph|network)s?
    (?:my|our|your|own) (?:own )?(?:[\w-]+ ){0,2}graphs?
""")
_NB201 = words(r"nas[-_ ]?bench[-_ ]?201|nats[-_ ]?bench|nb[-_ ]?201|hw[-_ ]?nas[-_ ]?bench")
_NAMES = {
    "fashion": words(r"(?:fashion|e|k|q|med|not)[- ]?mnist|mnist[- ]?1d"),
    "imagenet16_120": words(r"image ?net[-_ ]?16(?:[-_ ]?120)?"),
    "cifar100": words(r"cifar[-_ ]?100"),
    "cifar10": re.compile(r"\bcifar[-_ ]?10\b(?!\.\w)", re.I),
    "mnist": words("mnist"),
    "digits": words(r"(?:hand-?written |scikit-learn(?:'s)? |sklearn(?:'s)? )*(?:digits?|numerals?)"),
}
_AND = r"(?:or|and|vs\.?|then|plus|as well as|also|&)"
_EITHER = words(rf"mnist,? (?:and )?{_AND} digits?|digits?,? (?:and )?{_AND} mnist")
_BESIDE = re.compile(  # a published data set and a path: two tasks
    r"\b(?:mnist|cifar[-_ ]?100?|fashion[- ]?mnist|cora|citeseer|pubmed)\b,? (?:and|then|plus|as well as|also|&) "
    r"(?:[\w-]+ ){0,4}\|{4}|\|{4},? (?:and|then|plus|as well as|also|&) (?:[\w-]+ ){0,4}(?:mnist|cifar[-_ ]?100?)\b",
    re.I,
)
_FURTHER = re.compile(r"\|{4} ((?:and|or|with|of|from|in) [\w.-]+[/\\][\w.-]+)")  # D:/cats and dogs/train
_UNKNOWN_SETS = words(r"""
    image ?net(?![-_ ]?16)(?:-?(?:1k|21k))?|tiny ?image ?net|svhn|stl-?10|coco|celeba|omniglot|caltech-?(?:101|256)
    food-?101|oxford (?:pets|flowers)|cityscapes|kinetics|speech ?commands|imdb|squad|glue|iris|titanic
""")
_OTHER_NETS = words(r"""
    vision transformers?|vits?|transformers?(?: networks?| models?)?|mamba|spiking
    lstms?|rnns?|grus?|recurrent (?:network|net)s?
""")
_MLP = words(r"mlps?|(?:multi-?layer )?perceptrons?")
_COMPARED = "".join(  # such a MobileNet is not asked for
    rf"(?<!\b{word} )"
    for word in (
        "than", "than a", "beats", "beat", "beating", "vs", "versus", "against", "our", "as", "current", "present",
        "previous", "than the", "from a",
    )
)  # fmt: skip
_MOBILE = words(rf"""
    {_COMPARED}mobile[_ -]?net(?:s|[ -]?v?[1-4])?|mb[_ -]?convs?|inverted (?:residuals?|bottlenecks?)
    {MOBILE_NETWORKS}
""")
_TRANSFORMERS = r"(?:vision transformers?|vits?|(?<!vision )transformers?(?: networks?| models?)?)"
_ANY_TRANSFORMER, _TRANSFORMER = words(_TRANSFORMERS), words(_COMPARED + _TRANSFORMERS)
_CONV = words(r"conv[_ -]?nets?|cnns?|convolutional (?:neural )?(?:network|net)s?")


def read_subject(sentence: str, known: Use | None, space: Use | None) -> Subject:
    """The task, space, device, seed and stated facts of a sentence.

    Args:
        sentence: as the user wrote it.
        known: the task, if the request names it outside the sentence.
        space: likewise the space.

    Raises:
        RequestError: they contradict each other, or genas does not offer what is asked for.
    """
    apart = set_apart(sentence)
    refuse_unread(one_alphabet(apart.text))
    label = read_label(apart) if known is None else Label()
    subject = Subject(plain(apart.restored()))
    path = read_path(subject, apart, known is not None)
    refuse_ways(subject.text)
    mobile = space is None and _MOBILE.search(subject.text)
    subject.text = without_frame(subject.text)
    read_facts(subject)
    unblanked = subject.text
    subject.task = known or _task(subject, path, label)
    if known is not None:
        _blank_names(subject)
    read_machine(subject)
    if space is None:
        if is_table(subject.task.name):
            _check_family(subject.task.name, mobile or _TRANSFORMER.search(unblanked))
        elif mobile:
            subject.space = subject.space or Use("mobile")
        _space(subject, unblanked)
    else:
        subject.space = space
    return subject


def _task(subject: Subject, path: str | None, label: Label) -> Use:
    text = subject.text
    named = {name for name, pattern in _NAMES.items() if pattern.search(text)}
    table, graph = _NB201.search(text), _GNN.search(text) or _SURE_GRAPH.search(text)
    dataset = _GRAPH.search(text)
    if named and (unsure := unsure_path(text)) and not any(p.search(text.replace(unsure, "")) for p in _NAMES.values()):
        raise _unread(unsure)
    _blank_names(subject)
    if path is not None:
        _check_alone(path, text)
        return own_data(subject, path, label)
    if (other := other_task(text, named)) is not None:
        return other
    if not table and (benchmark := read_benchmark(subject, named, text)):
        return benchmark
    if work := unserved_work(text):
        raise _not_served(work)
    trained = named - TABLED - ({"fashion", "mnist"} if "fashion" in named else set())
    if not (table or graph or trained) and (described := known_shape(subject, text)):
        return described
    if unknown := _UNKNOWN_SETS.search(text):
        raise RequestError(f"There is no task {unknown[0]!r} here. {_WAYS}")
    if "fashion" in named:
        raise RequestError(f"There is no task {_NAMES['fashion'].search(text)[0]!r} here. {_WAYS}")  # type: ignore[index]
    if not named and not table and not dataset and (described := read_described(subject)):
        return described
    if graph:
        return _graph_task(named, table, dataset, text)
    if table or named & {"cifar100", "imagenet16_120"}:
        return _cell_task(named, table, text, subject)
    if work := unserved(text):
        raise _not_served(work)
    return _image_task(named, text, subject)


def _check_alone(path: str, text: str) -> None:
    """RequestError if the sentence names other data beside the path, or if the path seems to go on."""
    if both := _BESIDE.search(text):
        raise RequestError(
            f"{both[0].replace('||||', path[:80])!r}: write one task per sentence (genas batch takes many)."
        )
    if further := _FURTHER.search(text):
        raise UnreadPath(f"Does the path {path[:80]!r} go on with {further[1]!r}? Write the whole path in quotes.")


def _not_served(work: str) -> NotServed:
    return NotServed(
        f"{work!r} is not served yet. Tasks classify images, rows of a table or nodes of a graph, or come from a "
        f"benchmark. {_WAYS}"
    )


def _unread(path: str) -> UnreadPath:
    return UnreadPath(f"Is {path[:80]!r} a path? If so write ./{path[:80]}, else write it without a slash. {_WAYS}")


def _graph_task(named: set[str], table: re.Match[str] | None, dataset: re.Match[str] | None, text: str) -> Use:
    if named or table:
        raise RequestError("The sentence asks for images and graphs at once. Write one of the two.")
    if dataset is None and (own := _OWN_GRAPH.search(text)):
        raise NotServed(
            f"{own[0]!r} is not served yet: GNNs are looked up for published graphs. Write one of "
            f"{_GRAPHS.replace('|', ', ')}."
        )
    if dataset is None:
        raise RequestError(f"Which graph? Write one of {_GRAPHS.replace('|', ', ')}.")
    return Use("nasbench_graph", {"dataset": dataset[1].lower()})


def _cell_task(named: set[str], table: re.Match[str] | None, text: str, subject: Subject) -> Use:
    tabled = named & {"cifar10", "cifar100", "imagenet16_120"}
    if table is None:
        raise RequestError(
            f"{sorted(tabled)[0]} can't be trained here. Write 'on the nasbench201 benchmark, {sorted(tabled)[0]}' "
            "to use its table."
        )
    if named & {"digits", "mnist"} and not tabled:
        subject.space = Use("nasbench201")
        return _one(named, text, subject)
    if len(tabled) > 1:
        raise RequestError(f"{' and '.join(sorted(tabled))}: write one data set.")
    return Use("nasbench201", {"dataset": next(iter(tabled), "cifar10")})


def _image_task(named: set[str], text: str, subject: Subject) -> Use:
    if named:
        return _one(named, text, subject)
    tasks = [
        name
        for name in registry.names("tasks")
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) and name not in OWN
    ]
    if len(tasks) == 1:
        return Use(tasks[0])
    if OURS.search(text):
        raise RequestError(missing(text))
    if unsure := unsure_path(text):
        raise _unread(unsure)
    from genas.interpreters.subject import retrieval

    task = retrieval.nearest(text)
    if task is None:
        raise RequestError(
            question(subject) or missing(text) or f"The sentence does not say what the network is for. {_WAYS}"
        )
    return Use(task)


_THING = r"(?:animal|vehicle|cat|dog|bird|car|truck|ship|plane|frog|horse|deer)s?"
_RELABELLED = words(rf"""
    even {_AND} odd|odd {_AND} even|parity|primes?
    one[- ]vs[-. ]?(?:all|rest)|{_THING} (?:or|vs\.?|versus|from) {_THING}
""")


def _one(named: set[str], text: str, subject: Subject) -> Use:
    if named == {"digits", "mnist"} and not _EITHER.search(text):
        named = {"mnist"}
    if len(named) > 1:
        raise RequestError(f"{' and '.join(sorted(named))}: write one task per sentence (genas batch takes many).")
    name = next(iter(named))
    if other := _RELABELLED.search(text):
        raise RequestError(
            f"{other[0]!r}: {name} has ten classes of its own. Leave that out, or write the path of images sorted so."
        )
    if name == "digits" and subject.size == (28, 28):
        name = "mnist"
    return Use(name)


def _blank_names(subject: Subject) -> None:
    for pattern in (*_NAMES.values(), _NB201, _UNKNOWN_SETS, *(bench.name for bench in BENCHMARKS), *spellings()):
        subject.text = blank_all(subject.text, pattern)


def _space(subject: Subject, text: str) -> None:
    assert subject.task is not None
    subject.space = subject.space or other_space(text)
    if is_table(subject.task.name):
        return
    if subject.space is None and subject.task.name == "images":
        subject.space = Use("nasbench201") if _NB201.search(text) else named_space(text)
    if subject.space is None and _CONV.search(text):
        subject.space = Use("conv_net")
    modality = _modality(subject.task)
    if modality == "image":
        if subject.space is None and _TRANSFORMER.search(text):
            subject.space = Use("vit")
        text = _ANY_TRANSFORMER.sub(" ", text)
    rows = modality == "tabular"
    if other := _OTHER_NETS.search(text) or (None if rows else _MLP.search(text)):
        raise RequestError(
            f"No search space makes {other[0]!r} networks for this task. Leave it out for convolutional networks; "
            f"known spaces: {', '.join(registry.names('spaces'))}."
        )


def _check_family(table: str, named: re.Match[str] | None) -> None:
    """RequestError where a sentence asks for a family of networks that a table of images does not hold."""
    blocks = table == "fbnet" and named is not None and "net" not in named[0].lower()  # its blocks are MobileNet's
    if named is not None and not blocks and registry.load("tasks", table).modality == "image":
        raise RequestError(
            f"The table {table} holds no {named[0]!r} networks. Leave these words out, or name images of your own, on "
            "which such networks can be trained."
        )


@lru_cache
def is_table(name: str) -> bool:
    """Whether a task looks its measurements up in a table instead of training networks."""
    return bool(registry.load("tasks", name).lookup is not Task.lookup)


def _modality(use: Use) -> str:
    """The kind of data that a task has."""
    if use.name == "described":
        return str(use.options.get("modality", "image"))
    return str(registry.load("tasks", use.name).modality)


def space_for(use: Use) -> Use:
    """The default space of a task: that of its table, the one of the same name, else the first for its data.

    Raises:
        RequestError: none is known, as for a table of another package.
    """
    task, spaces = use.name, registry.names("spaces")
    if (table_space := space_of(use)) is not None:
        return table_space
    if task in spaces:
        return Use(task)
    if is_table(task):
        raise RequestError(
            f"Whose architectures does the table {task} know? Name the space in the sentence or the request, as in "
            f'space = "{task}_space"; known spaces: {", ".join(spaces)}.'
        )
    modality = _modality(use)
    if modality == "image":
        return Use("conv_net")
    for name in spaces:
        if registry.load("spaces", name).modality == modality:
            return Use(name)
    if task == "described":
        return Use(modality)  # no space makes networks for it yet; the run says so
    raise RequestError(
        f"No search space makes networks for {modality} tasks such as {task}. Name one in a request file, as in "
        f'space = "conv_net"; known spaces: {", ".join(spaces)}.'
    )
