"""A recurrent controller: a small LSTM that samples the decisions of an architecture one after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import log_softmax
from torch import Tensor, nn

from genas.encodings.decisions import Decisions
from genas.training.fresh import seeded

_BOUND = 0.08  # initial weights are uniform in [-_BOUND, _BOUND], so that the first choices are nearly uniform


class Draw(NamedTuple):
    """A sampled sequence of decisions.

    Args:
        values: the value of each decision.
        log_probs: the log-probability of each decision at the time of sampling.
    """

    values: tuple[int, ...]
    log_probs: tuple[float, ...]


class _Row(NamedTuple):
    """A sequence during sampling; `spans` holds the token range (from, to) of each decision."""

    values: list[int]
    log_probs: list[float]
    spans: list[tuple[int, int]]


class Controller(nn.Module):
    """An autoregressive distribution over the architectures of a space.

    Source: Zoph & Le, "Neural Architecture Search with Reinforcement Learning" (ICLR 2017), section 3.1. Different
    here: the choices of all decisions share one vocabulary, and all tokens but those of the current decision are
    masked, so that the first decision can be the number of nodes and the later ones can depend on it; one layer instead
    of two.

    Args:
        decisions: the decisions of the space.
        width: size of the embedding and of the hidden state.
        seed: seed of the initial weights.
    """

    def __init__(self, decisions: Decisions, *, width: int = 48, seed: int = 0) -> None:
        super().__init__()
        self._decisions = decisions
        self._start: dict[str, int] = {}  # token of the first choice of each decision; token 0 starts a sequence
        tokens = 1
        for size in decisions.sizes:
            for decision in decisions.of(size):
                if decision.name not in self._start:
                    self._start[decision.name] = tokens
                    tokens += len(decision.choices)
        with seeded(seed, "controller"):
            self.embedding = nn.Embedding(tokens, width)
            self.lstm = nn.LSTM(width, width, batch_first=True)
            self.head = nn.Linear(width, tokens)
            for weights in self.parameters():
                nn.init.uniform_(weights, -_BOUND, _BOUND)

    @torch.no_grad()
    def sample(self, generator: np.random.Generator, count: int = 1) -> list[Draw]:
        """Sample `count` independent sequences of decisions with the random numbers of `generator`."""
        rows = [_Row([], [], self._spans(0)[:1]) for _ in range(count)]  # the first decision is the same in every size
        tokens, state, place = torch.zeros(count, 1, dtype=torch.long), None, 0  # [count, 1]
        while any(place < len(row.spans) for row in rows):
            hidden, state = self.lstm(self.embedding(tokens), state)  # [count, 1, width]
            logits = self.head(hidden)[:, 0].double().numpy()  # [count, tokens]
            for number, (row, dice) in enumerate(zip(rows, generator.random(count), strict=True)):
                if place < len(row.spans):
                    first, last = row.spans[place]
                    log_p = log_softmax(logits[number, first:last])  # [choices]
                    value = int(np.searchsorted(np.exp(log_p[:-1]).cumsum(), dice, side="right"))
                    row.values.append(value)
                    row.log_probs.append(float(log_p[value]))
                    tokens[number, 0] = first + value
            if place == 0:
                rows = [row._replace(spans=self._spans(row.values[0])) for row in rows]
            place += 1
        return [Draw(tuple(row.values), tuple(row.log_probs)) for row in rows]

    def forward(self, batch: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Log-probability [B, T] and entropy [B, T] of each decision; 0 beyond the end of a shorter sequence.

        Args:
            batch: B sequences of values, as `sample` and `Decisions.read` return them.
        """
        longest = max(map(len, batch))
        chosen = torch.zeros(len(batch), longest, dtype=torch.long)  # [B, T]
        allowed = torch.zeros(len(batch), longest, self.head.out_features, dtype=torch.bool)  # [B, T, tokens]
        for row, values in enumerate(batch):
            allowed[row, len(values) :, 0] = True  # beyond the end: a single choice, with log-probability 0
            for place, (value, (first, last)) in enumerate(zip(values, self._spans(values[0]), strict=True)):
                chosen[row, place] = first + value
                allowed[row, place, first:last] = True
        before = torch.nn.functional.pad(chosen[:, :-1], (1, 0))  # [B, T]
        hidden, _ = self.lstm(self.embedding(before))  # [B, T, width]
        log_p = self.head(hidden).masked_fill(~allowed, -torch.inf).log_softmax(2)  # [B, T, tokens]
        entropies = -(log_p.exp() * log_p.masked_fill(~allowed, 0.0)).sum(2)  # [B, T]
        return log_p.gather(2, chosen.unsqueeze(2)).squeeze(2), entropies

    def uniform(self, values: Sequence[int]) -> Draw:
        """The sequence as a draw whose choices had uniform probabilities."""
        return Draw(tuple(values), tuple(-math.log(last - first) for first, last in self._spans(values[0])))

    def _spans(self, size: int) -> list[tuple[int, int]]:
        """The token range (from, to) of each decision, if the first decision has the value `size`."""
        decisions = self._decisions.of(self._decisions.sizes[size])
        starts = [self._start[decision.name] for decision in decisions]
        return [(start, start + len(d.choices)) for start, d in zip(starts, decisions, strict=True)]
