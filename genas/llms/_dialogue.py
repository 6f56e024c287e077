"""What plug-ins that ask a chat model share: calls that are never repeated, their record in the ledger, and repair."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from genas.core import registry
from genas.core.errors import LLMFailed
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Use
from genas.core.rng import seed_of
from genas.llms._wording import Fault, Reply, Wording, listing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

T = TypeVar("T")

_LOG = logging.getLogger(__name__)  # failures must be seen; without a handler, Python shows warnings on stderr
_PATIENCE = 3  # failures in a row after which a model is no longer asked


class Access(NamedTuple):
    """Which chat model is asked, and how.

    Args:
        model: a name from `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        options: options of the model, such as {"path": ...} for replay; for a provider, those of its class.
        base_url: the address of an OpenAI-compatible server.
        timeout: seconds to wait for one reply of a provider.
        retries: how often the provider's client retries after a failed transport.
        temperature: the sampling temperature.
        structured: whether to send a provider a JSON schema for lists of architectures; embedded models always get one.
        tokens: the token budget of the whole run, prompts included; the call that exceeds it is the last. None is no
            limit.
    """

    model: str = "local"
    options: Mapping[str, Any] | None = None
    base_url: str | None = None
    timeout: float = 60.0
    retries: int = 2
    temperature: float = 0.7
    structured: bool = False
    tokens: int | None = None


class Dialogue:
    """The calls of one plug-in to one chat model.

    A call is identified by its model, its prompt and a seed that depends on how many calls came before. A call that is
    in the ledger is not made again. Failed calls are there too, with the reason. A failure is reported at once. A model
    that is out of reach, or fails three times in a row, is no longer asked, so that a dead server can't stall a run.

    Args:
        name: of the plug-in.
        access: which model.
        wording: how the space is described to the model.
        ledger: keeps prompts and replies.
        seed: of the run.

    Raises:
        RequestError: the provider has no such model, and the ledger holds no reply.
    """

    def __init__(self, name: str, access: Access, wording: Wording, ledger: Ledger, seed: int) -> None:
        self._name, self.access, self._wording = name, access, wording
        self._ledger, self._seed = ledger, seed
        self._calls = self._spent = self._failed = 0  # calls, tokens, failures in a row
        self.silent: str | None = None
        if not self._embedded and not any(event["kind"] == "completion" for event in ledger.read()):
            _ = self.chat  # refuses a wrong name before anything is spent

    def text(self, role: str, most: int, **values: object) -> str | None:
        """Ask for free text: one printable line of at most `most` characters; None if the model failed.

        Args:
            role: the prompt's name.
            most: the number of characters that are kept.
            values: the prompt's variables.
        """

        def read(reply: str) -> str:
            line = " ".join("".join(c if c.isprintable() else " " for c in reply).split())
            if not line:
                raise LLMFailed("The reply holds no printable text.")
            return line if len(line) <= most else line[: most - 1] + "…"

        return self._answer(role, read, 0, most // 4, **values)

    def architectures(
        self,
        role: str,
        count: int,
        shown: Mapping[str, object],
        *,
        repairs: int,
        fault: Fault | None = None,
        **values: object,
    ) -> list[Architecture]:
        """Ask for architectures: wrong lines are sent back for repair, and lines that stay illegal are dropped.

        Args:
            role: the prompt's name.
            count: how many architectures to ask for.
            shown: variables of the prompt that the prompt for repairs takes too.
            repairs: how often wrong lines are sent back.
            fault: says in words what is wrong with a legal architecture, or None; faulty architectures are returned
                only if there are no others.
            values: the other variables.
        """
        reply = self._lines(role, count, fault, **shown, **values)
        legal, spare = list(reply.legal), list(reply.spare)
        for _ in range(repairs):
            if not reply.problems:
                break
            problems = "\n".join(reply.problems)
            reply = self._lines("repair", len(reply.problems), fault, problems=problems, **shown)
            legal, spare = legal + reply.legal, spare + reply.spare
        return legal or spare

    def _lines(self, role: str, count: int, fault: Fault | None, **values: object) -> Reply:
        def read(reply: str) -> Reply:
            return self._wording.read(reply, count, fault)

        return self._answer(role, read, count, 40 + 160 * count, count=count, **values) or Reply([], [], [])

    def _answer(self, role: str, read: Callable[[str], T], lines: int, most: int, **values: object) -> T | None:
        """The reply to a prompt, as `read` reads it; None if the model or the reading failed, which the ledger says.

        Args:
            role: the prompt's name.
            read: makes the result from the reply's text, or raises LLMFailed.
            lines: how many lines the reply must have; 0 for free text.
            most: tokens of the reply of an embedded model, at most.
            values: the prompt's variables.
        """
        from genas.llms._prompts import fingerprint, load_prompt

        if self.silent is not None or self._used_up():
            return None
        prompt = load_prompt(role).render(**values)
        self._calls += 1
        seed = seed_of(self._seed, self._name, self._calls)
        model = self.access.model
        identity = f"completion {model} {fingerprint(prompt)} {seed}"
        event = self._ledger.find(identity)
        if event is None:
            event = {"kind": "completion", "id": identity, "model": model, "by": self._name, "role": role}
            event |= {"seed": seed, "prompt": prompt, **self._completed(prompt, read, lines, most, seed)}
            event = self._ledger.append(event)
        self._spent += int(event.get("tokens", 0))
        if "failure" in event:
            self._fail(event)
            return None
        self._failed = 0
        return read(event["reply"])

    def _fail(self, event: Mapping[str, Any]) -> None:
        """Report the first failed call, and stop asking the model where more calls would fail too."""
        self._failed += 1
        failed = f"The chat model {self.access.model} failed: {str(event['failure']).rstrip('.')}."
        if event.get("out_of_reach") or self._failed >= _PATIENCE:
            self.silent = f"{failed} {self._name} asks it no more in this run."
            self._note("silent", self.silent)
        else:
            self._note("failed", f"{failed} {self._name} brings fewer candidates.")

    def _note(self, name: str, text: str) -> None:
        """Write a warning into the ledger and the log, once."""
        identity = f"warning {self._name} {name}"
        if self._ledger.find(identity) is None:
            self._ledger.append({"kind": "warning", "id": identity, "text": text})
            _LOG.warning("%s", text)

    def _used_up(self) -> bool:
        """Whether the token budget is spent; if so, the ledger says it."""
        most = self.access.tokens
        if most is None or self._spent < most:
            return False
        spent = f"{self._spent:,} of its {most:,} tokens are spent"
        self._note("tokens", f"{self._name} asked the chat model no more: {spent}.")
        return True

    def _completed(
        self, prompt: str, read: Callable[[str], object], lines: int, most: int, seed: int
    ) -> dict[str, Any]:
        """Make a call; returns what the ledger keeps of it: the reply, the tokens, the seconds, and any failure."""
        from genas.llms import _reach

        event: dict[str, Any] = {}
        start = time.perf_counter()
        try:
            event["reply"], event["tokens"] = _reach.call(
                self.chat, prompt, seconds=self._patience, **self._bound(lines, most, seed)
            )
            read(event["reply"])
        except LLMFailed as failure:
            event["failure"] = str(failure)
            if failure.out_of_reach:
                event["out_of_reach"] = True
        event["seconds"] = round(time.perf_counter() - start, 3)
        return event

    @property
    def _patience(self) -> float | None:
        """Seconds for a whole call to a provider; None, which is no limit, for a model on this machine."""
        from genas.llms import _reach

        return None if self._embedded else _reach.patience(self.access.timeout, self.access.retries)

    @property
    def _embedded(self) -> bool:
        return self.access.model in registry.names("llms")

    def _bound(self, lines: int, most: int, seed: int) -> dict[str, Any]:
        """The seed and the form of the answer as arguments of a call, if the model takes them."""
        from genas.llms import _reach

        if not self._embedded:
            structured = self.access.structured and lines
            return _reach.schema_of_lines(lines, self._wording.pattern) if structured else {}
        bound: dict[str, Any] = {"seed": seed}
        if not getattr(self.chat, "takes_regex", False):
            return bound
        bound["max_tokens"] = most
        if not lines:
            return bound
        line = self._wording.pattern
        return bound | (_reach.schema_of_strings(lines) if line is None else {"regex": listing(line, lines)})

    @cached_property
    def chat(self) -> BaseChatModel:
        """The model, created on first use."""
        from genas.llms import _reach

        access, options = self.access, dict(self.access.options or {})
        if self._embedded:
            if "temperature" in registry.options("llms", access.model):
                options.setdefault("temperature", access.temperature)
            made: BaseChatModel = registry.create("llms", Use(access.model, options))
            return made
        return _reach.remote(
            access.model,
            base_url=access.base_url,
            timeout=access.timeout,
            max_retries=access.retries,
            temperature=access.temperature,
            **options,
        )
