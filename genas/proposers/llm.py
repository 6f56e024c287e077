"""Asks a chat model for architectures: the embedded one, or any that LangChain can reach."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from genas.core import registry
from genas.core.errors import LLMFailed, RequestError
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Candidate, Constraint, Use
from genas.core.rng import rng, seed_of
from genas.proposers import _wording

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_SHOWN = 24  # architectures already proposed that a prompt lists at most


class LLM(Proposer):
    """Architectures that a chat model writes after seeing the task, the limits and legal examples.

    Replies are data: each line is parsed by the space, illegal ones go back for repair, and what stays illegal is
    dropped. Every prompt and reply is written into the ledger, so that a run that goes on calls no model twice. The
    embedded model is worse than random sampling; use a large one where quality matters. Keys of providers come from
    the environment only.

    Args:
        space: what is proposed.
        task: told to the model in words.
        ledger: remembers prompts and replies.
        seed: of the examples, and of the embedded model.
        limits: told to the model.
        model: a name of `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        model_options: options of the model, such as {"path": ...} for replay; for a provider, what its class takes.
        base_url: of an OpenAI-compatible server.
        timeout: seconds to wait for one reply of a provider.
        retries: times that a failed transport is tried again by the provider's client.
        temperature: how freely the model draws.
        batch: architectures asked for in one prompt.
        examples: legal architectures shown in a prompt.
        repairs: times that illegal lines are sent back.
    """

    name = "llm"

    def __init__(
        self,
        space: SearchSpace,
        task: Task,
        ledger: Ledger,
        seed: int = 0,
        limits: Sequence[Constraint] = (),
        *,
        model: str = "local",
        model_options: dict[str, Any] | None = None,
        base_url: str | None = None,
        timeout: float = 60.0,
        retries: int = 2,
        temperature: float = 0.7,
        batch: int = 8,
        examples: int = 6,
        repairs: int = 1,
    ) -> None:
        if batch < 1 or examples < 1 or repairs < 0 or retries < 0:
            raise RequestError("llm needs batch and examples of at least 1, repairs and retries of at least 0.")
        self.space, self.task, self.ledger, self.seed, self.limits = space, task, ledger, seed, tuple(limits)
        self.model, self.options, self.base_url = model, model_options or {}, base_url
        self.timeout, self.retries, self.temperature = timeout, retries, temperature
        self.batch, self.examples, self.repairs = batch, examples, repairs
        self._asked = self._calls = 0
        self._seen: dict[str, Architecture] = {}

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer where the model fails, repeats itself or stays illegal."""
        found: list[Candidate] = []
        for start in range(0, n, self.batch):
            count = min(self.batch, n - start)
            for arch in self._proposed(count):
                if arch.key not in self._seen:
                    self._seen[arch.key] = arch
                    found.append(Candidate(arch, self.name, note=f"written by the chat model {self.model}"))
            self._asked += count
        return found

    def _proposed(self, count: int) -> list[Architecture]:
        shown = self._shown()
        old = [self.space.to_text(arch) for arch in list(self._seen.values())[-_SHOWN:]]
        reply = self._answer(
            "propose",
            count,
            task=getattr(self.task, "description", self.task.name),
            limits=", ".join(map(str, self.limits)) or "none",
            seen="\n".join(old) or "none",
            **shown,
        )
        legal = list(reply.legal)
        for _ in range(self.repairs):
            if not reply.problems:
                break
            reply = self._answer("repair", len(reply.problems), problems="\n".join(reply.problems), **shown)
            legal += reply.legal
        return legal

    def _shown(self) -> dict[str, str]:
        """What every prompt says of the space, with fresh examples."""
        generator = rng(self.seed, self.name, self._asked)
        lines = [self.space.to_text(self.space.sample(generator)) for _ in range(self.examples)]
        return {
            "space": _wording.describe(self.space),
            "operations": ", ".join(self.space.ops),
            "examples": "\n".join(lines),
        }

    def _answer(self, name: str, count: int, **values: object) -> _wording.Reply:
        """The reply to a prompt, parsed; empty where the model failed, which the ledger tells."""
        from genas.llms._prompts import fingerprint, load_prompt

        prompt = load_prompt(name).render(count=count, **values)
        self._calls += 1
        seed = seed_of(self.seed, self.name, self._calls)
        identity = f"completion {self.model} {fingerprint(prompt)} {seed}"
        event = self.ledger.find(identity)
        if event is None:
            event = {"kind": "completion", "id": identity, "model": self.model, "seed": seed, "prompt": prompt}
            event |= self._completed(prompt, count, seed)
            self.ledger.append(event)
        if "failure" in event:
            return _wording.Reply([], [])
        return _wording.read_reply(event["reply"], self.space, count)

    def _completed(self, prompt: str, count: int, seed: int) -> dict[str, Any]:
        """What the ledger keeps of a call: the reply, the tokens, the seconds, and the failure where there was one."""
        event: dict[str, Any] = {}
        start = time.perf_counter()
        try:
            event["reply"], event["tokens"] = self._call(prompt, count, seed)
            _wording.read_reply(event["reply"], self.space, count)
        except LLMFailed as failure:
            event["failure"] = str(failure)
        event["seconds"] = round(time.perf_counter() - start, 3)
        return event

    def _call(self, prompt: str, count: int, seed: int) -> tuple[str, int]:
        """One call of the model: its text and the tokens it was charged for."""
        from genas.llms import _reach

        bound: dict[str, Any] = {}
        if self.model in registry.names("llms"):
            bound["seed"] = seed
            if getattr(self._chat, "takes_regex", False):
                line = self._line
                bound |= {"max_tokens": 40 + 160 * count}
                bound |= _reach.schema_of_strings(count) if line is None else {"regex": _wording.listing(line, count)}
        return _reach.call(self._chat, prompt, **bound)

    @cached_property
    def _line(self) -> str | None:
        return _wording.pattern(self.space, rng(self.seed, "llm pattern"))

    @cached_property
    def _chat(self) -> BaseChatModel:
        from genas.llms import _reach

        if self.model in registry.names("llms"):
            options = dict(self.options)
            if "temperature" in registry.options("llms", self.model):
                options.setdefault("temperature", self.temperature)
            made: BaseChatModel = registry.create("llms", Use(self.model, options))
            return made
        return _reach.remote(
            self.model,
            base_url=self.base_url,
            timeout=self.timeout,
            max_retries=self.retries,
            temperature=self.temperature,
            **self.options,
        )
