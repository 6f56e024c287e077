"""The chat: a real HTTP server on loopback plays the model, and the terminal is a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hostile_server import BAD, call, say, script, serving
from tiny_design import GOAL, TINY

from genas import api
from genas.agent import Chat
from genas.core.errors import LLMFailed, RequestError
from genas.summary import short


def genas_chat(address: str, lines: str, root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genas.cli", "chat", "--llm", "openai:m", "--root", str(root), *more]
    env = {**os.environ, "OPENAI_BASE_URL": address, "OPENAI_API_KEY": "none"}
    return subprocess.run(command, input=lines, capture_output=True, text=True, env=env, timeout=240, check=False)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def made(address: str, *, yes: bool = True, asked: list[str] | None = None) -> Chat:
        def approve(plan: str) -> bool:
            if asked is not None:
                asked.append(plan)
            return yes

        monkeypatch.setenv("OPENAI_BASE_URL", address)
        return Chat("openai:m", tmp_path, approve=approve, timeout=1.0, retries=0)

    return made


def test_a_whole_conversation_in_the_terminal(tmp_path: Path) -> None:
    reply = script(
        call("interpret", {"sentence": GOAL, "known": TINY}),
        call("design", {"sentence": GOAL, "known": TINY}),
        say("It is done. The limit was 19,999 parameters; it will reach 0.8642 next time."),
        call("report", {"limits": [{"metric": "params", "at_most": 40000}]}),
        say("The same winner, says the report."),
    )
    with serving(reply) as server:
        result = genas_chat(server.address, f"{GOAL}\ny\nAnd with 40,000?\n", tmp_path)
        requests = server.requests
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    assert "at most 19,999" in result.stdout and "Plan: a race of 2" in result.stdout and "Go ahead?" in result.stdout
    assert "Not in any result: 0.8642" in result.stderr and "race, rung 1 of 1" in result.stderr
    (folder,) = tmp_path.iterdir()
    assert (folder / "report.html").is_file() and (folder / "winner" / "model.py").is_file()
    designed, told = (requests[n]["messages"][-1]["content"] for n in (2, 4))
    assert "The winner is" in designed
    assert "Trained to the end, best first" in told and "With params at most 40,000" in told
    assert {tool["function"]["name"] for tool in requests[0]["tools"]} == {
        "plugins", "explain", "interpret", "propose", "score", "report", "design", "export_network", "train_further"
    }  # fmt: skip
    assert requests[0]["messages"][0]["role"] == "system"
    assert "sentence" in requests[0]["tools"][2]["function"]["parameters"]["properties"]


def test_without_a_yes_nothing_is_spent(talk: Any, tmp_path: Path) -> None:
    with serving(script(call("design", {"sentence": GOAL, "known": TINY}), say("What shall I change?"))) as server:
        answer = talk(server.address, yes=False).say("Go")
        assert "said no" in server.requests[1]["messages"][-1]["content"]
    assert answer.text == "What shall I change?" and list(tmp_path.iterdir()) == []


def test_without_a_yes_nothing_is_trained_further(talk: Any, tmp_path: Path) -> None:
    known = {**TINY, "budget": {"trials": 1}}
    report = api.design(GOAL, out=tmp_path / "run", **known)
    assert report.winner is not None
    key, store = short(report.winner.candidate.key), sorted((tmp_path / "run").iterdir())
    calls = [call("train_further", {"key": key, "budget": budget}) for budget in ("1 minute", "3 trials")]
    asked: list[str] = []
    with serving(script(*calls, say("As you like."))) as server:
        assert talk(server.address, yes=False, asked=asked).say("Go on with it").text == "As you like."
        told = [request["messages"][-1]["content"] for request in server.requests[1:]]
    assert len(asked) == 1 and key in asked[0] and "for 1 min" in asked[0], (
        "what is refused in any case is not asked about"
    )
    assert "said no to this training" in told[0] and "counted in time" in told[1]
    assert sorted((tmp_path / "run").iterdir()) == store


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("interpret", {"sentence": "Design a network."}, "does not say what the network is for"),
        ("interpret", {"sentence": GOAL, "bugdet": "2 trials"}, "bugdet"),
        ("design", {"sentence": GOAL, "out": "../outside"}, "inside the root"),
        ("report", {}, "no run"),
        ("report", {"out": "/etc"}, "inside the root"),
        ("export_network", {"key": "ab", "run": "../outside"}, "inside the root"),
        ("train_further", {"key": "ab", "budget": "1 s"}, "no run"),
        ("report", {"limits": [{"metric": "params", "most": 1}]}, "most"),
        (
            "design",
            {"sentence": GOAL, "known": {"proposers": [{"name": "llm", "options": {"base_url": "http://x"}}]}},
            "base_url",
        ),
        ("delete_everything", {"path": "/"}, "not a valid tool"),
    ],
)
def test_mistakes_go_back_to_the_model(
    name: str, arguments: dict[str, Any], words: str, talk: Any, tmp_path: Path
) -> None:
    with serving(script(call(name, arguments), say("I see."))) as server:
        assert talk(server.address).say("Try").text == "I see."
        assert words in server.requests[1]["messages"][-1]["content"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [how for how in BAD if how != "very long"])
def test_a_bad_server_gives_one_clear_error(how: str, talk: Any) -> None:
    failing = True

    def reply(request: dict[str, Any], number: int) -> Any:
        return BAD[how](request, number) if failing else say("Back again.")

    with serving(reply) as server:
        chat = talk(server.address)
        with pytest.raises(LLMFailed) as error:
            chat.say("digits")
        assert 40 < len(str(error.value)) < 400 and "\n" not in str(error.value)
        assert len(server.requests) <= 17
        failing = False
        assert chat.say("Once more").text == "Back again."
        sent = [m["content"] for m in server.requests[-1]["messages"] if m["role"] == "user"]
        assert sent == ["Once more"]


def test_a_very_long_answer_is_cut(talk: Any) -> None:
    with serving(BAD["very long"]) as server:
        assert len(talk(server.address).say("digits").text) < 21_000


def test_an_error_in_the_terminal_is_one_line(tmp_path: Path) -> None:
    with serving(BAD["garbage"]) as server:
        result = genas_chat(server.address, "digits\n", tmp_path)
    assert result.returncode == 0 and "Traceback" not in result.stderr
    assert result.stderr.count("error:") == 1, result.stderr


def test_the_terminal_is_not_obeyed(talk: Any) -> None:
    with serving(script(say("\x1b[2Jcleared\x07"))) as server:
        assert talk(server.address).say("digits").text == "[2Jcleared"


def test_models_without_tools_are_refused_with_advice(tmp_path: Path) -> None:
    for llm in ("local", "nobody:nothing", "gpt"):
        with pytest.raises(RequestError, match=r"openai:|provider"):
            Chat(llm, tmp_path, approve=lambda plan: True)
    result = subprocess.run(
        [sys.executable, "-m", "genas.cli", "chat", "digits"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2 and "--llm openai:" in result.stderr


def test_the_work_of_a_tool_can_be_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Impatient:
        """Stops the work at its first step."""

        def stage(self, name: str, total: int) -> None:
            assert chat.working
            chat.stop()

        def step(self, text: str = "") -> None:
            raise AssertionError("the work went on")

    with serving(script(call("propose", {"sentence": GOAL, "known": TINY}), say("Stopped."))) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        chat = Chat("openai:m", tmp_path, approve=lambda plan: True, progress=Impatient(), timeout=5, retries=0)
        assert chat.say("Look at some").text == "Stopped."
        assert "The user stopped it" in server.requests[1]["messages"][-1]["content"]
    assert not chat.working
