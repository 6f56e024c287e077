import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from scripted_chat import Scripted
from tiny_chat import write_tiny_chat

from genas.core import registry
from genas.core.errors import InvalidArchitecture, LLMFailed, RequestError
from genas.core.ledger import Ledger
from genas.core.records import Constraint, Use
from genas.core.rng import rng
from genas.llms._wording import Wording, listing
from genas.proposers.llm import LLM


@pytest.fixture
def space():
    return registry.create("spaces", "nasbench201")


@pytest.fixture
def cells(space) -> list[str]:
    generator = np.random.default_rng(0)
    return [space.to_text(space.sample(generator)) for _ in range(8)]


def made(space, ledger: Ledger, replies=None, **options) -> LLM:
    context = {"space": space, "task": registry.create("tasks", "digits"), "ledger": ledger, "seed": 1}
    limits = (Constraint("params", at_most=50_000),)
    proposer = registry.create("proposers", Use("llm", options), **context, limits=limits, device="cpu")
    if replies is not None:
        proposer.dialogue.chat = Scripted(replies=replies)
    return proposer


def events(ledger: Ledger) -> list[dict]:
    return [event for event in ledger.read() if event["kind"] == "completion"]


def test_legal_lines_become_candidates_and_the_prompt_tells_the_task(space, cells) -> None:
    proposer = made(space, ledger := Ledger(), ["Sure!\n```json\n" + json.dumps(cells[:3]) + "\n```"])
    found = proposer.ask(3)
    assert [space.to_text(c.arch) for c in found] == cells[:3]
    assert {c.origin for c in found} == {"llm"}
    prompt = events(ledger)[0]["prompt"]
    assert "handwritten digits" in prompt and "params <= 50000" in prompt and "nor_conv_3x3" in prompt
    second = proposer.ask(3)
    assert second == []  # the same answer again: none twice
    assert cells[0] in events(ledger)[1]["prompt"].split("Already proposed")[1]


def test_illegal_lines_go_back_once_with_what_is_wrong(space, cells) -> None:
    bad = cells[1].replace("~0", "~7", 1)
    proposer = made(space, Ledger(), [json.dumps([cells[0], bad]), json.dumps([cells[2]])])
    assert [space.to_text(c.arch) for c in proposer.ask(2)] == [cells[0], cells[2]]
    assert "must be an operation followed by ~0" in proposer.dialogue.chat.prompts[1]
    never = made(space, Ledger(), [json.dumps([bad])], repairs=2)
    assert never.ask(1) == []
    assert len(never.dialogue.chat.prompts) == 3


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "no list here",
        "[1, 2]",
        '["unfinished',
        "[" * 5000,
        "\0",
        LLMFailed("down"),
        OSError("reset"),
        TimeoutError(),
    ],
)
def test_garbage_and_failures_give_fewer_candidates_and_are_written_down(space, reply) -> None:
    proposer = made(space, ledger := Ledger(), [reply])
    assert proposer.ask(4) == []
    (event,) = events(ledger)
    assert event["failure"] and event["id"] and event["prompt"]


def test_a_fault_of_our_own_is_not_hidden(space) -> None:
    with pytest.raises(ZeroDivisionError):
        made(space, Ledger(), [ZeroDivisionError()]).ask(1)


