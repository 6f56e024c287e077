"""Finds plug-ins by kind and name. A file in `genas/<kind>/` is a plug-in; nothing else needs editing."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from genas.core import interfaces
from genas.core.context import FIELDS, Context
from genas.core.errors import PluginError, RequestError, UnknownPlugin
from genas.core.learner import Learner
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
    "learners": Learner,
    "llms": object,  # LangChain's BaseChatModel, which is not imported here
}
_LARGE = 2**63  # torch and numpy count up to that
_ROOT = Path(__file__).resolve().parent.parent
_REGISTERED: dict[tuple[str, str], type[Any]] = {}
_MADE: dict[tuple[str, str], Any] = {}  # instances that stand for their names


def kinds() -> list[str]:
    """The folders that hold plug-ins."""
    return list(KINDS)


@cache
def _entries(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"genas.{kind}")}


def forget() -> None:
    """Look for the plug-ins of other packages again, after one was installed."""
    _entries.cache_clear()


def names(kind: str) -> list[str]:
    """The plug-ins of a kind, without importing any."""
    if kind not in KINDS:
        raise UnknownPlugin("kinds", kind, KINDS)
    return sorted(_files(kind) | set(_entries(kind)) | {name for of, name in _REGISTERED if of == kind})


@cache
def _files(kind: str) -> frozenset[str]:
    return frozenset(path.stem for path in (_ROOT / kind).glob("*.py") if not path.stem.startswith("_"))


def register(kind: str, plugin: type[Any], name: str = "") -> None:
    """Make a class of a script or a notebook a plug-in of this process; a package names it by an entry point instead.

    Register where the script is imported, outside `if __name__ == "__main__"`, so that worker processes know it too.

    Args:
        kind: such as scorers.
        plugin: the class.
        name: by which requests name it; "" is the class's own `name`.

    Raises:
        UnknownPlugin: there is no such kind.
        PluginError: the class is of another kind or has no name, or another plug-in has its name.
    """
    name = name or getattr(plugin, "name", "")
    if name in set(names(kind)) - {known for of, known in _REGISTERED if of == kind}:
        raise PluginError(f"There is a plug-in {name!r} among the {kind} already; give {plugin.__name__} another name.")
    if not name:
        raise PluginError(f"{plugin.__name__} has no name; write the class attribute name, such as name = 'my_space'.")
    _REGISTERED[kind, name] = _of_kind(kind, plugin)
    _MADE.pop((kind, name), None)


def named(kind: str, plugin: Any) -> Use:
    """How requests of this process call a plug-in that is given as a name, a Use, a class or an instance.

    A class or an instance is registered under its `name`, or that of its class; from then on an instance is what
    requests with this name get. Worker processes know neither: what they need is registered where they import it.

    Raises:
        PluginError: it is of another kind, or a plug-in of genas or of another package has its name.
    """
    if isinstance(plugin, str | Use):
        return Use(plugin) if isinstance(plugin, str) else plugin
    cls = plugin if inspect.isclass(plugin) else type(plugin)
    name = getattr(plugin, "name", "") or cls.__name__
    if name in _files(kind) and load(kind, name) is cls:
        raise PluginError(f"{name} is a plug-in of genas: name it, with its options, as Use({name!r}, {{...}}).")
    register(kind, cls, name)
    if plugin is not cls:
        plugin.name = name
        _MADE[kind, name] = plugin
    return Use(name)


def is_of(kind: str, plugin: object) -> bool:
    """Whether it is a class of that kind of plug-in, or an instance of one."""
    return isinstance(plugin, KINDS[kind]) or (inspect.isclass(plugin) and issubclass(plugin, KINDS[kind]))


def _of_kind(kind: str, plugin: Any) -> type[Any]:
    base = _base(kind)
    if not (inspect.isclass(plugin) and issubclass(plugin, base)):
        raise PluginError(
            f"{getattr(plugin, '__name__', plugin)} must be a subclass of {base.__name__} to be of {kind}."
        )
    return plugin


def _base(kind: str) -> type[Any]:
    if kind != "llms":
        return KINDS[kind]
    from langchain_core.language_models import BaseChatModel

    return BaseChatModel


def outside(kind: str) -> list[str]:
    """The plug-ins of a kind that other packages and scripts bring, without importing any."""
    return sorted({*_entries(kind), *(name for of, name in _REGISTERED if of == kind)})


def summary(kind: str, name: str) -> str:
    """The first line of the plug-in's docstring, read without importing it."""
    if (kind, name) in _REGISTERED:
        text = inspect.getdoc(_REGISTERED[kind, name]) or ""
    else:
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
    """The plug-in's class: the single public subclass of the kind's interface in its module.

    Raises:
        UnknownPlugin: there is none of that name.
        PluginError: what has that name is not of the kind, or a package gave its plug-in the name of one of genas.
    """
    if name not in names(kind):
        raise UnknownPlugin(kind, name, names(kind))
    if (kind, name) in _REGISTERED:
        return _REGISTERED[kind, name]
    if name in _entries(kind):
        if name in _files(kind):
            package = _entries(kind)[name].module
            raise PluginError(f"{package} calls its plug-in {name!r}, as one of genas is called; give it another name.")
        return _of_kind(kind, _outside_class(kind, _entries(kind)[name]))
    return _own_class(kind, name)


