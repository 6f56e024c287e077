"""Request files: a valid request in another form, with odd values in its fields, or with damaged bytes.

The content of a file is known from the parsers of the standard library. A request made from it must have the same value
in every field of the file, and be runnable; otherwise the file must be refused.
"""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

from genas.core import wire
from genas.core.errors import GenasError
from genas.core.ledger import Ledger
from genas.core.records import Request
from genas.faces.flags import wanted_of
from genas.run.designer import Designer
from tries import RIGHT, Wrong, advice, damaged

GOOD: dict[str, Any] = {
    "goal": "digits under 20k parameters", "task": "digits", "space": "conv_net", "seed": 3, "device": "cpu",
    "objectives": [{"metric": "accuracy"}], "constraints": [{"metric": "params", "at_most": 20000}],
    "budget": {"trials": 4}, "proposers": ["uniform"], "scorers": ["params", "flops"], "refiners": ["local_search"],
    "validator": {"name": "train", "options": {"epochs": 2}},
}  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, -0.0, 2**31, 2**63, -(2**63), 10**400, float("nan"), float("inf"), 1e308, "", " ",
    "x" * 5000, "\ud800", "\0", "a\nb", "[/markup]", "\x1b]0;x\x07", "9**9**9 s", "1e400 s", "within 1e308 networks",
    "x", [], [[]], [None], {}, {"": 1}, {"name": None}, {"name": "train"}, {"name": "uniform", "options": {"x": 1}},
    {"metric": "params"}, {"metric": "params", "at_most": float("nan")}, {"metric": 5, "at_least": True},
    [{"metric": "params", "at_most": 1, "at_least": 2}], [{"metric": "accuracy", "goal": "most"}], ["params", 5],
    {"seconds": -1}, {"seconds": 1e300}, {"trials": 0}, {"trials": 1.5}, {"llm_tokens": -5}, "20 minutes", "cuda:99",
]  # fmt: skip
OTHER: dict[str, list[Any]] = {  # good values of each field, of which a varied request has some
    "seed": [0, 1, 7, 2**62], "device": ["cpu", "auto"], "budget": [{"trials": 2}, {"seconds": 60.0}, "20 minutes"],
    "constraints": [[], [{"metric": "params", "at_least": 100, "at_most": 5000.0}], [{"metric": "flops", "at_most": 1e6}]],
    "objectives": [[{"metric": "accuracy"}, {"metric": "params", "goal": "min"}], [{"metric": "params", "goal": "min"}]],
    "proposers": [[{"name": "uniform"}]], "scorers": [["flops", "params"], [{"name": "flops"}, "params"]],
    "refiners": [["regularized_evolution"], [{"name": "local_search", "options": {}}]],
    "validator": ["train", {"name": "train"}, {"name": "train", "options": {"epochs": 3, "batch_size": 32}}],
    "goal": ["digits", "handwritten digits, at most 9,000 parameters", "Ziffern – für die Übung"],
}  # fmt: skip
KEYS = [*GOOD, "sed", "llm", "interpreter", "sentence", "out", "Seed", "constraint"]


def attempt(draw: random.Random, place: Path) -> str:
    """Raises Wrong for a file that is taken for something else than it says."""
    request, kind = varied(draw), draw.randrange(3)
    if kind == 0:
        odd(draw, request)
    suffix, raw = written(draw, request)
    if kind == 1:
        raw = damaged(draw, raw)
    path = place / f"request{suffix}"
    path.write_bytes(raw)
    says = parsed(suffix, raw)
    try:
        made = wanted_of("", path)
        Designer(made, Ledger(None))
    except GenasError as error:
        if kind == 2:
            raise Wrong(f"refused: {raw[:2000]!r}: {error}") from error
        return advice(error)
    data = wire.to_data(made)
    if wire.to_data(wire.from_data(Request, json.loads(json.dumps(data, allow_nan=False)))) != data:
        raise Wrong(f"not the same once it was written: {raw[:2000]!r}")
    if says is None:
        raise Wrong(f"made from what is no request: {raw[:2000]!r}")
    if "llm" in says:  # a chat model that nobody asks yet proposes too
        data["proposers"] = [use for use in data["proposers"] if use["name"] != "llm"]
    if lost := [key for key, value in says.items() if not told(key, value, data)]:
        raise Wrong(f"{lost} read otherwise: {raw[:2000]!r} as {data}")
    return RIGHT


