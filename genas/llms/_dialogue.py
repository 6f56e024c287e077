"""What proposers and refiners that ask a chat model share: calls made once, their record in the ledger, and repair."""

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

_LOG = logging.getLogger(__name__)  # a failure must be seen; with no handler set, Python shows warnings on stderr
_PATIENCE = 3  # failures in a row after which a model is asked no more


class Access(NamedTuple):
    """Which chat model is asked, and how.

    Args:
        model: a name of `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        options: options of the model, such as {"path": ...} for replay; for a provider, what its class takes.
        base_url: of an OpenAI-compatible server.
        timeout: seconds to wait for one reply of a provider.
        retries: times that a failed transport is tried again by the provider's client.
        temperature: how freely the model draws.
        structured: whether a provider is sent a JSON schema that lists of architectures must follow; embedded models
            always follow one.
        tokens: that may be spent in all, prompts included; the call that goes beyond is the last. None is no limit.
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
    """The calls that one plug-in makes of one chat model.

    A call is known by model, prompt and a seed that counts the calls; one that is in the ledger is not made again. One
    that failed is there too, with the reason. A failure is said at once, and a model that is out of reach, or fails
    three times in a row, is asked no more: a dead server stalls no run.

    Args:
        name: of the plug-in.
        access: which model.
        wording: how the space is spoken of.
        ledger: remembers prompts and replies.
        seed: of the run.

    Raises:
        RequestError: there is no such model of a provider, and the ledger holds no reply of it.
    """

    def __init__(self, name: str, access: Access, wording: Wording, ledger: Ledger, seed: int) -> None:
        self._name, self.access, self._wording = name, access, wording
        self._ledger, self._seed = ledger, seed
        self._calls = self._spent = self._failed = 0  # calls, tokens, failures in a row
        self.silent: str | None = None
        if not self._embedded and not any(event["kind"] == "completion" for event in ledger.read()):
            _ = self.chat  # which refuses a name before anything is spent

    def text(self, role: str, most: int, **values: object) -> str | None:
        """Free text on one line, printable, of at most `most` characters; None where the model failed.

        Args:
            role: the prompt's name.
            most: characters that are kept.
            values: of the prompt's variables.
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
        """Legal architectures of a reply; what is wrong goes back for repair, and what stays illegal is dropped.

        Args:
            role: the prompt's name.
            count: architectures asked for.
            shown: the prompt's variables that are also repeated where a repair is asked for.
            repairs: times that wrong lines are sent back.
            fault: what the caller finds wrong with a legal architecture, in words; faulty ones are used only where
                there are no others.
            values: of the other variables.
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
        """What is read in the reply to a prompt; None where the model or the reading failed, which the ledger tells.

        Args:
            lines: how many the reply must have; 0 for free text.
            most: tokens of the reply of an embedded model.
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
        """Say that a call failed, the first time, and end where it makes no sense to go on."""
        self._failed += 1
        failed = f"The chat model {self.access.model} failed: {str(event['failure']).rstrip('.')}."
        if event.get("out_of_reach") or self._failed >= _PATIENCE:
            self.silent = f"{failed} {self._name} asks it no more in this run."
            self._note("silent", self.silent)
        else:
            self._note("failed", f"{failed} {self._name} brings fewer candidates.")

    def _note(self, name: str, text: str) -> None:
        """A warning in the ledger, once, and to whoever watches."""
        identity = f"warning {self._name} {name}"
        if self._ledger.find(identity) is None:
            self._ledger.append({"kind": "warning", "id": identity, "text": text})
            _LOG.warning("%s", text)

    def _used_up(self) -> bool:
        """Whether the tokens are spent, which the ledger then tells."""
        most = self.access.tokens
        if most is None or self._spent < most:
            return False
        spent = f"{self._spent:,} of its {most:,} tokens are spent"
        self._note("tokens", f"{self._name} asked the chat model no more: {spent}.")
        return True

    def _completed(
        self, prompt: str, read: Callable[[str], object], lines: int, most: int, seed: int
    ) -> dict[str, Any]:
        """What the ledger keeps of a call: the reply, the tokens, the seconds, and the failure where there was one."""
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
        """Seconds for a whole call of a provider; a model on this machine takes its time."""
        from genas.llms import _reach

        return None if self._embedded else _reach.patience(self.access.timeout, self.access.retries)

    @property
    def _embedded(self) -> bool:
        return self.access.model in registry.names("llms")

    def _bound(self, lines: int, most: int, seed: int) -> dict[str, Any]:
        """What a call is bound to: its seed and its form, where the model takes them."""
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
        """The model, made at the first call."""
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
