"""Records to and from JSON and TOML. pydantic checks what comes in; unknown keys are refused."""

from __future__ import annotations

import json
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from genas.core import records
from genas.core.errors import RequestError
from genas.core.records import Budget

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
    _record.__pydantic_config__ = ConfigDict(extra="forbid")


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in _RECORDS}


def to_data(record: object) -> Any:
    """The record as plain lists, dicts, strings and numbers."""
    return _ADAPTERS[type(record)].dump_python(record, mode="json")


def from_data(kind: type[T], data: object) -> T:
    """The record of that kind, or RequestError naming each wrong key and what was expected there."""
    try:
        record: T = _ADAPTERS[kind].validate_json(json.dumps(data))
        return record
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or kind.__name__}: {e['msg']}" for e in error.errors()]
        raise RequestError(f"This is not a {kind.__name__}: " + "; ".join(lines)) from error


def read_file(path: Path) -> dict[str, Any]:
    """The content of a .toml or .json file, or RequestError saying what is wrong with it."""
    try:
        text = path.read_text()
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise RequestError(f"Cannot read {path}: {error.strerror}. Name a .toml or .json file.") from error
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} is not valid {path.suffix.lstrip('.') or 'TOML'}: {error}") from error
    if not isinstance(data, dict):
        raise RequestError(f"{path} must hold a table of keys, not {type(data).__name__}.")
    return data


def partial(data: dict[str, Any]) -> dict[str, Any]:
    """Some fields of a Request as records, plug-ins by bare name allowed; RequestError names each wrong key."""
    known: dict[str, Any] = {}
    for key, given in data.items():
        if key not in _FIELDS:
            near = get_close_matches(key, _FIELDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_FIELDS)}."
            raise RequestError(f"A request has no key {key!r}. {hint}")
        value = ([_use(v) for v in given] if isinstance(given, list) else _use(given)) if key in _USES else given
        if key == "budget" and isinstance(given, str):
            value = to_data(parse_budget(given))
        try:
            known[key] = _FIELDS[key].validate_json(json.dumps(value))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, (key, *e['loc'])))}: {e['msg']}" for e in error.errors())
            raise RequestError(f"The request cannot be read: {wrong}") from error
    return known


_FIELDS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(hint) for name, hint in get_type_hints(records.Request).items()
}
_USES = {"task", "space", "proposers", "scorers", "refiners", "validator"}


def _use(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


_TRIALS, _LONGEST = 1_000_000, 10 * 366 * 86400.0  # seconds
_TIME = re.compile(r"(?<![0-9.,+*/^-])([0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][0-9]{1,2})?|\.[0-9]+)\s*([A-Za-z]+)\.?")
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("week", "weeks"), 604800.0),
}


def parse_budget(text: str) -> Budget:
    """A budget from "20 minutes", "1 hour 30 min", "240 s" or "30 trials".

    Raises:
        RequestError: it is none, or more or less than anybody can mean.
    """
    if match := re.fullmatch(r"\s*([0-9]{1,12})\s*(trials?|networks?)\s*", text):
        if not 1 <= (count := int(match[1])) <= _TRIALS:
            raise RequestError(f"A budget needs 1 to {_TRIALS:,} trials, not {match[1]}.")
        return Budget(trials=count)
    if text.lstrip().startswith("-"):
        raise RequestError(f"A budget must be more than nothing, not {text[:100]!r}.")
    parts = list(_TIME.finditer(text)) if len(text) <= 100 else []
    between = _TIME.sub(" ", text) if parts else "?"
    if re.fullmatch(r"[\s,]*(?:and\s*)?", between) is None or any(part[2].lower() not in _UNITS for part in parts):
        raise RequestError(
            f"{text[:100]!r} is no budget. Write for example '20 minutes', '1 hour 30 min', '240 s' or '30 trials'."
        )
    seconds = sum(float(part[1].replace(",", "")) * _UNITS[part[2].lower()] for part in parts)
    if not 0 < seconds <= _LONGEST:
        raise RequestError(f"A budget must be more than nothing and at most 10 years, not {text!r}.")
    return Budget(seconds=seconds)
