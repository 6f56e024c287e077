"""500 request files and odd values in every field: each makes a request that a run takes, or one GenasError."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tries import RIGHT
from tries.requests import GOOD, ODD, attempt  # eval/ is on the path, see pyproject.toml

from genas import api
from genas.core import registry, wire
from genas.core.errors import GenasError, RequestError
from genas.core.ledger import Ledger
from genas.core.records import Request
from genas.faces.flags import wanted_of
from genas.run.designer import Designer

OPTIONS = [
    (kind, name, option)
    for kind in ("spaces", "tasks", "proposers", "scorers", "refiners", "validators")
    for name in registry.names(kind)
    for option in registry.options(kind, name)
]
FIELD = {"spaces": "space", "tasks": "task", "validators": "validator"}
values = st.recursive(
    st.sampled_from(ODD) | st.text(max_size=20) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
calmly = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), max_examples=300, derandomize=False
)


def accepted(make: Callable[[], Request]) -> bool:
    """Whether it is a request, which then goes to JSON and back; a GenasError with advice says that it is none."""
    try:
        request = make()
    except GenasError as refused:
        assert len(str(refused)) > 20 and "Traceback" not in str(refused)
        return False
    assert isinstance(request, Request)
    written = json.dumps(wire.to_data(request), allow_nan=False)
    assert wire.to_data(wire.from_data(Request, json.loads(written))) == json.loads(written)
    return True


@pytest.mark.slow
def test_request_files_say_what_they_hold_or_are_refused(tmp_path: Path) -> None:
    taken = [attempt(random.Random(number), tmp_path) for number in range(500)]
    assert taken.count(RIGHT) > 100


@seed(12)
@settings(calmly, max_examples=300)
@given(field=st.sampled_from([*GOOD, "llm", "interpreter"]), value=values)
def test_fields_in_python(field: str, value: Any) -> None:
    known = {**GOOD, field: value}
    accepted(lambda: api.interpret("digits", **known))


@pytest.mark.slow
@seed(13)
@settings(calmly, max_examples=400)
@given(place=st.sampled_from(OPTIONS), value=st.sampled_from(ODD) | st.integers() | st.floats())
def test_options_of_plug_ins(place: tuple[str, str, str], value: Any) -> None:
    kind, name, option = place
    use = {"name": name, "options": {option: value}}
    field = FIELD.get(kind, kind)
    known = {**GOOD, field: use if kind in FIELD else [use]}
    if kind == "spaces":
        known |= {"task": "described"} if registry.load(kind, name).modality == "image" else {"task": "cifar10"}
        known.pop("goal")

    def made() -> Request:
        request = api.interpret("digits" if known["task"] == "digits" else "", **known)
        with_none = Ledger(None)
        Designer(request, with_none)
        return request

    accepted(made)


def test_the_good_request_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    assert accepted(lambda: wanted_of("", tmp_path / "good.json"))


TOML = {
    "seed = 1979-05-27": "date", "seed = inf": "finite", "seed = -1": "greater than or equal to 0",
    "budget = {seconds = nan}": "finite", "seed = 1" + "0" * 5000: "too long", "goal = 5": "valid string",
    "objectives = []": "at least one", "constraints = [{metric = 'params'}]": "neither at_most nor at_least",
    "x = " + "[" * 100_000: "nested too deeply", "task = 'digits'\ntask = 'mnist'": "not valid TOML",
    "proposers = 'uniform'": "valid array", "scorers = [5]": "object", "llm = 5": "llm must be text",
    "sentence = 'x'": "no key 'sentence'", "device = ['cpu']": "valid string", "validator = 07:32:00": "time",
}  # fmt: skip


@pytest.mark.parametrize("llm", ["", " ", "\0", "@http://localhost:8000/v1"])
def test_a_chat_model_without_a_name_is_refused(llm: str) -> None:
    with pytest.raises(RequestError, match="names no chat model"):
        api.interpret("digits", llm=llm)


@pytest.mark.parametrize("text", TOML)
def test_odd_toml_is_refused_with_the_reason(text: str, tmp_path: Path) -> None:
    (tmp_path / "request.toml").write_text(text)
    with pytest.raises(RequestError, match=TOML[text]):
        wanted_of("digits", tmp_path / "request.toml")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"seed": 1, "seed": 2}', "stands twice"), (b'{"seed": NaN}', "no number"), (b"[1]", "table of keys"),
        (b"\xff\xfe{}", "UTF-8"), (b"{", "not valid JSON"), (b'{"a": ' * 100_000, "nested too deeply"),
        (b"", "not valid"), (b'{"goal": "\\ud800"}', "surrogate"), (b'{"seed": 1' + b"0" * 5000 + b"}", "too long"),
        (b'{"root:x:0:0:hunter2": ', "not valid JSON"),
    ],
)  # fmt: skip
def test_odd_json_is_refused_and_never_quoted(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(content)
    with pytest.raises(RequestError, match=why) as refused:
        wanted_of("digits", tmp_path / "request.json")
    assert "hunter2" not in str(refused.value)


def test_a_bad_task_of_a_batch_stops_no_other(tmp_path: Path) -> None:
    odd = ["llm = 5", "interpreter = 5", "goal = ['x']", "seed = true", "out = 'x'", "budget = {}\ntask = 'nowhere'"]
    text = "".join(f"[[tasks]]\n{line}\n" for line in odd)
    (tmp_path / "tasks.toml").write_text(text)
    rows = api.batch(tmp_path / "tasks.toml", out=tmp_path / "out")
    assert len(rows) == len(odd) and all(row.error for row in rows)
