"""The language path against a real OpenAI-compatible server whose answers a real model writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from embedded_server import serving_local
from hostile_server import BAD, serving
from langchain.chat_models import init_chat_model
from tiny_chat import write_tiny_chat

from genas import api
from genas.core.records import Budget, Report, Use

SMALL = {"batch": 4, "examples": 2, "repairs": 1}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_chat(tmp_path_factory.mktemp("tiny")))


pytestmark = pytest.mark.usefixtures("bench_data")


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def run(address: str, out: Path, *, others: bool = False, **more: Any) -> Report:
    """A design by table, whose proposer and refiner both ask the chat model at that address."""
    model = {
        "model": "openai:m",
        "base_url": address,
        "timeout": 30.0,
        "retries": 0,
        "structured": True,
        **SMALL,
        **more,
    }
    uniform = [Use("uniform")] if others else []
    return api.design(
        "The most accurate cell",
        out=out,
        task=Use("nasbench201"),
        space=Use("nasbench201"),
        proposers=(*uniform, Use("llm", model)),
        refiners=(Use("navigator", model),),
        scorers=(Use("params"), Use("table")),
        validator=Use("table"),
        budget=Budget(trials=4),
        device="cpu",
    )


def completions(out: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    return [event for event in events if event["kind"] == "completion"]


def test_the_server_speaks_the_protocol(tiny: str) -> None:
    schema = {"type": "object", "properties": {"size": {"enum": [1, 2]}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "net", "schema": schema}}
    tool = {"name": "build", "description": "Build it.", "parameters": schema}
    with serving_local(tiny, max_tokens=60) as server:
        chat = init_chat_model("openai:m", base_url=server.address, api_key="none", max_retries=0)
        answer = chat.invoke("x", response_format=wanted)
        assert set(json.loads(answer.content)) == {"size"}
        assert answer.usage_metadata["output_tokens"] == len(answer.content)  # one token a byte
        (made,) = chat.bind_tools([tool], tool_choice="build").invoke("x").tool_calls
        assert made["name"] == "build" and set(made["args"]) == {"size"}
        with pytest.raises(Exception, match="400"):
            chat.bind_tools([tool]).invoke("x")


def test_proposer_and_refiner_finish_a_run_over_http(tiny: str, tmp_path: Path) -> None:
    with serving_local(tiny) as server:
        report = run(server.address, tmp_path)
        calls = len(server.requests)
    assert report.winner is not None and report.winner.value("test_accuracy") is not None
    origins = [trial.candidate.origin for trial in report.trials]
    assert set(origins) == {"llm", "navigator"}
    events = completions(tmp_path)
    assert len(events) == calls
    assert {event["role"] for event in events} >= {"propose", "navigate", "generate"}
    assert all(event["tokens"] > 0 and "failure" not in event for event in events)
    assert report.spent.llm_tokens == sum(event["tokens"] for event in events)
    assert any("response_format" in request for request in server.requests)
    again = run(server.address, tmp_path)  # the server is gone: everything is in the ledger
    assert again == report


@pytest.mark.parametrize("how", BAD)
def test_a_bad_server_means_fewer_candidates_and_a_finished_run(how: str, tmp_path: Path) -> None:
    with serving(BAD[how]) as server:
        report = run(server.address, tmp_path, others=True, timeout=0.15)
    assert report.winner is not None
    assert {trial.candidate.origin for trial in report.trials} == {"uniform"}
    asked = [event for event in completions(tmp_path) if event["by"] == "navigator"]
    assert asked and all(len(event.get("failure", "x")) < 400 for event in asked)
    assert all("failure" in event for event in asked if event["role"] == "generate")


@pytest.mark.slow
def test_the_embedded_model_serves_a_run(tmp_path: Path) -> None:
    with serving_local(max_tokens=150) as server:  # and a budget of tokens, as this model takes seconds a line
        report = run(server.address, tmp_path, others=True, timeout=250.0, batch=2, repairs=0, tokens=1000)
    assert report.winner is not None
    events = completions(tmp_path)
    assert {event["role"] for event in events} == {"propose", "navigate", "generate"}
    assert all("failure" not in event and event["tokens"] > 0 for event in events)
    assert {trial.candidate.origin for trial in report.trials} == {"uniform", "llm", "navigator"}
