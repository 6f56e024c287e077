"""Asks a chat model for architectures: the embedded model, or any model that LangChain can reach."""

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

_SHOWN = 24  # maximum number of earlier proposals that a prompt lists


class LLM(Proposer):
    """A chat model writes architectures, given the task, the limits and legal examples.

    Replies are data: the space parses each line, illegal lines are sent back for repair, and lines that stay illegal
    are dropped. Every prompt and reply is kept in the ledger, so a resumed run never repeats a call. The embedded model
    is worse than random sampling; use a large model where quality matters. API keys are read from the environment only.
    This proposer does not learn from measured trials; the refiner `navigator` does.

    Args:
        space: the search space.
        task: described to the model in words.
        ledger: keeps prompts and replies.
        seed: decides the examples, and the samples of the embedded model.
        limits: shown to the model.
        model: a name of `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        model_options: options of the model, such as {"path": ...} for replay; for a provider, those of its class.
        base_url: URL of an OpenAI-compatible server.
        timeout: seconds to wait for a provider's reply.
        retries: number of times the provider's client repeats a request that failed in transport.
        temperature: sampling temperature of the model.
        structured: whether to send a provider a JSON schema for the reply; only for servers that support
            response_format.
        tokens: budget of tokens for the whole run; the call that exceeds it is the last. None means no budget. Calls of
            a provider that reports no token counts are not counted.
        batch: number of architectures requested per prompt.
        examples: number of legal architectures shown in a prompt.
        repairs: number of times that illegal lines are sent back.
        renamed: whether to hide published names from the model: neutral labels, no documentation.
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
        """Why the chat model is not called any more; None while it is."""
        return self.dialogue.silent

    def ask(self, n: int) -> list[Candidate]:
        """At most n new legal architectures; fewer if the model fails, repeats itself or writes illegal ones."""
        candidates: list[Candidate] = []
        for start in range(0, n, self.batch):
            count = min(self.batch, n - start)
            for arch in self._proposed(count):
                if arch.key not in self._seen:
                    self._seen[arch.key] = arch
                    candidates.append(Candidate(arch, self.name, note=f"written by the chat model {self.model}"))
            self._asked += count
        return candidates

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