@cache
def _own_class(kind: str, name: str) -> type[Any]:
    module = import_module(f"genas.{kind}.{name}")
    base = _base(kind)
    classes = [
        value
        for key, value in vars(module).items()
        if inspect.isclass(value)
        and not key.startswith("_")
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise PluginError(
            f"genas/{kind}/{name}.py must hold one public subclass of {base.__name__}, not {len(classes)}."
        )
    return classes[0]


def _outside_class(kind: str, point: EntryPoint) -> type[Any]:
    try:
        plugin: type[Any] = point.load()
    except Exception as error:  # whatever the code of another package raises
        raise RequestError(
            f"{point.name} of {kind} is brought by another package ({point.value}) and can't be loaded: "
            f"{type(error).__name__}: {error}. Repair that package, or uninstall it."
        ) from error
    return plugin


def options(kind: str, name: str) -> dict[str, inspect.Parameter]:
    """The plug-in's options: the keyword-only parameters of its constructor."""
    return _options(load(kind, name))


def _options(plugin: type[Any]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(plugin.__init__).parameters
    return {key: p for key, p in parameters.items() if p.kind is p.KEYWORD_ONLY}


def asks_chat_model(name: str) -> bool:
    """Whether a proposer or refiner asks a chat model: it then takes the address of one, as the option `base_url`."""
    return any("base_url" in options(kind, name) for kind in ("proposers", "refiners") if name in names(kind))


def create(kind: str, use: Use | str, context: Context | None = None, **values: Any) -> Any:
    """Make an instance of a plug-in, as `construct` does, with the name it was asked for by.

    Args:
        kind: such as scorers.
        use: the plug-in's name, with or without options.
        context: what the run knows.
        values: fields of a `Context` where there is no run, or in place of the context's.

    Raises:
        RequestError: there is no such plug-in or option, or an option has a value that it can't have.
        PluginError: the constructor asks for what no run knows.
    """
    use = Use(use) if isinstance(use, str) else use
    if (kind, use.name) in _MADE:
        if use.options:
            raise RequestError(f"{use.name} was given as an instance, so that it takes no options.")
        return _MADE[kind, use.name]
    instance = construct(load(kind, use.name), use, context, **values)
    if kind != "llms":
        instance.name = use.name
    return instance


def check(kind: str, use: Use) -> dict[str, Any]:
    """The options, converted to the types that the constructor wants.

    Raises:
        RequestError: there is no such plug-in or option, one is missing, or one has a value that it can't have.
    """
    return _given(load(kind, use.name), use)


def construct(plugin: type[Any], use: Use, context: Context | None = None, **values: Any) -> Any:
    """An instance: its constructor's positional parameters are what the run knows, by name; the others its options.

    Args:
        plugin: the class, registered or not.
        use: what it is called in messages, and its options.
        context: what the run knows.
        values: fields of a `Context` where there is no run, or in place of the context's.

    Raises:
        RequestError: there is no such option, one is missing, or one has a value that it can't have.
        PluginError: the constructor asks for what no run knows.
    """
    values_of_run = ({} if context is None else {name: getattr(context, name) for name in FIELDS}) | values
    options = _given(plugin, use)
    return plugin(**_wanted(plugin, values_of_run), **options)


def _given(plugin: type[Any], use: Use) -> dict[str, Any]:
    possible = _options(plugin)
    for key in use.options:
        if key not in possible:
            raise RequestError(f"{use.name} has no option {key[:80]!r}. Its options: {', '.join(possible) or 'none'}.")
    if missing := [k for k, p in possible.items() if p.default is p.empty and k not in use.options]:
        raise RequestError(f"{use.name} needs the option {missing[0]!r}; write {use.name}:{missing[0]}=...")
    return _checked(plugin, use)


def _wanted(cls: type[Any], known: Mapping[str, Any]) -> dict[str, Any]:
    if strange := known.keys() - set(FIELDS):
        raise TypeError(f"a run has no {', '.join(sorted(strange))}; it has {', '.join(FIELDS)}")
    wanted = {}
    for key, parameter in inspect.signature(cls.__init__).parameters.items():
        if key == "self" or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            continue
        if key not in FIELDS:
            raise PluginError(
                f"{cls.__name__} asks for {key!r}, which no run has. Its constructor may ask for "
                f"{', '.join(FIELDS)}; an option of its own comes after a star: (self, space, *, {key})."
            )
        if key in known:
            wanted[key] = known[key]
        elif parameter.default is parameter.empty:
            raise TypeError(f"{cls.__name__} needs {key}; hand a Context to registry.create, or {key}=")
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
            value_made = TypeAdapter(ranges.get(key, Any)).validate_python(listed)
            checked[key] = value_made if str in get_args(hint) else _finite(value_made)  # words are the plug-in's own
        except OverflowError as error:
            raise RequestError(f"{use.name}: the option {key} cannot be {value!r:.80}: {error}.") from error
        except ValidationError as error:
            raise RequestError(
                f"{use.name}: the option {key} cannot be {value!r:.80}: {error.errors()[0]['msg']}."
            ) from error
    return checked


def _finite(value: Any) -> Any:
    """The value, or OverflowError if it is a number that no option can mean."""
    if isinstance(value, float) and not math.isfinite(value):
        raise OverflowError("it must be a finite number")
    if isinstance(value, int) and abs(value) >= _LARGE:
        raise OverflowError("it is too large")
    return value
