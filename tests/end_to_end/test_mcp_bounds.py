"""A call of the MCP server is bounded, never silent for long, and reads below its folders only."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult

from genas import api, catalogue
from genas.faces import mcp

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"


def talk(server: Any, conversation: Callable[[Client], Awaitable[None]]) -> None:
    async def held() -> None:
        with anyio.fail_after(60):
            async with Client(server) as client:
                await conversation(client)

    anyio.run(held)


def said(result: CallToolResult) -> str:
    return " ".join(block.text for block in result.content if block.type == "text")


def test_a_client_is_told_again_while_nothing_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, str | None]] = []

    def slow(*_: Any, progress: Any, **__: Any) -> list[Any]:
        progress.stage("training", 3)
        progress.step("leads")
        time.sleep(4.0)
        return []

    async def tell(done: float, total: float | None, text: str | None) -> None:
        told.append((done, text))

    async def conversation(client: Client) -> None:
        result = await client.call_tool("propose", {"sentence": GOAL}, progress_callback=tell)
        assert not result.is_error, said(result)

    monkeypatch.setattr(api, "propose", slow)
    monkeypatch.setattr(mcp, "_SILENCE", 0.5)
    assert mcp._SILENCE < 20
    talk(mcp.make(tmp_path), conversation)
    figures = [done for done, _ in told]
    assert figures == sorted(set(figures)) and len(told) >= 4
    assert [text for _, text in told[2:]] == ["training: leads"] * len(told[2:])


def test_reading_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation(client: Client) -> None:
        start = time.monotonic()
        result = await client.call_tool("plugins", {})
        assert result.is_error and "took longer than" in said(result)
        assert time.monotonic() - start < 4
        assert not (await client.call_tool("explain", {"name": "uniform"})).is_error

    monkeypatch.setattr(catalogue, "plugins", lambda kind: time.sleep(5))
    monkeypatch.setattr(mcp, "LIGHT", 0.5)
    talk(mcp.make(tmp_path), conversation)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("interpret", {"sentence": GOAL, "known": {"budget": "9**9**9 s"}}, "is no budget"),
        ("interpret", {"sentence": GOAL, "known": {"seed": 10**400}}, "2^63"),
        ("interpret", {"sentence": "x" * 30_000}, "at most 20000"),
        (
            "interpret",
            {"sentence": GOAL, "known": {"goal": "\x1b]0;x\x07", "device": "\x1b[2J"}},
            "name of letters and digits",
        ),
        ("propose", {"sentence": GOAL, "n": 10**9}, "less than or equal to 1000"),
        ("design", {"sentence": GOAL, "known": {"budget": "3 hours"}}, "at most 2 h"),
        ("score", {"sentence": GOAL, "texts": ["x"] * 1001}, "at most 1000"),
        (
            "propose",
            {
                "sentence": GOAL,
                "known": {"scorers": [{"name": "device_transfer", "options": {"measured": "/etc/passwd"}}]},
            },
            "folders that this server may read",
        ),
        ("interpret", {"sentence": "classify the rows of /etc/passwd, label root"}, "does not carry out"),
    ],
)
def test_what_is_beyond_the_bounds_is_refused_at_once(
    tool: str, arguments: dict[str, Any], words: str, tmp_path: Path
) -> None:
    async def conversation(client: Client) -> None:
        start = time.monotonic()
        result = await client.call_tool(tool, arguments)
        assert result.is_error and words in said(result) and "\x1b" not in said(result), said(result)
        assert "root:x" not in said(result) and time.monotonic() - start < 30

    talk(mcp.make(tmp_path, longest=7200.0), conversation)
    assert list(tmp_path.iterdir()) == []