def test_a_run_that_goes_on_calls_no_model_twice(space, cells, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    replies = [json.dumps(cells[:2]), "garbage", json.dumps(cells[3:5])]
    ledger = Ledger(path)
    first = made(space, ledger, replies, batch=2).ask(6)
    ledger.close()
    ledger = Ledger(path)
    again = made(space, ledger, [AssertionError("called again")], batch=2)
    assert again.ask(6) == first
    assert again.dialogue.chat.prompts == []
    ledger.close()
    replayed = made(space, fresh := Ledger(), model="replay", model_options={"path": str(path)}, batch=2)
    assert [c.arch for c in replayed.ask(6)] == [c.arch for c in first]
    assert len(events(fresh)) == 3


@pytest.mark.parametrize("name", registry.names("spaces"))
def test_the_pattern_fits_every_line_of_a_space_and_nothing_illegal(name: str) -> None:
    import re

    space = registry.create("spaces", name)
    line = Wording(space).pattern
    if line is None:
        pytest.fail(f"the lines of {name} have no fixed shape: answers are bound to strings only")
    generator = np.random.default_rng(5)
    archs = [space.sample(generator) for _ in range(100)]
    if (
        len({arch.edges for arch in archs}) > 50
    ):  # too many wirings for a pattern of all: the first ones drawn are in it
        generator = rng(0, "llm pattern")
        archs = [space.sample(generator) for _ in range(30)]
    lines = [space.to_text(arch) for arch in archs]
    assert all(re.fullmatch(line, text) for text in lines)
    assert re.fullmatch(listing(line, 2), json.dumps(lines[:2]))
    assert not re.fullmatch(line, lines[0] + "x")


@pytest.mark.parametrize("name", registry.names("spaces"))
def test_renamed_lines_read_back_and_show_no_published_name(name: str) -> None:
    import re

    space, generator = registry.create("spaces", name), np.random.default_rng(3)
    wording = Wording(space, seed=2, renamed=True)
    archs = [space.sample(generator) for _ in range(40)]
    lines = [wording.line(arch) for arch in archs]
    assert [wording.arch(line) for line in lines] == archs
    names = {word for line in lines for word in line.partition("|")[0].split()} - {"input", "output"}
    assert names and all(re.fullmatch("op_[a-z]+", word) for word in names)
    assert wording.pattern is not None and re.fullmatch(wording.pattern, wording.line(_first_drawn(space)))
    for wrong in (lines[0].replace("op_", "up_", 1), space.to_text(archs[0]), lines[0] + "op_a", ""):
        with pytest.raises(InvalidArchitecture):
            wording.arch(wrong)
    shown = [wording.line(arch) for arch in archs]
    assert shown != [Wording(space, seed=3, renamed=True).line(arch) for arch in archs]  # drawn by seed


def _first_drawn(space):
    return space.sample(rng(2, "llm pattern"))


def test_a_renamed_space_is_proposed_for_without_its_names(space) -> None:
    wording = Wording(space, seed=1, renamed=True)
    cell = space.sample(np.random.default_rng(0))
    bad = wording.line(cell).replace("op_", "nor_conv_3x3 op_", 1)
    proposer = made(space, Ledger(), [json.dumps([wording.line(cell), bad])], renamed=True)
    assert [candidate.arch for candidate in proposer.ask(2)] == [cell]
    said = "\n".join(proposer.dialogue.chat.prompts)
    assert "'nor_conv_3x3' is no name of this space" in said  # and not what it stands for
    told = said.replace(bad, "").replace("'nor_conv_3x3' is no name", "")
    assert not any(word in told for word in ("conv", "skip_connect", "pool", "BENCH", "Bench", "handwritten"))


def test_a_token_budget_ends_the_calls_and_is_told(space, cells) -> None:
    proposer = made(space, ledger := Ledger(), [json.dumps(cells[:2]), json.dumps(cells[2:4])], batch=2, tokens=15)
    proposer.dialogue.chat.tokens = 10
    assert [space.to_text(c.arch) for c in proposer.ask(8)] == cells[:4]  # the second call goes beyond and is the last
    assert proposer.ask(2) == []
    (told,) = [event for event in ledger.read() if event["kind"] == "warning"]
    assert told["text"] == "llm asked the chat model no more: 20 of its 15 tokens are spent."


@pytest.mark.parametrize("name", registry.names("spaces"))
def test_even_a_random_model_writes_legal_architectures_under_the_pattern(name: str, tmp_path: Path) -> None:
    small = Use(name, {"scale": "tiny"} if name == "gpt" else {})  # this model writes a byte a token
    space, options = registry.create("spaces", small), {"model_options": {"folder": str(write_tiny_chat(tmp_path))}}
    found = made(space, ledger := Ledger(), batch=3, **options).ask(6)
    assert len(found) >= 4
    assert not any(space.problems(c.arch) for c in found)
    assert all("failure" not in event and event["tokens"] > 0 for event in events(ledger))
    assert made(space, Ledger(), batch=3, **options).ask(6) == found


def test_unknown_models_and_bad_options_say_what_to_write(space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RequestError, match="local, replay, or provider:name"):
        made(space, Ledger(), model="gpt").ask(1)
    with pytest.raises(RequestError, match="can't be created"):
        made(space, Ledger(), model="nobody:gpt").ask(1)
    with pytest.raises(RequestError, match="OPENAI_API_KEY"):
        made(space, Ledger(), model="openai:gpt-5").ask(1)
    with pytest.raises(RequestError, match="batch"):
        made(space, Ledger(), batch=0)
    with pytest.raises(RequestError, match="option tokens cannot be 0: Input should be greater than or equal to 1"):
        made(space, Ledger(), tokens=0)


class _Answers(BaseHTTPRequestHandler):
    """What an OpenAI-compatible server says: status and text in turn."""

    turns: list[tuple[int, str]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, text = self.turns.pop(0)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_) -> None:
        return None


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/v1"
    http.shutdown()
    http.server_close()


def test_a_server_is_reached_over_http_and_its_failures_are_survived(space, cells, server, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    _Answers.turns = [(200, json.dumps(cells[:2])), (500, ""), (200, json.dumps(cells[2:4]))]
    proposer = made(space, ledger := Ledger(), model="openai:m", base_url=server, retries=0, batch=2, timeout=5)
    assert [space.to_text(c.arch) for c in proposer.ask(6)] == cells[:4]
    first, failed, _ = events(ledger)
    assert first["tokens"] == 12
    assert "500" in failed["failure"]


def test_the_address_of_a_server_may_come_from_the_environment(space, cells, server, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    _Answers.turns = [(200, json.dumps(cells[:1]))]
    assert [space.to_text(c.arch) for c in made(space, Ledger(), model="openai:m", retries=0).ask(1)] == cells[:1]


@pytest.mark.slow
def test_the_embedded_model_writes_legal_cells(space) -> None:
    found = made(space, ledger := Ledger(), batch=3).ask(3)
    (event,) = events(ledger)
    assert len(json.loads(event["reply"])) == 3
    assert 1 <= len(found) <= 3
    assert not any(space.problems(c.arch) for c in found)
    assert event["tokens"] > 0
    assert [c.arch for c in made(space, Ledger(), batch=3).ask(3)] == [c.arch for c in found]
