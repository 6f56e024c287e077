"""Asks a chat model for architectures: the embedded one, or any that LangChain can reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.ranges import Amount, Batch, Count, Few, Seconds, Tokens
from genas.core.records import Architecture, Candidate, Constraint
from genas.core.rng import rng
from genas.llms._dialogue import Access, Dialogue
from genas.llms._wording import Wording

_SHOWN = 24  # architectures already proposed that a prompt lists at most


class LLM(Proposer):
    """Architectures that a chat model writes after seeing the task, the limits and legal examples.

    Replies are data: each line is parsed by the space, illegal ones go back for repair, and what stays illegal is
    dropped. Every prompt and reply is written into the ledger, so that a run that goes on calls no model twice. The
    embedded model is worse than random sampling; use a large one where quality matters. Keys of providers come from
    the environment only. The refiner `navigator` learns from what was measured; this one does not.

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
        structured: whether a provider is sent a JSON schema that the reply must follow; for servers that honour
            response_format.
        tokens: that may be spent in all; the call that goes beyond is the last. None is no limit. What a provider
            does not tell the tokens of is not counted.
        batch: architectures asked for in one prompt.
        examples: legal architectures shown in a prompt.
        repairs: times that illegal lines are sent back.
        renamed: whether published names are hidden from the model: neutral labels, no documentation.
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
        timeout: Seconds = 60.0,
        retries: Few = 2,
        temperature: Amount = 0.7,
        structured: bool = False,
        tokens: Tokens | None = None,
        batch: Batch = 8,
        examples: Count = 6,
        repairs: Few = 1,
        renamed: bool = False,
    ) -> None:
        self.space, self.task, self.seed, self.limits, self.model = space, task, seed, tuple(limits), model
        self.batch, self.examples, self.repairs = batch, examples, repairs
        self.wording = Wording(space, seed=seed, renamed=renamed)
        access = Access(model, model_options, base_url, timeout, retries, temperature, structured, tokens)
        self.dialogue = Dialogue(self.name, access, self.wording, ledger, seed)
        self._asked = 0
        self._seen: dict[str, Architecture] = {}

    @property
    def silent(self) -> str | None:  # type: ignore[override]  # read only here
        """Why the chat model is asked no more, where it is not."""
        return self.dialogue.silent

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
        generator = rng(self.seed, self.name, self._asked)
        examples = [self.wording.line(self.space.sample(generator)) for _ in range(self.examples)]
        seen = [self.wording.line(arch) for arch in list(self._seen.values())[-_SHOWN:]]
        return self.dialogue.architectures(
            "propose",
            count,
            self.wording.shown(examples),
            repairs=self.repairs,
            task=self.wording.of_task(self.task),
            limits=", ".join(map(str, self.limits)) or "none",
            seen="\n".join(seen) or "none",
        )
