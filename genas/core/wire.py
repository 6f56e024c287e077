"""Records to and from JSON and TOML. pydantic checks what comes in; unknown keys are refused."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path, PurePath
from typing import Annotated, Any, NoReturn, TypeVar, get_type_hints

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from genas.core import declared, records, registry
from genas.core.errors import RequestError
from genas.core.phrases import affordable, parse_budget
from genas.core.records import Constraint, Objective, Request, Use
from genas.core.secrets import masked

T = TypeVar("T")

_RECORDS: tuple[Any, ...] = (
    records.Architecture,
    records.Candidate,
    records.Measurement,
    records.Trial,
    records.Objective,
    records.Constraint,
    records.Budget,
    records.Use,
    records.Request,
    records.Rival,
    records.Report,
)
for _record in _RECORDS:
    _record.__pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in _RECORDS}


def to_data(record: object) -> Any:
    """The record as plain lists, dicts, strings and numbers, as it may be written and shown: secrets are masked."""
    return masked(_ADAPTERS[type(record)].dump_python(record, mode="json"))


def from_data(kind: type[T], data: object) -> T:
    """The record of that kind, or RequestError naming each wrong key and what was expected there."""
    try:
        record: T = _ADAPTERS[kind].validate_json(json.dumps(data))
        return record
    except ValidationError as error:
        raise RequestError(f"This is not a {kind.__name__}: {_wrong(error, quote=False)}") from error


def _wrong(error: ValidationError, *lead: str, quote: bool = True) -> str:
    """Each wrong key, below the keys that lead there, with what was expected there, on one line.

    Args:
        quote: whether what there is instead is shown: in a request, but not in a file.
    """
    wrong = error.errors(include_url=False)
    parts = [
        f"{'.'.join(map(str, (*lead, *e['loc'])))}: {_expected(e, quote)}".removeprefix(": ") for e in wrong[:_SHOWN]
    ]
    return "; ".join(parts) + (f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else "")


def _expected(error: Any, quote: bool) -> str:
    if error["type"] == "value_error":  # of a rule of our own, which says what to write
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{error['msg']}, not {_short(error['input'])}" if quote else str(error["msg"])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


_SHOWN = 5  # wrong keys that an error names
_BYTES = 4_000_000  # of a request file


def reader_of(data: Any, longest: int) -> Use:
    """The interpreter, given by a name or a table. A Use made in Python may hold a chat model, which no file can.

    Raises:
        RequestError: it is neither, or one of its options is no text of at most so many characters.
    """
    use = use_of(data, "interpreter")
    return Use(use.name, {key: text(f"interpreter.{key}", v, longest) for key, v in use.options.items()})


def read_file(path: Path) -> dict[str, Any]:
    """The content of a .toml or .json file, or a RequestError that says what is wrong without quoting the content."""
    kind = path.suffix.lower()
    if kind not in {".toml", ".json"}:
        raise RequestError(f"{path} is no request file. Name a .toml or .json file.")
    try:
        if path.exists() and not path.is_file():
            raise RequestError(f"{path} is no file. Name a .toml or .json file.")
        if path.exists() and path.stat().st_size > _BYTES:
            raise RequestError(f"{path} has more than {_BYTES:,} bytes, which is no request. Name a smaller file.")
        text = path.read_text(encoding="utf-8-sig")
        data = _read_json(text) if kind == ".json" else tomllib.loads(text)
    except OSError as error:
        raise RequestError(f"Cannot read {path}: {error.strerror}. Name a .toml or .json file.") from error
    except RecursionError as error:
        raise RequestError(f"{path} is nested too deeply to be a request.") from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise RequestError(f"{path} is not valid {kind[1:].upper()}: {_place(error)}.") from error
    except ValueError as error:  # bytes that are no UTF-8, numbers of thousands of digits
        why = "it is not written in UTF-8" if isinstance(error, UnicodeDecodeError) else "a number is too long"
        raise RequestError(f"{path} is not valid {kind[1:].upper()}: {why}.") from error
    if not isinstance(data, dict):
        raise RequestError(f"{path} must hold a table of keys, not {type(data).__name__}.")
    return data


def read_tasks(path: Path) -> list[dict[str, Any]]:
    """The `[[tasks]]` entries of a batch file.

    Raises:
        RequestError: the file can't be read, or holds something else.
    """
    data = read_file(path)
    entries = data.get("tasks")
    if set(data) != {"tasks"} or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise RequestError(f'{path} must hold [[tasks]] entries and nothing else, each with goal = "...".')
    return entries


def _place(error: json.JSONDecodeError | tomllib.TOMLDecodeError) -> str:
    """What is wrong and where, without quoting the file."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (at line {error.lineno}, column {error.colno})"
    return re.sub(r"""(?:'[^']*'|"[^"]*") """, "", str(error))


