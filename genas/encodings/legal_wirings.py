"""Which open edges an architecture may have together, as an automaton that reads them one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pair = tuple[int, int]


class LegalWirings:
    """The legal wirings of several sizes, read pair by pair; beginnings that may end alike share a state.

    Source: the smallest acyclic automaton of a finite set of words (Revuz 1992), merged level by level from the end.
    NAS-Bench-101's 6,472 wirings have at most 58 states a level, so a batch of graphs is checked in a millisecond.

    Args:
        tables: of each number of nodes, which of the pairs each legal wiring has, [W, P] as booleans.
        pairs: (source, target) of the P pairs; all others stay as they are.
    """

    def __init__(self, tables: Mapping[int, NDArray[np.bool_]], pairs: Sequence[Pair]) -> None:
        self.pairs = torch.tensor(pairs).T  # [2, P]
        self.place = torch.full((max(tables) + 1,), -1)
        self.place[list(tables)] = torch.arange(len(tables))
        bits = np.concatenate(list(tables.values())).astype(np.int64)
        begun = [np.repeat(np.arange(len(tables)), [len(table) for table in tables.values()])]
        for column in bits.T:  # a number for each different beginning
            begun.append(np.unique(begun[-1] * 2 + column, return_inverse=True)[1])
        state = np.zeros(begun[-1].max() + 1, dtype=np.int64)  # of each beginning
        self.after: list[Tensor] = []  # of each pair, the states that follow its absence and its presence, [2, S]
        for number in reversed(range(bits.shape[1])):
            ways = np.full((begun[number].max() + 1, 2), state.max() + 1)  # the state after the last has no end
            ways[begun[number], bits[:, number]] = state[begun[number + 1]]
            kinds, state = np.unique(ways, axis=0, return_inverse=True)
            self.after.insert(0, torch.from_numpy(kinds.T))
        self.starts = torch.from_numpy(state)

    def possible(self, edges: Tensor, nodes: Tensor) -> Tensor:
        """Whether a legal wiring has all that is shown, as booleans [B].

        Args:
            edges: [B, N, N], absent, present or masked.
            nodes: [B] numbers of them.
        """
        shown = edges[:, self.pairs[0], self.pairs[1]].T  # [P, B]
        ends = torch.tensor([[True], [False]]).expand(2, len(edges))  # of each state, [S + 1, B]
        for (without, with_), value in zip(reversed(self.after), reversed(shown), strict=True):
            here = (ends[without] & (value != 1)) | (ends[with_] & (value != 0))
            ends = torch.cat([here, torch.zeros_like(here[:1])])
        return ends[self.starts[self.place[nodes]], torch.arange(len(edges))]

    def mend(self, drawn: Tensor, before: Tensor, nodes: Tensor, generator: torch.Generator) -> Tensor:
        """The drawn edges [B, N, N], those turned round that would leave no legal wiring.

        What was drawn is shown one after another in random order, so an edge that may be either way stays as drawn.
        (To draw whole legal wirings in proportion to the product of the edges' probabilities prefers sparse ones.)

        Args:
            before: the same with what was drawn masked; a legal wiring has all that it shows.
            nodes: [B] numbers of them.
        """
        wrong = (~self.possible(drawn, nodes)).nonzero().flatten()
        if not len(wrong):
            return drawn
        wanted, now, nodes = drawn[wrong].flatten(1), before[wrong].flatten(1), nodes[wrong]
        new = wanted != now
        order = torch.rand(now.shape, generator=generator).masked_fill(~new, 2.0).argsort(1)
        for place in order[:, : int(new.sum(1).max())].T[:, :, None]:  # [B, 1]
            value = wanted.gather(1, place)
            now = now.scatter(1, place, value)
            dead = ~self.possible(now.view(-1, *drawn.shape[1:]), nodes)[:, None]
            now = now.scatter(1, place, torch.where(dead, 1 - value, value))
        return drawn.index_copy(0, wrong, now.view(-1, *drawn.shape[1:]))