def varied(draw: random.Random) -> dict[str, Any]:
    """A good request, its keys in any order."""
    request = {key: draw.choice([value, *OTHER.get(key, [])]) for key, value in GOOD.items()}
    keys = draw.sample(sorted(request), len(request))
    return {key: request[key] for key in keys if key in {"goal", "task"} or draw.random() < 0.8}


def odd(draw: random.Random, request: dict[str, Any]) -> None:
    """Put an odd value into a field, or into what a field holds; or nest it, or take it twice."""
    key, value = draw.choice(KEYS), draw.choice(ODD)
    inner = request.get(key)
    if isinstance(inner, dict) and draw.random() < 0.5:
        request[key] = {**inner, draw.choice([*inner, "x"]): value}
    elif isinstance(inner, list) and inner and draw.random() < 0.5:
        first = inner[0]
        changed = {**first, draw.choice([*first, "x"]): value} if isinstance(first, dict) else value
        request[key] = draw.choice(([changed, *inner[1:]], inner * 2, [*inner, value], inner * 200))
    elif draw.random() < 0.05:
        for _ in range(draw.choice((5, 30, 300))):
            value = [value] if draw.random() < 0.5 else {"options": value}
        request[key] = value
    else:
        request[key] = value


def written(draw: random.Random, request: dict[str, Any]) -> tuple[str, bytes]:
    """The request as a file's ending and content: JSON or TOML, in one of the ways in which each can be written."""
    mark, end = draw.choice((b"", b"", b"\xef\xbb\xbf")), draw.choice(("\n", "\r\n"))
    if draw.random() < 0.5:
        text = json.dumps(request, indent=draw.choice((None, 1, 4)), ensure_ascii=draw.random() < 0.5)
        suffix = draw.choice((".json", ".JSON"))
    else:
        lines = [f"{draw.choice(('', '  '))}{key} = {toml(value)}" for key, value in request.items()]
        text, suffix = "# a request\n" + "\n".join(lines) + draw.choice(("", "\n", "\n\n# the end\n")), ".toml"
    return suffix, mark + text.replace("\n", end).encode(errors="surrogatepass")


def toml(value: Any) -> str:
    """The value as TOML writes it in a line; what TOML has not, such as null, stays as JSON has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def parsed(suffix: str, raw: bytes) -> dict[str, Any] | None:
    """What the file says by the standard library, if it is a table of keys."""
    try:
        text = raw.decode("utf-8-sig")
        data = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n")) if suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def told(key: str, value: Any, data: dict[str, Any]) -> bool:
    """Whether a request says of a field what the file does."""
    if key in {"llm", "interpreter"}:  # who is asked, or nobody: no field of a request
        return value is None or (bool(value) and isinstance(value, str | dict))
    if key in {"proposers", "scorers", "refiners"} and value == []:  # nobody is named
        return True
    if key == "budget" and isinstance(value, str):
        return data["budget"]["seconds"] is not None or data["budget"]["trials"] is not None
    return key in data and holds(data[key], value)


def holds(got: Any, said: Any) -> bool:
    """Whether all that is said stands there, in the same types; a plug-in may be told by its name alone."""
    if isinstance(got, dict) and isinstance(said, str):
        return got == {"name": said, "options": got.get("options")}
    if isinstance(got, dict):
        return isinstance(said, dict) and all(key in got and holds(got[key], inner) for key, inner in said.items())
    if isinstance(got, list):
        return isinstance(said, list) and len(got) == len(said) and all(map(holds, got, said))
    if isinstance(got, bool) or isinstance(said, bool):
        return got is said
    return bool(got == said)
