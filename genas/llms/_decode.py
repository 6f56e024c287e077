"""Generates an answer token by token, under a grammar if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from llguidance import LLMatcher
from llguidance.torch import allocate_token_bitmask, fill_next_token_bitmask

from genas.core.errors import LLMFailed


class _Guide:
    """The tokens that may come next under a grammar; without a grammar, all."""

    def __init__(self, tokenizer: Any, grammar: str | None, vocabulary: int) -> None:
        self._matcher = None if grammar is None else LLMatcher(tokenizer, grammar)
        self._mask = allocate_token_bitmask(1, vocabulary)
        self._check()

    def _check(self) -> None:
        if self._matcher is not None and self._matcher.is_error():
            raise LLMFailed(f"The grammar for the answer can't be used: {self._matcher.get_error()}")

    def forced(self) -> list[int]:
        """Take the tokens that the grammar leaves no choice about, and return them."""
        if self._matcher is None or self._matcher.is_stopped():
            return []
        tokens = [int(token) for token in self._matcher.compute_ff_tokens()]
        if tokens:
            self._matcher.consume_tokens(tokens)
            self._check()
        return tokens

    def mask(self, logits: torch.Tensor) -> None:
        """Set the logits of forbidden tokens to minus infinity, in place."""
        if self._matcher is not None:
            fill_next_token_bitmask(self._matcher, self._mask)
            bits = (self._mask[..., None] >> torch.arange(32, dtype=torch.int32)) & 1  # [1, K / 32, 32]
            logits.masked_fill_(bits.view(1, -1)[:, : logits.shape[1]] == 0, float("-inf"))

    def take(self, token: int) -> None:
        """Tell the grammar which token was drawn."""
        if self._matcher is not None:
            self._matcher.consume_token(token)
            self._check()

    @property
    def done(self) -> bool:
        """Whether the answer is complete."""
        return self._matcher is not None and self._matcher.is_stopped()


@torch.inference_mode()
def decode(
    model: Any,
    prompt: Sequence[int],
    *,
    guide: Any,
    grammar: str | None,
    temperature: float,
    seed: int,
    limit: int,
    end: int,
) -> tuple[list[int], bool]:
    """The answer's tokens, and whether the model ended it (rather than the limit).

    Args:
        model: a causal language model of transformers.
        prompt: token numbers.
        guide: llguidance's view of the tokenizer.
        grammar: an llguidance grammar, or None for free text.
        temperature: 0 takes the likeliest token.
        seed: of the sampling; the global random state is not used.
        limit: number of tokens, at most.
        end: the end-of-text token.

    Raises:
        LLMFailed: the grammar is not valid.
    """
    generator = torch.Generator().manual_seed(seed)
    state = _Guide(guide, grammar, model.config.vocab_size)
    answer = state.forced()
    fresh, memory = [*prompt, *answer], None
    while len(answer) < limit and not state.done:
        out = model(torch.tensor([fresh]), past_key_values=memory, use_cache=True, logits_to_keep=1)
        memory, logits = out.past_key_values, out.logits[:, -1].float()  # [1, K]
        state.mask(logits)
        token = _draw(logits, temperature, generator)
        state.take(token)
        if token == end:
            return answer, True
        fresh = [token, *state.forced()]
        answer += fresh
    return [token for token in answer[:limit] if token != end], state.done


def _draw(logits: torch.Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature <= 0:
        return int(logits.argmax())
    chances = torch.softmax(logits / temperature, dim=-1)  # [1, K]
    return int(torch.multinomial(chances, 1, generator=generator))
