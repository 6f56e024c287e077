"""The terminal side of a chat: reads lines, asks for consent, draws bars and handles Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genas.core.errors import LLMFailed, RequestError
from genas.faces.agent import Chat
from genas.faces.console import Bars
from genas.faces.terminal import say

_HELLO = "Say what the network is for. An empty line or Ctrl-D ends; Ctrl-C stops what is running."


class _Shown:
    """Bars that appear with the first stage and disappear before anything else is written."""

    def __init__(self) -> None:
        self._bars: Bars | None = None

    def stage(self, name: str, total: int) -> None:
        """A new bar."""
        self._bars = self._bars or Bars().__enter__()
        self._bars.stage(name, total)

    def step(self, text: str = "") -> None:
        """One step further."""
        if self._bars is not None:
            self._bars.step(text)

    def note(self, text: str) -> None:
        """A line of its own."""
        self._bars = self._bars or Bars().__enter__()
        self._bars.note(text)

    def close(self) -> None:
        """Put them away."""
        if self._bars is not None:
            self._bars.__exit__(None, None, None)
            self._bars = None


def converse(first: str, *, llm: str | None, root: Path, data: Sequence[Path] = (), timeout: float) -> None:
    """Talk until the user ends it.

    Args:
        first: the user's first words, or nothing.
        llm: the chat model.
        root: the folder below which runs are written.
        data: folders in which requests may name files, beside the root.
        timeout: seconds to wait for one reply of the model.

    Raises:
        RequestError: no chat model is named, or it can't be had.
    """
    if llm is None:
        raise RequestError("genas chat needs a chat model that calls tools: write --llm openai:MODEL, for example.")
    bars = _Shown()

    def approve(plan: str) -> bool:
        bars.close()
        say(f"\n{plan}\n")
        return (_line("Go ahead? [y/N] ") or "").strip().lower() in {"y", "yes", "j", "ja", "o", "oui"}

    def notify(call: str) -> None:
        bars.close()
        say(f"· {call}", err=True)

    chat = Chat(llm, root, data=data, approve=approve, progress=bars, notify=notify, timeout=timeout)
    say(_HELLO, err=True)
    words: str | None = first or _line("> ")
    while words and words.strip():
        try:
            with _interrupts(chat):
                answer = chat.say(words)
            bars.close()
            say(answer.text)
            if answer.unsourced:
                say(f"Not in any result: {', '.join(answer.unsourced)}. Don't rely on it.", err=True)
        except LLMFailed as failure:
            say(f"error: {failure}", err=True)
        except KeyboardInterrupt:
            say("Stopped.", err=True)
        finally:
            bars.close()
        words = _line("> ")


@contextmanager
def _interrupts(chat: Chat) -> Iterator[None]:
    """Let Ctrl-C stop the tool at work or, if none is, the turn."""

    def heard(*_: object) -> None:
        if not chat.working:
            raise KeyboardInterrupt
        chat.stop()

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _line(prompt: str) -> str | None:
    """A line of the user, or None at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        return None
