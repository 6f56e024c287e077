"""Plug-ins by folder and name: a file dropped into `genas/<kind>/` is found, with no second place to edit."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from genas.core import interfaces
from genas.core.errors import RequestError, UnknownPlugin
from genas.core.records import Use

KINDS: dict[str, type] = {
    "spaces": interfaces.SearchSpace,
    "tasks": interfaces.Task,
    "interpreters": interfaces.Interpreter,
    "proposers": interfaces.Proposer,
    "scorers": interfaces.Scorer,
    "refiners": interfaces.Proposer,
    "validators": interfaces.Validator,
    "executors": interfaces.Executor,
    "llms": object,  # LangChain's BaseChatModel, which is not imported here
}
_LARGE = 2**63  # torch and numpy count up to that
_ROOT = Path(__file__).resolve().parent.parent


def kinds() -> list[str]:
    """The folders that hold plug-ins."""
    return list(KINDS)


@lru_cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"genas.{kind}")}


def forget() -> None:
    """Look for the plug-ins of other packages anew, where one was installed meanwhile."""
    _entries.cache_clear()


def names(kind: str) -> list[str]:
    """The plug-ins of a kind, without importing any."""
    if kind not in KINDS:
        raise UnknownPlugin("kinds", kind, KINDS)
    files = {path.stem for path in (_ROOT / kind).glob("*.py") if not path.stem.startswith("_")}
    return sorted(files | set(_entries(kind)))


def outside(kind: str) -> list[str]:
    """The plug-ins of a kind that other packages bring, without importing any."""
    return sorted(_entries(kind))


def summary(kind: str, name: str) -> str:
    """The first line of the plug-in's docstring, read without importing it."""
    text = ast.get_docstring(ast.parse(_source(kind, name).read_text())) or ""
    return text.splitlines()[0] if text else ""


def _source(kind: str, name: str) -> Path:
    if name not in names(kind):
        raise UnknownPlugin(kind, name, names(kind))
    if name not in _entries(kind):
        return _ROOT / kind / f"{name}.py"
    spec = importlib.util.find_spec(_entries(kind)[name].module)
    if spec is None or spec.origin is None:
        raise RequestError(f"The entry point {name!r} of {kind} names a module that cannot be found; reinstall it.")
    return Path(spec.origin)


def load(kind: str, name: str) -> type[Any]:
    """The plug-in's class: the single public subclass of the kind's interface in its module."""
    if name not in names(kind):
        raise UnknownPlugin(kind, name, names(kind))
    if name in _entries(kind):
        found: type[Any] = _entries(kind)[name].load()
        return found
    module = import_module(f"genas.{kind}.{name}")
    base = KINDS[kind]
    if kind == "llms":
        from langchain_core.language_models import BaseChatModel

        base = BaseChatModel
    classes = [
        value
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and not key.startswith("_")
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise TypeError(f"genas/{kind}/{name}.py must hold one public subclass of {base.__name__}, not {len(classes)}")
    return classes[0]


def options(kind: str, name: str) -> dict[str, inspect.Parameter]:
    """The plug-in's options: the keyword-only parameters of its constructor."""
    parameters = inspect.signature(load(kind, name).__init__).parameters
    return {key: p for key, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def asks_chat_model(name: str) -> bool:
    """Whether a proposer or refiner asks a chat model: it then takes the address of one, as the option `base_url`."""
    return any("base_url" in options(kind, name) for kind in ("proposers", "refiners") if name in names(kind))


def create(kind: str, use: Use | str, **context: Any) -> Any:
    """An instance: `context` fills the positional parameters by name, `use.options` the keyword-only ones."""
    use = Use(use) if isinstance(use, str) else use
    cls, given = load(kind, use.name), check(kind, use)
    instance = cls(**_wanted(cls, context), **given)
    if kind != "llms":
        instance.name = use.name
    return instance


def check(kind: str, use: Use) -> dict[str, Any]:
    """The options as the constructor wants them.

    Raises:
        RequestError: there is no such plug-in or option, one is missing, or one has a value that it can't have.
    """
    cls, known = load(kind, use.name), options(kind, use.name)
    for key in use.options:
        if key not in known:
            raise RequestError(f"{use.name} has no option {key[:80]!r}. Its options: {', '.join(known) or 'none'}.")
    if missing := [k for k, p in known.items() if p.default is p.empty and k not in use.options]:
        raise RequestError(f"{use.name} needs the option {missing[0]!r}; write {use.name}:{missing[0]}=...")
    return _checked(cls, use)


def _wanted(cls: type[Any], context: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {}
    for key, parameter in inspect.signature(cls.__init__).parameters.items():
        if key == "self" or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            continue
        if key in context:
            wanted[key] = context[key]
        elif parameter.default is parameter.empty:
            raise TypeError(f"{cls.__name__} asks for {key!r}, which the run does not have")
    return wanted


def _checked(cls: type[Any], use: Use) -> dict[str, Any]:
    """The options as annotated: "8" for an int is 8, "eight" a RequestError; "a+b" for several texts is two."""
    from pydantic import TypeAdapter, ValidationError

    hints, ranges = get_type_hints(cls.__init__), get_type_hints(cls.__init__, include_extras=True)
    checked = {}
    for key, value in use.options.items():
        try:
            hint = hints.get(key, Any)
            several = get_origin(hint) in {tuple, list, Sequence} and get_args(hint)[0] is str
            listed = value.split("+") if several and isinstance(value, str) else value
            if isinstance(value, bool) and bool not in (hint, *get_args(hint)) and hint is not Any:
                raise RequestError(f"{use.name}: the option {key} cannot be {value!r:.80}: it is no yes-or-no option.")
            found = TypeAdapter(ranges.get(key, Any)).validate_python(listed)
            checked[key] = found if str in get_args(hint) else _finite(found)  # words are the plug-in's own
        except OverflowError as error:
            raise RequestError(f"{use.name}: the option {key} cannot be {value!r:.80}: {error}.") from error
        except ValidationError as error:
            raise RequestError(
                f"{use.name}: the option {key} cannot be {value!r:.80}: {error.errors()[0]['msg']}."
            ) from error
    return checked


def _finite(value: Any) -> Any:
    """The value; OverflowError where it is a number that no option can mean."""
    if isinstance(value, float) and not math.isfinite(value):
        raise OverflowError("it must be a finite number")
    if isinstance(value, int) and abs(value) >= _LARGE:
        raise OverflowError("it is too large")
    return value
