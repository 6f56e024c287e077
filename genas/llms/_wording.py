"""Writes architectures for a chat model and reads them back: example lines, a pattern of legal lines, replies."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import count as numbers
from itertools import islice, product
from string import ascii_lowercase
from typing import NamedTuple

from genas.core.errors import InvalidArchitecture, LLMFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.core.rng import rng

_TRIES = 200  # samples from which the pattern is learnt
_SHAPES = 40  # wirings in the pattern, at most, if the samples show only a part of the space's
_STARTS = 200  # brackets in a reply at which a list is looked for, at most
_PLAIN = ("input", "output")  # labels that are no choices and reveal no published name
Fault = Callable[[Architecture], str | None]  # what is wrong with a legal architecture, in words
_ANY = re.compile(r"[A-Za-z0-9_+]+")


class Reply(NamedTuple):
    """The content of a reply.

    Args:
        legal: legal architectures without a fault.
        spare: legal architectures in which the caller found a fault.
        problems: each line that is illegal or faulty, with what is wrong.
    """

    legal: list[Architecture]
    spare: list[Architecture]
    problems: list[str]


class Wording:
    """How a space is described to a chat model, and how the model's lines are read back.

    With `renamed` the model sees no published names: labels are op_a, op_b, ... in an order drawn by seed, lines have
    the general form `names | edges` (names only if the space has no open edges), and the documentation of the space
    and the description of the task are left out. What a model has memorised of a benchmark then can't help it.

    Args:
        space: the search space.
        seed: of the pattern's samples and of the neutral names.
        renamed: whether to hide the names.
    """

    def __init__(self, space: SearchSpace, *, seed: int = 0, renamed: bool = False) -> None:
        self.space, self._seed, self.renamed = space, seed, renamed
        hidden = [op for op in space.ops if op not in _PLAIN] if renamed else []
        order = rng(seed, "renamed").permutation(len(hidden))
        self._names = {hidden[i]: name for i, name in zip(order, _neutral(len(hidden)), strict=True)}
        self._labels = {name: label for label, name in self._names.items()}

    def line(self, arch: Architecture) -> str:
        """The architecture on one line."""
        if not self.renamed:
            return self.space.to_text(arch)
        names = " ".join(map(self.label, arch.ops))
        edges = " ".join(f"{i}>{j}" for i, j in arch.edges)
        return f"{names} | {edges}" if self.space.frame(len(arch.ops)).open_edges else names

    def arch(self, line: str) -> Architecture:
        """The architecture of a line.

        Raises:
            InvalidArchitecture: the line can't be read, or its architecture is not legal.
        """
        if not self.renamed:
            return self.space.from_text(line)
        names, _, edges = line.partition("|")
        ops = names.split()
        labels_by_name = {**self._labels, **{op: op for op in _PLAIN if op in self.space.ops}}
        if unknown := [op for op in ops if op not in labels_by_name]:
            raise InvalidArchitecture([f"{unknown[0][:40]!r} is no name of this space"])
        if len(ops) not in self.space.sizes():
            sizes = ", ".join(map(str, self.space.sizes()))
            raise InvalidArchitecture([f"a line has {sizes} names, not {len(ops)}"])
        labels, frame = tuple(labels_by_name[op] for op in ops), self.space.frame(len(ops))
        try:
            if not frame.open_edges:
                return self.space.check(Architecture(self.space.name, labels, frame.edges))
            return SearchSpace.from_text(self.space, " ".join(labels) + " | " + edges)
        except InvalidArchitecture as error:
            raise InvalidArchitecture([self.hide(problem) for problem in error.problems]) from error

    def label(self, label: str) -> str:
        """One label as the model sees it."""
        return self._names.get(label, label)

    def hide(self, text: str) -> str:
        """A sentence with the labels in it as the model sees them."""
        return _ANY.sub(lambda match: self.label(match[0]), text) if self.renamed else text

    def of_space(self) -> str:
        """The space in words: its documentation up to the arguments."""
        if self.renamed:
            return "a space of labelled graphs, one a line. The names of the labels are arbitrary and mean nothing."
        text = inspect.getdoc(type(self.space)) or type(self.space).__name__
        return " ".join(re.split(r"\n\s*(?:Args|Raises|Source):", text)[0].split())

    def of_task(self, task: Task) -> str:
        """The task in words."""
        if self.renamed:
            shape = "x".join(map(str, task.input_shape))
            return f"{task.modality} data of shape {shape}, {task.outputs} outputs, judged by {task.metric.name}"
        return task.description

    def operations(self) -> str:
        """The labels that may be used."""
        return ", ".join(sorted(map(self.label, self.space.ops)) if self.renamed else self.space.ops)

    def shown(self, examples: Sequence[str]) -> dict[str, str]:
        """The variables for the space in every prompt that asks for architectures.

        Args:
            examples: legal lines.
        """
        return {"space": self.of_space(), "operations": self.operations(), "examples": "\n".join(examples)}

    @cached_property
    def pattern(self) -> str | None:
        """A regular expression that legal lines match; None if the labels can't be found in the space's lines.

        It is learnt from samples: each label of a line is replaced by all labels that may stand in its place. If a
        space has very many wirings, the pattern holds the first 40 drawn (by seed), with every label.
        """
        generator = rng(self._seed, "llm pattern")
        shapes: dict[str, None] = {}
        for _ in range(_TRIES):
            shape = self._shape(self.space.sample(generator))
            if shape is None:
                return None
            shapes[shape] = None
        kept = list(shapes) if len(shapes) < _TRIES // 2 else list(shapes)[:_SHAPES]
        return "|".join(f"(?:{shape})" for shape in kept)

    def _shape(self, arch: Architecture) -> str | None:
        """A line with every free label replaced by its alternatives; None if the labels can't be start in order."""
        line, parts, place = self.line(arch), [], 0
        if re.search(r"[\"\\\n]", line):
            return None
        for op, choices in zip(arch.ops, self.space.frame(len(arch.ops)).labels, strict=True):
            label, allowed = self.label(op), [self.label(choice) for choice in choices]
            start = line.find(label, place)
            if start < 0 and len(allowed) > 1:
                return None
            if start >= 0:
                parts += [re.escape(line[place:start]), "(?:" + "|".join(map(re.escape, allowed)) + ")"]
                place = start + len(label)
        return "".join(parts) + re.escape(line[place:])

    def read(self, text: str, count: int, fault: Fault | None = None) -> Reply:
        """The architectures of a reply; at most `count` of its lines are read, each once.

        Args:
            text: the reply.
            count: number of lines, at most.
            fault: says in words what is wrong with a legal architecture, or None.

        Raises:
            LLMFailed: the reply holds no JSON list of strings.
        """
        reply = Reply([], [], [])
        for line in dict.fromkeys(_strings(text)[:count]):
            try:
                arch = self.arch(line)
            except InvalidArchitecture as error:
                reply.problems.append(f"{line[:200]}: {error}"[:500])
                continue
            wrong = None if fault is None else fault(arch)
            (reply.legal if wrong is None else reply.spare).append(arch)
            if wrong is not None:
                reply.problems.append(f"{line[:200]}: {wrong}")
        return reply


def listing(line: str, count: int) -> str:
    """A regular expression for a JSON list of `count` lines that each match the regular expression `line`."""
    return rf'\["(?:{line})"' + rf'(?:, "(?:{line})")' * (count - 1) + r"\]"


def _neutral(count: int) -> list[str]:
    """op_a, op_b, ..., op_z, op_aa, ..."""
    letters = ("".join(word) for length in numbers(1) for word in product(ascii_lowercase, repeat=length))
    return [f"op_{word}" for word in islice(letters, count)]


def _strings(text: str) -> list[str]:
    """The last list of strings in a reply; earlier lists are drafts."""
    decoder, last, end = json.JSONDecoder(), list[str](), 0
    for start in (match.start() for match in islice(re.finditer(r"\[", text), _STARTS)):
        if start < end:
            continue
        try:
            value, past = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            last, end = value, past
    if not last:
        raise LLMFailed(f"The reply holds no JSON list of strings: {text[:80]!r}")
    return last
