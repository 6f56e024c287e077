"""The legal wirings of a space as an automaton that reads open edges one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pair = tuple[int, int]


class LegalWirings:
    """The legal wirings of several sizes, read pair by pair; prefixes with the same legal endings share a state.

    Source: the minimal acyclic automaton of a finite set of words (Revuz 1992), merged level by level from the end.
    NAS-Bench-101's 6,472 wirings have at most 58 states per level, so a batch of graphs is checked in a millisecond.

    Args:
        tables: for each number of nodes, the pairs that each legal wiring has, as booleans [W, P].
        pairs: (source, target) of the P pairs of nodes that may be edges.
    """

    def __init__(self, tables: Mapping[int, NDArray[np.bool_]], pairs: Sequence[Pair]) -> None:
        self.pairs = torch.tensor(pairs).T  # [2, P]
        self.place = torch.full((max(tables) + 1,), -1)
        self.place[list(tables)] = torch.arange(len(tables))
        bits = np.concatenate(list(tables.values())).astype(np.int64)
        begun = [np.repeat(np.arange(len(tables)), [len(table) for table in tables.values()])]
        for column in bits.T:  # number the distinct prefixes
            begun.append(np.unique(begun[-1] * 2 + column, return_inverse=True)[1])
        state = np.zeros(begun[-1].max() + 1, dtype=np.int64)  # of each prefix
        self.after: list[Tensor] = []  # for each pair, the next state if it is absent and if it is present: [2, S]
        for number in reversed(range(bits.shape[1])):
            ways = np.full((begun[number].max() + 1, 2), state.max() + 1)  # one beyond the last state: a dead end
            ways[begun[number], bits[:, number]] = state[begun[number + 1]]
            kinds, state = np.unique(ways, axis=0, return_inverse=True)
            self.after.insert(0, torch.from_numpy(kinds.T))
        self.starts = torch.from_numpy(state)

    def possible(self, edges: Tensor, nodes: Tensor) -> Tensor:
        """Whether some legal wiring agrees with all unmasked edges, as booleans [B].

        Args:
            edges: [B, N, N], absent, present or masked.
            nodes: [B] numbers of nodes.
        """
        shown = edges[:, self.pairs[0], self.pairs[1]].T  # [P, B]
        ends = torch.tensor([[True], [False]]).expand(2, len(edges))  # whether each state can end legally: [S + 1, B]
        for (without, with_), value in zip(reversed(self.after), reversed(shown), strict=True):
            here = (ends[without] & (value != 1)) | (ends[with_] & (value != 0))
            ends = torch.cat([here, torch.zeros_like(here[:1])])
        return ends[self.starts[self.place[nodes]], torch.arange(len(edges))]

    def mend(self, drawn: Tensor, before: Tensor, nodes: Tensor, generator: torch.Generator) -> Tensor:
        """The sampled edges [B, N, N], with those flipped after which no legal wiring would be possible.

        The sampled edges are fixed one after another in random order, so an edge is flipped only where it must be.
        (Sampling whole legal wirings in proportion to the product of the edges' probabilities would prefer sparse
        ones.)

        Args:
            drawn: [B, N, N] the edges after sampling.
            before: [B, N, N] the edges before sampling, which a legal wiring agrees with.
            nodes: [B] numbers of nodes.
            generator: draws the order; on the CPU.
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
