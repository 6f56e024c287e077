"""Finds published tables and spaces by the names that people give them: the task, its options and the space."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.plain.patterns import one_of, rows
from genas.interpreters.plain.text import blank_all

if TYPE_CHECKING:
    from genas.interpreters.subject.facts import Subject


def _named(said: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){one_of(said)}(?!\w)", re.I)


def _values(block: str) -> dict[str, re.Pattern[str]]:
    """The values of an option, and the names of each."""
    return {value: _named(said) for said, value in rows(block)}


class Benchmark(NamedTuple):
    """A published table and the names for it.

    Args:
        task: the task that reads the table.
        name: matches the names of the table.
        space: the space of its networks; on images without a table they are trained.
        option: the option of the task that chooses a part of the table.
        values: the values of that option, with the names of each.
        images: image tasks for which the table holds results.
    """

    task: str
    name: re.Pattern[str]
    space: str
    option: str = ""
    values: Mapping[str, re.Pattern[str]] = MappingProxyType({})
    images: frozenset[str] = frozenset({"cifar10"})


_DASH = r"[-_ ]?"
_SCALE = r"scale(?: is|:|=)? ?"
BENCHMARKS = (
    Benchmark(
        "darts",
        _named(rf"darts|nas{_DASH}bench{_DASH}301|nb{_DASH}301|once{_DASH}nas(?:{_DASH}bench)?|swap{_DASH}nas"),
        "darts",
        "table",
        _values(rf"""
            oncenas   <- once{_DASH}nas(?:{_DASH}bench)?
            swap      <- swap(?:{_DASH}nas)?
            ninapro   <- ninapro|(?:hand )?gestures?|forearm muscles?|electromyogra\w+|emg
            scifar100 <- (?:spherical|s){_DASH}cifar{_DASH}100|cifar{_DASH}100 (?:on|projected onto) (?:a|the) sphere
            svhn      <- svhn|(?:street[- ]view )?house numbers?
        """),
    ),
    Benchmark(
        "transnas",
        _named(rf"trans{_DASH}nas(?:{_DASH}bench)?(?:{_DASH}(?:101|macro))?|taskonomy"),
        "transnas_macro",
        "dataset",
        _values(rf"""
            class_scene     <- class{_DASH}scenes?|scenes?(?:[- ]class\w*)?|kinds? of rooms?|scènes?|szenen?\w*
            class_object    <- class{_DASH}objects?|objects?(?:[- ]class\w*)?|objets?|objekt\w*
            room_layout     <- (?:room{_DASH})?layouts?
            jigsaw          <- jigsaws?(?: puzzles?)?|puzzles?
            segmentsemantic <- segment{_DASH}semantic|(?:semantic )?segment(?:ation|ing)
            normal          <- (?:surface )?normals?
            autoencoder     <- auto[- ]?encod\w+
        """),
        frozenset(),
    ),
    Benchmark(
        "hwgpt",
        _named(rf"""
            hw{_DASH}gpt(?:{_DASH}bench)?|gpt(?!{_DASH}[0-9])|language model(?:l?ing|s)?
            gpt{_DASH}(?:[sml]|small|medium|large)
        """),
        "gpt",
        "scale",
        _values(rf"""
            s <- gpt{_DASH}(?:s|small)|{_SCALE}(?:s|small)|small scale
            m <- gpt{_DASH}(?:m|medium)|medium(?:-sized)? gpt|{_SCALE}(?:m|medium)|medium scale
            l <- gpt{_DASH}(?:l|large)|large gpt|{_SCALE}(?:l|large)|large scale
        """),
        frozenset(),
    ),
    Benchmark("nasbench101", _named(rf"nas{_DASH}bench{_DASH}101|nb{_DASH}101"), "nasbench101"),
    Benchmark("fbnet", _named(rf"fb{_DASH}nets?"), "fbnet", images=frozenset({"cifar100"})),
)
_TRAINED = {"digits", "mnist", "cifar10"}
_OWN_TEXT = _named(r"""
    (?:my|our|your)(?: own)?|own|wiki\w*|shakespeare|books?|novels?|emails?|tweets?|source code|python|german|french
    spanish|chinese|english to|translat\w+|chat ?bots?|tiny ?stories
""")


def read_benchmark(subject: Subject, named: set[str], text: str) -> Use | None:
    """The task of a table; None if the sentence names no table, or wants its networks trained on other images.

    Args:
        subject: gets the space; the names are blanked in its text.
        named: the image data sets that the sentence names.
        text: the sentence before names were blanked.

    Raises:
        RequestError: the sentence names two tables, or data that the table does not have.
    """
    benchmarks = [bench for bench in BENCHMARKS if bench.name.search(text)]
    if not benchmarks:
        return None
    if len(benchmarks) > 1:
        raise RequestError(f"{' and '.join(b.task for b in benchmarks)}: write one benchmark per sentence.")
    bench = benchmarks[0]
    chosen = [value for value, pattern in bench.values.items() if pattern.search(text)]
    if bench.task == "darts" and "scifar100" in chosen:
        named = named - {"cifar100"}
    if bench.task == "hwgpt":
        _refuse_other_text(named, text)
    elif (other := named - bench.images) and (bench.task != "darts" or not chosen):
        if other <= _TRAINED and not named & bench.images:
            subject.space = Use(bench.space)
            return None
        raise RequestError(
            f"There is no table of {bench.task} for {' and '.join(sorted(other))}. Leave the data set out for "
            f"the published one, or write one of {', '.join(sorted(_TRAINED - bench.images))} to train on."
        )
    if len(chosen) > 1:
        raise RequestError(f"{' and '.join(chosen)}: write one {bench.option} of {bench.task}.")
    for pattern in (bench.name, *bench.values.values()):
        subject.text = blank_all(subject.text, pattern)
    return Use(bench.task, {bench.option: chosen[0]} if chosen else {})


def _refuse_other_text(named: set[str], text: str) -> None:
    if named:
        raise RequestError(
            f"The sentence asks for a language model and for images ({', '.join(sorted(named))}) at once. Write one of "
            "the two."
        )
    if other := _OWN_TEXT.search(text):
        raise RequestError(
            f"Language models are looked up in the table hwgpt, which knows English web text only, not {other[0]!r}. "
            "Leave that out, or name another task."
        )


def named_space(text: str) -> Use | None:
    """The image space that the text names, for training on the user's own images."""
    spaces = [bench.space for bench in BENCHMARKS if bench.task != "hwgpt" and bench.name.search(text)]
    return Use(spaces[0]) if len(spaces) == 1 else None


def space_of(task: Use) -> Use | None:
    """The space of the networks in a task's table, with the options that the table needs; None for other tasks."""
    for bench in BENCHMARKS:
        if bench.task == task.name:
            if task.options.get("table") in {"oncenas", "swap"}:
                return Use(bench.space, {"wide": True})
            return Use(bench.space, {"scale": task.options["scale"]} if "scale" in task.options else {})
    return None
