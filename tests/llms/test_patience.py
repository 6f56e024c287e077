"""A chat server has a whole reply's time; thoughts and odd counts trip nobody; a dead server is asked once."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile_server import say, serving

from genas import api
from genas.core.errors import LLMFailed, RequestError
from genas.core.records import Budget, Use
from genas.llms._answer import answer_of
from genas.llms._patience import client
from genas.llms._reach import call, chat_model
from genas.llms._wording import _strings

GOAL = "A classifier for 8x8 handwritten digits under 2 million parameters"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("<think>no, [1]</think>yes", "yes"),
        ("<think>\na</think> b <think>c</think> d", " b  d"),
        ("the template ate the beginning</think>yes", "yes"),
        ("yes<think>and cut", "yes"),
        ("<thinking>a</thinking><Reasoning effort=1>b</Reasoning>yes", "yes"),
        ("[THINK]a[/THINK]yes", "yes"),
        ("<think>only thoughts", ""),
        ("a < b and [1, 2]", "a < b and [1, 2]"),
    ],
)
def test_thoughts_are_no_answer(reply: str, answer: str) -> None:
    assert answer_of(reply) == answer


def test_the_last_list_is_the_answer_and_not_the_draft() -> None:
    assert _strings('Draft: ["a", "b"]. Better: ["c [1]", "d"] as of [2026]') == ["c [1]", "d"]
    with pytest.raises(LLMFailed, match="no JSON list"):
        _strings("[1, 2] []")


def body(usage: Any, text: str = "<think>draft</think>answer") -> bytes:
    choice = {"index": 0, "message": say(text), "finish_reason": "stop"}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, 7),
        ({"prompt_tokens": "3", "completion_tokens": 4.0}, 7),
        ({"total_tokens": "many", "prompt_tokens": None}, 0),
        ({"prompt_tokens": -1, "completion_tokens": True, "prompt_tokens_details": "odd"}, 0),
        ("none", 0),
        ([1], 0),
        (None, 0),
        ({"total_tokens": 1e300}, 0),
    ],
)
def test_usage_of_any_type_costs_no_answer(usage: Any, tokens: int) -> None:
    with serving(lambda request, number: body(usage)) as server:
        assert call(chat_model(f"openai:m@{server.address}", timeout=30, retries=0), "hi") == ("answer", tokens)


@contextmanager
def dripping(head: bytes) -> Iterator[str]:
    """A server that sends the beginning of a reply and then a byte every tenth of a second."""
    ending = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(head)
                while not ending.wait(0.1):
                    connection.sendall(b" ")
            except OSError:  # the client went away
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        ending.set()
        listening.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nX-Slow: a",
    ],
)
def test_a_dripping_reply_ends_in_time_and_is_not_asked_for_again(head: bytes) -> None:
    with dripping(head) as address:
        start = time.monotonic()
        with pytest.raises(LLMFailed, match=r"no whole reply within 0\.5 seconds") as failed:
            call(chat_model(f"openai:m@{address}", timeout=0.5, retries=2), "hi")
        assert time.monotonic() - start < 10 and failed.value.out_of_reach


def test_an_endless_reply_is_refused() -> None:
    with serving(lambda request, number: b" " * 9_000_000) as server:
        found = client(30.0).post(server.address, json={})
    assert found.status_code == 502 and "more than 8,000,000 bytes" in found.text


def test_a_key_that_the_server_echoes_is_not_in_the_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-key-1")
    echo = json.dumps({"error": {"message": "Incorrect API key provided: very-secret-key-1"}}).encode()
    with serving(lambda request, number: (401, echo)) as server:
        address = server.address.replace("http://", "http://me:hunter2@")
        with pytest.raises(RequestError, match=r"chat model openai:m failed.*401.*Nobody else proposes") as refused:
            api.propose(
                GOAL, 2, out=tmp_path, budget=Budget(trials=2), device="cpu", scorers=(Use("params"),),
                proposers=(Use("llm", {"model": "openai:m", "base_url": address}),),
            )  # fmt: skip
    kept = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file()) + str(refused.value)
    assert "very-secret-key-1" not in kept and "hunter2" not in kept and "***" in kept


def test_a_dead_server_is_asked_once_and_said_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    model = {"model": "openai:m", "base_url": address, "retries": 0, "batch": 2}
    with caplog.at_level(logging.WARNING, logger="genas"):
        trials = api.propose(
            GOAL, 12, out=tmp_path, proposers=(Use("llm", model), Use("uniform")), scorers=(Use("params"),),
            budget=Budget(trials=2), device="cpu",
        )  # fmt: skip
    events = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert len(trials) == 12 and sum(event["kind"] == "completion" for event in events) == 1
    (told,) = [event["text"] for event in events if event["kind"] == "warning" and "chat model" in event["text"]]
    assert "asks it no more" in told and told in caplog.text