def _read_json(text: str) -> Any:
    """The value; repeated keys, NaN and Infinity are refused, as TOML refuses them."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise RequestError("A key stands twice in one object of the JSON file; write each once.")
        return table

    def number(name: str) -> NoReturn:
        raise RequestError(f"{name} is no number that a request can hold; write a finite one.")

    return json.loads(text, object_pairs_hook=once, parse_constant=number)


def text(name: str, value: object, most: int) -> str:
    """The value, a text of at most that many characters, or RequestError."""
    if not isinstance(value, str):
        raise RequestError(f"{name} must be text, not {_short(value)}.")
    if len(value) > most:
        raise RequestError(f"{name} has {len(value):,} characters; write at most {most:,}.")
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise RequestError(
            f"{name} holds a half of a character (a lone surrogate), which is no text. Write it in UTF-8."
        )
    return value


_DEPTH, _VALUES, _TEXT = 20, 100_000, 100_000  # levels, values and characters that one field of a request may have
_NUMBER = 2**63  # numbers that are not below it in size are no counts
_LIMIT = 1e18  # of any metric, in its own unit


def plain(value: object, name: str = "The request") -> Any:
    """The value as lists, dicts, strings and numbers that JSON can hold, records among them turned into dicts.

    Raises:
        RequestError: it holds anything else: a date, NaN, a huge number, an object of Python, endless nesting.
    """
    left = _VALUES

    def walk(part: object, depth: int) -> Any:
        nonlocal left
        left -= 1
        if depth > _DEPTH or left < 0:
            raise RequestError(f"{name} is nested too deeply or holds too much. Write what the documentation shows.")
        if isinstance(part, str | PurePath):
            return text(name, str(part), _TEXT)
        if part is None or isinstance(part, bool):
            return part
        if isinstance(part, int | float):
            if not abs(part) < (_NUMBER if isinstance(part, int) else math.inf):  # NaN is not below anything
                raise RequestError(f"{name} holds a number that is not finite or too large. Write one below 2^63.")
            return part
        if isinstance(part, Mapping):
            return {text(f"A key of {name}", key, _TEXT): walk(item, depth + 1) for key, item in part.items()}
        if isinstance(part, list | tuple):
            return [walk(item, depth + 1) for item in part]
        if is_dataclass(part) and type(part) in _ADAPTERS:
            return {f.name: walk(getattr(part, f.name), depth + 1) for f in fields(part)}
        raise RequestError(f"{name}: {type(part).__name__} is neither text, number, yes or no, list nor table.")

    return walk(value, 0)


def partial(data: Mapping[str, Any]) -> dict[str, Any]:
    """Some fields of a Request as records, plug-ins by bare name allowed; RequestError names each wrong key.

    Every door ends here: files, flags, tool calls and Python.
    """
    records_made: dict[str, Any] = {}
    for key, given in data.items():
        if key not in _FIELDS:
            near = get_close_matches(str(key)[:100], _FIELDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_FIELDS)}."
            raise RequestError(f"A request has no key {_short(key)}. {hint}")
        value = plain(_named(_USES[key], given) if key in _USES else given, key)
        if key in _USES:
            value = [_use(v) for v in value] if isinstance(value, list) else _use(value)
        if key == "objectives" and isinstance(value, list):
            value = [_with_goal(v) for v in value]
        if key == "budget" and isinstance(value, str):
            records_made[key] = parse_budget(value)
            continue
        try:
            records_made[key] = _FIELDS[key].validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            raise RequestError(f"The request cannot be read: {_wrong(error, key)}") from error
    return records_made


def checked(request: Request) -> Request:
    """The request with every field checked as `partial` does it, wherever it was made."""
    if not isinstance(request, Request):
        raise RequestError(f"A request is a sentence or a Request that interpret made, not {_short(request)}.")
    return Request(**partial({f.name: getattr(request, f.name) for f in fields(request)}))


def use_of(value: object, name: str) -> Use:
    """A plug-in from its name, a table of name and options, or a record."""
    try:
        use: Use = _ADAPTERS[Use].validate_json(json.dumps(_use(plain(value, name))))
        return use
    except ValidationError as error:
        raise RequestError(f"{name} is a name, or a table of name and options: {_wrong(error, name)}") from error


def entry(data: Mapping[str, Any], *, more: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]]:
    """The goal of a request file, or of one task of a batch, and its other keys, all checked.

    Args:
        more: keys that belong to no request but may stand beside, such as llm.
    """
    partial({key: value for key, value in data.items() if key not in more})
    rest = dict(data)
    return str(rest.pop("goal", "")), rest


def _distinct(objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
    metrics = [objective.metric for objective in objectives]
    if not metrics:
        raise ValueError("Name at least one objective")
    if len(set(metrics)) < len(metrics):
        raise ValueError("Name each metric once")
    return objectives


def _possible(limits: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    for limit in limits:
        if limit.at_most is None and limit.at_least is None:
            raise ValueError(f"The limit on {limit.metric} has neither at_most nor at_least; write one")
    for metric in {limit.metric for limit in limits}:
        low = max((c.at_least for c in limits if c.metric == metric and c.at_least is not None), default=-math.inf)
        high = min((c.at_most for c in limits if c.metric == metric and c.at_most is not None), default=math.inf)
        if low > high:
            raise ValueError(f"No {metric} is at least {low:g} and at most {high:g}")
        if any(math.isfinite(end) and abs(end) > _LIMIT for end in (low, high)):
            raise ValueError(f"A limit on {metric} is at most {_LIMIT:g}; leave out what limits nothing")
    return limits


def _device(name: str) -> str:
    if not re.fullmatch(r"[\w:. +-]+", name):
        raise ValueError("A device has a name of letters and digits, such as cpu, cuda:0 or pixel3")
    return name


_RULES: dict[str, Any] = {
    "objectives": _distinct,
    "constraints": _possible,
    "budget": affordable,
    "device": _device,
}
_FIELDS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(Annotated[hint, AfterValidator(_RULES[name])] if name in _RULES else hint)
    for name, hint in get_type_hints(Request, include_extras=True).items()
}
_USES = {
    "task": "tasks", "space": "spaces", "validator": "validators",
    **{kind: kind for kind in ("proposers", "scorers", "refiners")},
}  # fmt: skip


def _named(kind: str, given: object) -> object:
    """Replace classes and instances of plug-ins by their names."""
    if isinstance(given, list | tuple):
        return [_named(kind, one) for one in given]
    return registry.named(kind, given) if registry.is_of(kind, given) else given


def _with_goal(value: object) -> object:
    """An objective with the goal of its metric where it names none."""
    if isinstance(value, dict) and isinstance(value.get("metric"), str) and "goal" not in value:
        return {**value, "goal": declared.metric(value["metric"]).goal}
    return value


def _use(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value
