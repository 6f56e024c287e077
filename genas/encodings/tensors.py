"""Architectures as tensors and back, under the frame of their space, for the diffusion model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genas.core.errors import InvalidArchitecture
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.encodings.legal_wirings import LegalWirings

ABSENT, PRESENT, MASKED_EDGE = 0, 1, 2


class Graphs(NamedTuple):
    """A batch of graphs, possibly with masked entries. Ids of nodes: 0..K-1 are the K labels, K masked, K+1 padding."""

    nodes: Tensor  # [B, N]
    edges: Tensor  # [B, N, N] at (source, target): absent, present or masked

    def to(self, device: str) -> Graphs:
        """The same batch on another device."""
        return Graphs(self.nodes.to(device), self.edges.to(device))

    def rows(self, chosen: Tensor) -> Graphs:
        """The chosen graphs."""
        return Graphs(self.nodes[chosen], self.edges[chosen])


class Codec:
    """Converts architectures of one space to `Graphs` and back. Parts that the frame fixes are never masked.

    Args:
        space: provides the frame of every size.
        ops: the labels in the order of their ids. (A model keeps its own list, so a space may gain labels.)
        max_nodes: N; every graph is padded to this number of nodes.
    """

    def __init__(self, space: SearchSpace, ops: Sequence[str], max_nodes: int) -> None:
        self.space, self.ops, self.max_nodes = space, tuple(ops), max_nodes
        self.ids = {op: i for i, op in enumerate(self.ops)}
        self.masked, self.padding = len(self.ops), len(self.ops) + 1
        self.frame = lru_cache(maxsize=None)(space.frame)
        self._blank = lru_cache(maxsize=None)(self._blank_of)

    def _blank_of(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        frame = self.frame(size)
        nodes = torch.full((self.max_nodes,), self.padding)
        edges = torch.full((self.max_nodes, self.max_nodes), ABSENT)
        allowed = torch.zeros(self.max_nodes, len(self.ops), dtype=torch.bool)
        for node, labels in enumerate(frame.labels):
            known = [self.ids[label] for label in labels if label in self.ids]
            allowed[node, known] = True
            nodes[node] = known[0] if len(labels) == 1 and known else self.masked
        for source, target in frame.edges:
            edges[source, target] = PRESENT
        for source, target in frame.open_edges:
            edges[source, target] = MASKED_EDGE
        return nodes, edges, allowed

    def sizes(self) -> list[int]:
        """The sizes of the space that fit `max_nodes` and leave every node at least one label of `ops`."""
        fitting = [size for size in self.space.sizes() if size <= self.max_nodes]
        return [n for n in fitting if all(self.ids.keys() & set(labels) for labels in self.frame(n).labels)]

    @cached_property
    def wirings(self) -> LegalWirings | None:
        """The legal wirings; None if every open edge is free.

        Raises:
            TypeError: the space lists wirings for some sizes only.
        """
        tables = {size: table for size in self.sizes() if (table := self.space.wirings(size)) is not None}
        if not tables:
            return None
        if len(tables) < len(self.sizes()):
            raise TypeError(f"wirings() of the space {self.space.name} must return a table for every size or for none")
        pairs = sorted({pair for size in tables for pair in (*self.frame(size).edges, *self.frame(size).open_edges)})
        column = {pair: number for number, pair in enumerate(pairs)}
        whole = {}
        for size, table in tables.items():
            whole[size] = np.zeros((len(table), len(pairs)), dtype=bool)
            whole[size][:, [column[pair] for pair in self.frame(size).edges]] = True
            whole[size][:, [column[pair] for pair in self.frame(size).open_edges]] = table
        return LegalWirings(whole, pairs)

    def blank(self, sizes: Sequence[int]) -> Graphs:
        """One graph per size, with all open labels and edges masked."""
        parts = [self._blank(size) for size in sizes]
        return Graphs(torch.stack([p[0] for p in parts]), torch.stack([p[1] for p in parts]))

    def allowed(self, sizes: Sequence[int]) -> Tensor:
        """The labels that each node may have, as booleans [B, N, K]."""
        return torch.stack([self._blank(size)[2] for size in sizes])

    def fits(self, arch: Architecture) -> bool:
        """Whether the architecture lies in the frame of its size and has only labels of `ops`."""
        if len(arch.ops) not in self.space.sizes():
            return False
        frame = self.frame(len(arch.ops))
        inside = all(op in self.ids and op in labels for op, labels in zip(arch.ops, frame.labels, strict=True))
        edges = set(arch.edges)
        return inside and set(frame.edges) <= edges <= {*frame.edges, *frame.open_edges}

    def encode(self, archs: Sequence[Architecture]) -> Graphs:
        """The architectures as tensors.

        Raises:
            InvalidArchitecture: an architecture lies outside the frame of its size.
        """
        nodes = torch.full((len(archs), self.max_nodes), self.padding)
        edges = torch.full((len(archs), self.max_nodes, self.max_nodes), ABSENT)
        for row, arch in enumerate(archs):
            if not self.fits(arch):
                raise InvalidArchitecture([f"{self.space.to_text(arch)} is not in the frame of {self.space.name}"])
            nodes[row, : len(arch.ops)] = torch.tensor([self.ids[op] for op in arch.ops])
            for source, target in arch.edges:
                edges[row, source, target] = PRESENT
        return Graphs(nodes, edges)

    def decode(self, graphs: Graphs) -> list[Architecture]:
        """The architectures of graphs without masked entries; they may still be illegal in their space."""
        found = []
        for nodes, edges in zip(graphs.nodes.tolist(), graphs.edges, strict=True):
            ops = tuple(self.ops[i] for i in nodes if i != self.padding)
            pairs = sorted((int(i), int(j)) for i, j in (edges == PRESENT).nonzero().tolist())
            found.append(Architecture(self.space.name, ops, tuple(pairs)))
        return found
