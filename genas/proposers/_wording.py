"""Architectures in and out of a chat model's text: examples, a pattern that legal lines follow, and reading a reply."""

from __future__ import annotations

import inspect
import json
import re
from typing import NamedTuple

import numpy as np

from genas.core.errors import InvalidArchitecture, LLMFailed
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture

_TRIES = 200  # samples that a pattern is learnt from
_SHAPES = 40  # wirings offered at most where a space has more than samples can show


class Reply(NamedTuple):
    """What a reply held: the legal architectures, and each illegal line with what is wrong."""

    legal: list[Architecture]
    problems: list[str]


def describe(space: SearchSpace) -> str:
    """The space in its own words: its documentation up to the arguments."""
    text = inspect.getdoc(type(space)) or type(space).__name__
    return " ".join(re.split(r"\n\s*(?:Args|Raises|Source):", text)[0].split())


def pattern(space: SearchSpace, rng: np.random.Generator) -> str | None:
    """A regular expression of legal lines of the space's text form, or None where labels are not found in its lines.

    Learnt from samples: in each, the labels are found in order and replaced by all labels allowed at their place. A
    space with very many wirings is narrowed to the first 40 drawn (by seed), with every label.
    """
    shapes: dict[str, None] = {}
    for _ in range(_TRIES):
        arch = space.sample(rng)
        shape = _shape(space, arch)
        if shape is None:
            return None
        shapes[shape] = None
    kept = list(shapes) if len(shapes) < _TRIES // 2 else list(shapes)[:_SHAPES]
    return "|".join(f"(?:{shape})" for shape in kept)


def _shape(space: SearchSpace, arch: Architecture) -> str | None:
    """One line with every free label replaced by its alternatives; None where the labels can't be found in order."""
    line, parts, place = space.to_text(arch), [], 0
    if re.search(r"[\"\\\n]", line):
        return None
    for label, allowed in zip(arch.ops, space.frame(len(arch.ops)).labels, strict=True):
        found = line.find(label, place)
        if found < 0 and len(allowed) > 1:
            return None
        if found >= 0:
            parts += [re.escape(line[place:found]), "(?:" + "|".join(map(re.escape, allowed)) + ")"]
            place = found + len(label)
    return "".join(parts) + re.escape(line[place:])


def listing(line: str, count: int) -> str:
    """A regular expression of a JSON list of `count` such lines."""
    return rf'\["(?:{line})"' + rf'(?:, "(?:{line})")' * (count - 1) + r"\]"


def read_reply(text: str, space: SearchSpace, count: int) -> Reply:
    """The architectures of a reply; at most `count` lines of it are looked at.

    Raises:
        LLMFailed: the reply holds no JSON list of strings.
    """
    reply = Reply([], [])
    for line in _strings(text)[:count]:
        try:
            reply.legal.append(space.from_text(line))
        except InvalidArchitecture as error:
            reply.problems.append(f"{line[:200]}: {error}"[:500])
    return reply


def _strings(text: str) -> list[str]:
    decoder = json.JSONDecoder()
    for start in (match.start() for match in re.finditer(r"\[", text)):
        try:
            found, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, list) and found and all(isinstance(item, str) for item in found):
            return found
    raise LLMFailed(f"The reply holds no JSON list of strings: {text[:80]!r}")
