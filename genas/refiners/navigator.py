"""Lets a chat model write a strategy from what was measured, and architectures that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from genas.core.errors import InvalidArchitecture, RequestError
from genas.core.interfaces import SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.ranges import Amount, Batch, Count, Few, Seconds, Tokens, Whole
from genas.core.records import Architecture, Candidate, Constraint, Objective, Trial
from genas.core.rng import rng
from genas.llms._dialogue import Access, Dialogue
from genas.llms._memory import recall
from genas.llms._wording import Wording
from genas.refiners._bands import Bands
from genas.refiners._search import Search
from genas.refiners._trajectory import Trajectory

_LETTERS = 7.5  # characters of a word, with the space, that are kept of a strategy


class Navigator(Search):
    """One role reads the history and says where to search, another writes architectures and sees only those words.

    Source: CoLLM-NAS (Li et al. 2025, arXiv 2509.26037): a navigator that keeps the history, a generator without
    memory, and a program that checks legality and repeats. The reflection on changes is that of RZ-NAS (2025), the
    bands of complexity those of PEL-NAS (2025). Different here: changes and their effects are computed rather than left
    to the model; illegal lines and lines outside the band go back once; what served in earlier runs can be told; the
    figures are those of the run's own measurements, without a supernet.

    A round is one strategy, written when something new was told, and one batch of architectures; an ask for n makes
    1 + n / batch rounds at most. Replies are data: they are parsed by the space, and a strategy is only ever put into
    the next prompt, cut to `words`. Where the model fails there are fewer candidates, none are made up. Every
    prompt and reply is in the ledger, and a run that goes on calls no model twice. The embedded model proves that the
    way works and is no designer.

    Args:
        space: where the architectures come from.
        task: told to the model in words.
        ledger: remembers prompts, replies and what was retrieved.
        seed: of the run.
        objectives: told to the model; the first one says what is best.
        limits: told to the model.
        model: a name of `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        model_options: options of the model, such as {"path": ...} for replay; for a provider, what its class takes.
        base_url: of an OpenAI-compatible server.
        timeout: seconds to wait for one reply of a provider.
        retries: times that a failed transport is tried again by the provider's client.
        temperature: how freely the model draws.
        structured: whether a provider is sent a JSON schema that lists of architectures must follow; for servers that
            honour response_format.
        tokens: that may be spent in all; the call that goes beyond is the last. None is no limit. What a provider
            does not tell the tokens of is not counted.
        batch: architectures asked for in one reply.
        examples: legal architectures shown in a prompt.
        repairs: times that wrong lines are sent back.
        words: of a strategy, about so many at most.
        history: best and latest measured architectures told to the navigator, so many each; 0 tells none.
        reflection: changes and their effects told to the navigator; 0 tells none.
        partition: bands of complexity, one of which each batch stays in; 1 leaves the space whole.
        complexity: the scorer whose quantiles part the space.
        memory: ledgers of earlier runs, or folders of such; what served on similar tasks is told to the navigator.
        retrieval: architectures of earlier runs that are told; 0 tells none.
        renamed: whether published names are hidden from the model: neutral labels, no documentation.
    """

    name = "navigator"

    def __init__(  # noqa: PLR0917
        self,
        space: SearchSpace,
        task: Task,
        ledger: Ledger,
        seed: int,
        objectives: Sequence[Objective],
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
        batch: Batch = 12,
        examples: Count = 6,
        repairs: Few = 1,
        words: Count = 120,
        history: Whole = 8,
        reflection: Whole = 6,
        partition: Count = 3,
        complexity: str = "params",
        memory: Sequence[str] = (),
        retrieval: Whole = 4,
        renamed: bool = False,
    ) -> None:
        super().__init__(space, seed, objectives[:1])
        self._task, self._ledger, self._limits, self._model = task, ledger, tuple(limits), model
        self._batch, self._examples, self._repairs = batch, examples, repairs
        self._words = words
        self._history, self._reflection, self._retrieval, self._memory = history, reflection, retrieval, memory
        self._wording = Wording(space, seed=seed, renamed=renamed)
        access = Access(model, model_options, base_url, timeout, retries, temperature, structured, tokens)
        self.dialogue = Dialogue(self.name, access, self._wording, ledger, seed)
        self._trajectory = Trajectory(space, self._wording, objectives, [limit.metric for limit in limits])
        self._bands = Bands(space, task, limits, seed, measure=complexity, count=partition)
        self._strategy, self._followed, self._news = "", list[str](), True
        self._queue: list[Candidate] = []
        self._rounds = 0

    @property
    def silent(self) -> str | None:  # type: ignore[override]  # read only here
        """Why the chat model is asked no more, where it is not."""
        return self.dialogue.silent

    def ask(self, n: int) -> list[Candidate]:
        """At most n new candidates; fewer where the model fails, repeats itself or stays illegal."""
        self._queue = [candidate for candidate in self._queue if candidate.arch.key not in self._seen]
        for _ in range(1 + n // self._batch):
            if len(self._queue) >= n or not self._round():
                break
        return super().ask(min(n, len(self._queue)))

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from what was measured: the next round begins with a new strategy."""
        super().tell(trials)
        self._trajectory.add(trials)
        self._news = self._news or bool(trials)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        return self._queue.pop(0)

    def _round(self) -> bool:
        """Whether a strategy, where there is news, and a batch brought new candidates."""
        generator = rng(self._seed, "navigator round", self._rounds)
        self._rounds += 1
        if self._news:
            self._navigate(generator)
            self._news = False
        waiting = {candidate.arch.key for candidate in self._queue} | self._seen
        new = {arch.key: arch for arch in self._generated(generator) if arch.key not in waiting}
        note = f"written by the chat model {self._model}, told: {self._strategy or 'no strategy'}"
        self._queue += [Candidate(arch, self.name, note=note[:300]) for arch in new.values()]
        self._followed += new
        return bool(new)

    def _navigate(self, generator: np.random.Generator) -> None:
        """Ask for a new strategy; where the model fails, the last one stands."""
        off = "not told"
        told = self._history > 0 and self._strategy
        strategy = self.dialogue.text(
            "navigate",
            round(_LETTERS * self._words),
            words=self._words,
            retrieved=self._retrieved or "nothing",
            history=self._trajectory.history(self._history) if self._history else off,
            reflection=self._trajectory.reflection(self._reflection) if self._reflection else off,
            strategy=f"{self._strategy}\nThen {self._trajectory.outcome(self._followed)}." if told else "none",
            **self._common([self._space.sample(generator) for _ in range(self._examples)]),
        )
        if strategy is not None:
            self._strategy, self._followed = strategy, []

    def _generated(self, generator: np.random.Generator) -> list[Architecture]:
        band = self._bands.draw(self._trajectory.best(), generator)
        chosen = generator.permutation(len(band.samples))[: self._examples]
        values = self._common([band.samples[int(i)] for i in chosen])
        shown = {key: values.pop(key) for key in ("space", "operations", "examples")}
        return self.dialogue.architectures(
            "generate",
            self._batch,
            shown,
            repairs=self._repairs,
            fault=lambda arch: self._bands.fault(arch, band),
            strategy=self._strategy or "none; use what you know",
            band=band.words,
            **values,
        )

    def _common(self, examples: Sequence[Architecture]) -> dict[str, str]:
        limits = ", ".join(map(str, self._limits)) or "none"
        told = self._wording.shown([self._wording.line(arch) for arch in examples])
        return {"task": self._wording.of_task(self._task), "limits": limits, **told}

    @cached_property
    def _retrieved(self) -> str:
        """What served on similar tasks, one a line; looked for once a run and then kept in the ledger."""
        if not self._memory or not self._retrieval:
            return ""
        identity = f"retrieval {self.name}"
        event = self._ledger.find(identity)
        if event is None:
            found, left_out = recall(self._space, self._task, self._memory, self._retrieval, self._ledger.path)
            event = {"kind": "retrieval", "id": identity, "found": found, "left_out": left_out}
            self._ledger.append(event)
        return "\n".join(map(self._remembered, event["found"]))

    def _remembered(self, past: dict[str, Any]) -> str:
        try:
            line = self._wording.line(self._space.from_text(past["line"]))
        except InvalidArchitecture as error:
            raise RequestError(f"memory: {past['line']!r} is no architecture of this space: {error}") from error
        task = "another task" if self._wording.renamed else past["task"]
        return f"{line}: {past['metric']} {past['value']:.4g} on {task}"
