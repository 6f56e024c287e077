"""The folder `reading` of an exported network: the very files that read its training data, and what these learned."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import inspect
import pprint
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from genas.core.errors import GenasError
from genas.core.interfaces import Reader

_PACKAGES = {"numpy", "PIL", "pyarrow", "datasets"}  # that a reader may import, beside the standard library

_HEAD = '''"""Files as raw inputs of the network in model.py, by the code that read its training data."""
'''
_TAIL = """
READER = {reader}
read = READER.read  # one path or several -> raw inputs, for prepare() of model.py
"""


@dataclass
class Reading:
    """What an exported reader needs.

    Args:
        always: packages without which it can't be imported.
        sometimes: packages that only some kinds of files need.
    """

    always: set[str] = field(default_factory=set)
    sometimes: set[str] = field(default_factory=set)


def write(reader: Reader | None, folder: Path) -> Reading | None:
    """Write `reading/` in the folder, in the place of an earlier one; None where the task has no reader.

    Raises:
        GenasError: the reader's files import something that a user of the folder would not have.
    """
    target = folder / "reading"
    if target.exists():
        shutil.rmtree(target)
    if reader is None:
        return None
    target.mkdir()
    found = Reading()
    for name, source in _sources(reader, found):
        (target / f"{name}.py").write_text(source, encoding="utf-8")
    found.sometimes -= found.always
    kinds = sorted({(kind.__module__.rpartition(".")[2], kind.__name__) for kind in _kinds(reader)})
    imports = "".join(f"from .{module} import {name}\n" for module, name in kinds)
    shown = pprint.pformat(reader, width=100, sort_dicts=False).replace("\n", "\n" + " " * len("READER = "))
    text = f"{_HEAD}\n{imports}{_TAIL.format(reader=shown)}"
    (target / "__init__.py").write_text(text, encoding="utf-8")
    _check(reader, target)
    return found


def _sources(reader: Reader, found: Reading) -> Iterator[tuple[str, str]]:
    """The name and text of the reader's file, and of all files beside it that these import."""
    package, _, first = type(reader).__module__.rpartition(".")
    waiting, seen = [first], {first}
    while waiting:
        name = waiting.pop()
        source = inspect.getsource(importlib.import_module(f"{package}.{name}"))
        yield name, source
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                beside = [node.module] if node.module else [alias.name for alias in node.names]
                new = [module for module in beside if module not in seen]
                waiting += new
                seen.update(new)
                continue
            for root in _roots(node):
                if root in _PACKAGES:
                    (found.always if node in tree.body else found.sometimes).add(root)
                elif root not in sys.stdlib_module_names:
                    raise GenasError(
                        f"{type(reader).__name__} cannot be exported: {package}.{name} imports {root!r}; it may import "
                        f"files beside it, the standard library, {', '.join(sorted(_PACKAGES))} only."
                    )


def _roots(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]] if not node.level else ["." * node.level]
    return []


def _kinds(value: object) -> Iterator[type]:
    """The classes of a record and of all records in it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield type(value)
        for part in dataclasses.fields(value):
            yield from _kinds(getattr(value, part.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _kinds(part)


def _check(reader: Reader, folder: Path) -> None:
    """The written reader must be the one that was given, value by value."""
    name = "_genas_exported_reading"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    silent, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = silent
        for known in [known for known in sys.modules if known.partition(".")[0] == name]:
            del sys.modules[known]
    if repr(module.READER) != repr(reader):
        raise GenasError(f"{type(reader).__name__} cannot be exported: it must be a dataclass of plain values.")
