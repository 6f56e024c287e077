"""Writes the folder `reading` of an exported network: the code that read its training data, and what it learned."""

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

_PACKAGES = {"numpy", "PIL", "pyarrow", "datasets"}  # packages that a reader may import, beside the standard library

_HEAD = '''"""Files as raw inputs of the network in model.py, by the code that read its training data."""
'''
_TAIL = """
READER = {reader}
read = READER.read  # one path or several -> raw inputs, for prepare() of model.py
"""


@dataclass
class Reading:
    """The packages that an exported reader needs.

    Args:
        always: needed to import it.
        sometimes: needed for some kinds of files only.
    """

    always: set[str] = field(default_factory=set)
    sometimes: set[str] = field(default_factory=set)


def write(reader: Reader | None, folder: Path) -> Reading | None:
    """Write `reading/` in the folder and replace an earlier one; returns None if the task has no reader.

    Raises:
        GenasError: the reader's files import something that a user of the folder need not have.
    """
    target = folder / "reading"
    if target.exists():
        shutil.rmtree(target)
    if reader is None:
        return None
    target.mkdir()
    needs = Reading()
    for name, source in _sources(reader, needs):
        (target / f"{name}.py").write_text(source, encoding="utf-8")
    needs.sometimes -= needs.always
    kinds = sorted({(kind.__module__.rpartition(".")[2], kind.__name__) for kind in _kinds(reader)})
    imports = "".join(f"from .{module} import {name}\n" for module, name in kinds)
    shown = pprint.pformat(reader, width=100, sort_dicts=False).replace("\n", "\n" + " " * len("READER = "))
    text = f"{_HEAD}\n{imports}{_TAIL.format(reader=shown)}"
    (target / "__init__.py").write_text(text, encoding="utf-8")
    _check(reader, target)
    return needs


def _sources(reader: Reader, needs: Reading) -> Iterator[tuple[str, str]]:
    """The name and text of the reader's file and of all files of its package that it imports, directly or not."""
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
                    (needs.always if node in tree.body else needs.sometimes).add(root)
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
    """GenasError unless the written reader has the same values as the given one."""
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
        for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == name]:
            del sys.modules[loaded]
    if repr(module.READER) != repr(reader):
        raise GenasError(f"{type(reader).__name__} cannot be exported: it must be a dataclass of plain values.")
