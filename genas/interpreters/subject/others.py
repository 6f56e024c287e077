"""Tasks and spaces of other packages, however a sentence spells their names: NAS-Bench-Macro is nas_bench_macro."""

from __future__ import annotations

import inspect
import re

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use

_PIECES = re.compile(r"[a-z]+|\d+")
_BETWEEN = "[-_ ]?"


def spelling(name: str) -> re.Pattern[str]:
    """A plug-in's name with or without dashes, spaces and capitals between its words and numbers."""
    words = re.sub(r"nas_?bench", "nas_bench", name.lower())
    return re.compile(rf"(?<!\w){_BETWEEN.join(_PIECES.findall(words))}(?!\w)", re.I)


def spellings() -> list[re.Pattern[str]]:
    """Of all tasks and spaces of other packages."""
    return [spelling(name) for kind in ("tasks", "spaces") for name in registry.outside(kind)]


def other_space(text: str) -> Use | None:
    """The space of another package that the text names.

    Raises:
        RequestError: it names several.
    """
    name = _named("spaces", text)
    return None if name is None else Use(name)


def other_task(text: str, sets: set[str]) -> Use | None:
    """The task of another package that the text names.

    Args:
        text: the sentence.
        sets: the data sets of genas that it names too.

    Raises:
        RequestError: it names several, or a data set that the task's description does not name.
    """
    name = _named("tasks", text)
    if name is None:
        return None
    plugin = registry.load("tasks", name)
    told = f"{getattr(plugin, 'description', '')} {inspect.getdoc(plugin)}"
    if strange := [one for one in sorted(sets) if not spelling(one).search(told)]:
        raise RequestError(f"{name} and {' and '.join(strange)}: write one task a sentence (genas batch takes many).")
    return Use(name)


def _named(kind: str, text: str) -> str | None:
    found = [name for name in registry.outside(kind) if spelling(name).search(text)]
    found = [one for one in found if not any(one != other and spelling(one).search(other) for other in found)]
    if len(found) > 1:
        raise RequestError(f"{' and '.join(found)}: write one of these {kind} a sentence.")
    return found[0] if found else None
