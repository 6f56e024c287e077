"""Lets a chat model write a search strategy from the measured trials, and architectures that follow it."""

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

_LETTERS = 7.5  # characters per word, including the space; a strategy is cut to this times `words`


class Navigator(Search):
    """A chat model in two roles: the navigator reads the history and writes a strategy, the generator follows it.

    Source: CoLLM-NAS (Li et al. 2025, arXiv 2509.26037): a navigator that keeps the history, a generator without
    memory, and a program that checks legality and repetition. The reflection on changes follows RZ-NAS (2025), the
    bands of complexity PEL-NAS (2025). Different from the papers: changes and their effects are computed rather than
    left to the model; illegal lines and lines outside the band are sent back once; good architectures of earlier runs
    can be shown; the values are the measurements of this run, without a supernet.

    A round is one batch of architectures, preceded by a new strategy if there are new trials; `ask(n)` makes at most
    1 + n / batch rounds. Replies are data: the space parses them, and a strategy is only ever put into the next prompt,
    cut to `words`. If the model fails, there are fewer candidates; none are made up. Every prompt and reply is kept in
    the ledger, so a resumed run never repeats a call. The embedded model shows that the method runs; it is too small to
    design well.

    Args:
        space: the search space.
        task: described to the model in words.
        ledger: keeps prompts, replies and retrieved architectures.
        seed: the seed of the run.
        objectives: shown to the model; the first one decides which trials are best.
        limits: shown to the model.
        model: a name of `genas list llms`, or "provider:name" for LangChain's init_chat_model.
        model_options: options of the model, such as {"path": ...} for replay; for a provider, those of its class.
        base_url: URL of an OpenAI-compatible server.
        timeout: seconds to wait for a provider's reply.
        retries: number of times the provider's client repeats a request that failed in transport.
        temperature: sampling temperature of the model.
        structured: whether to send a provider a JSON schema for lists of architectures; only for servers that support
            response_format.
        tokens: budget of tokens for the whole run; the call that exceeds it is the last. None means no budget. Calls of
            a provider that reports no token counts are not counted.
        batch: number of architectures requested per reply.
        examples: number of legal architectures shown in a prompt.
        repairs: number of times that faulty lines are sent back.
        words: approximate maximum length of a strategy in words.
        history: number of best, and number of latest, measured architectures shown to the navigator; 0 shows none.
        reflection: number of changes, with their effects, shown to the navigator; 0 shows none.
        partition: number of bands of complexity; each batch stays within one. 1 leaves the space undivided.
        complexity: name of the scorer whose quantiles divide the space.
        memory: ledgers of earlier runs, or folders that hold some. Good architectures of similar tasks are shown to the
            navigator.
        retrieval: number of architectures of earlier runs to show; 0 shows none.
        renamed: whether to hide published names from the model: neutral labels, no documentation.
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
        """Why the chat model is not called any more; None while it is."""
        return self.dialogue.silent

    def ask(self, n: int) -> list[Candidate]:
        """At most n new candidates; fewer if the model fails, repeats itself or writes illegal architectures."""
        self._queue = [candidate for candidate in self._queue if candidate.arch.key not in self._seen]
        for _ in range(1 + n // self._batch):
            if len(self._queue) >= n or not self._round():
                break
        return super().ask(min(n, len(self._queue)))

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from new trials: the next round starts with a new strategy."""
        super().tell(trials)
        self._trajectory.add(trials)
        self._news = self._news or bool(trials)

    def _next(self, generator: np.random.Generator) -> Candidate | None:
        return self._queue.pop(0)

    def _round(self) -> bool:
        """Write a new strategy if there are new trials, then a batch. Returns whether it has new candidates."""
        generator = rng(self._seed, "navigator round", self._rounds)
        self._rounds += 1
        if self._news:
            self._navigate(generator)
            self._news = False
        proposed = {candidate.arch.key for candidate in self._queue} | self._seen
        new = {arch.key: arch for arch in self._generated(generator) if arch.key not in proposed}
        note = f"written by the chat model {self._model}, told: {self._strategy or 'no strategy'}"
        self._queue += [Candidate(arch, self.name, note=note[:300]) for arch in new.values()]
        self._followed += new
        return bool(new)

    def _navigate(self, generator: np.random.Generator) -> None:
        """Ask for a new strategy; if the model fails, the last one stays."""
        off = "not told"
        with_strategy = self._history > 0 and self._strategy
        strategy = self.dialogue.text(
            "navigate",
            round(_LETTERS * self._words),
            words=self._words,
            retrieved=self._retrieved or "nothing",
            history=self._trajectory.history(self._history) if self._history else off,
            reflection=self._trajectory.reflection(self._reflection) if self._reflection else off,
            strategy=f"{self._strategy}\nThen {self._trajectory.outcome(self._followed)}." if with_strategy else "none",
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
        shown = self._wording.shown([self._wording.line(arch) for arch in examples])
        return {"task": self._wording.of_task(self._task), "limits": limits, **shown}

    @cached_property
    def _retrieved(self) -> str:
        """Good architectures of similar tasks, one per line; retrieved once per run and kept in the ledger."""
        if not self._memory or not self._retrieval:
            return ""
        identity = f"retrieval {self.name}"
        event = self._ledger.find(identity)
        if event is None:
            retrieved, left_out = recall(self._space, self._task, self._memory, self._retrieval, self._ledger.path)
            event = {"kind": "retrieval", "id": identity, "found": retrieved, "left_out": left_out}
            self._ledger.append(event)
        return "\n".join(map(self._remembered, event["found"]))

    def _remembered(self, past: dict[str, Any]) -> str:
        try:
            line = self._wording.line(self._space.from_text(past["line"]))
        except InvalidArchitecture as error:
            raise RequestError(f"memory: {past['line']!r} is no architecture of this space: {error}") from error
        task = "another task" if self._wording.renamed else past["task"]
        return f"{line}: {past['metric']} {past['value']:.4g} on {task}"
