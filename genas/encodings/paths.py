"""Hand-made features of architectures: labels by position, open edges, and counts of label paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture, Frame

Features = npt.NDArray[np.float32]
_HASH = 512  # columns of a hashed vocabulary
_STEP = 37  # odd, so that multiplying by it is one-to-one modulo `_HASH`


def matrices(
    archs: Sequence[Architecture], ids: Mapping[str, int], nodes: int
) -> tuple[npt.NDArray[np.int64], Features]:
    """Architectures as matrices.

    Returns:
        the id of each node's label [B, N], which is len(ids) beyond the last node, and the edges [B, N, N].
    """
    labels = np.full((len(archs), nodes), len(ids))
    wires = np.zeros((len(archs), nodes, nodes), dtype=np.float32)
    for row, arch in enumerate(archs):
        labels[row, : len(arch.ops)] = [ids[op] for op in arch.ops]
        for source, target in arch.edges:
            wires[row, source, target] = 1
    return labels, wires


class ArchFeatures:
    """Converts architectures of one space to rows of numbers, deterministically, over 10,000 per second.

    The columns, in this order: `places`, one per free label and position of the frame, then one per size if there are
    several; `edges`, the open edges; `paths`, the number of paths from an input to an output with each sequence of
    labels. Only labels that the frame leaves free are read; the space's `zero_ops` end a path, and its `identity_ops`
    are skipped.

    Source: path encoding of White et al., BANANAS (2021), section 4, here with counts in place of bits and without
    identities. With few labels and short paths, each sequence has its own column; otherwise sequences are hashed into
    columns (collisions add up).

    Args:
        space: its frames define which labels and edges are free; it also defines zero operations and identities.
        longest: the longest path to count, in free labels.
        most: the largest number of columns without hashing.
    """

    def __init__(self, space: SearchSpace, *, longest: int = 6, most: int = 1100) -> None:
        self._sizes, nodes = list(space.sizes()), max(space.sizes())
        frames = {size: space.frame(size) for size in self._sizes}
        free = [{op for f in frames.values() if p < len(f.labels) for op in f.labels[p]} for p in range(nodes)]
        self._nodes, self._ids = nodes, {op: i for i, op in enumerate(space.ops)}
        self._places = [(p, self._ids[op]) for p in range(nodes) if len(free[p]) > 1 for op in sorted(free[p])]
        self._edges = sorted({edge for f in frames.values() for edge in f.open_edges})
        symbols = free_labels(space)
        base, length = len(symbols) + 1, min(longest, max(_deepest(f) for f in frames.values()))
        self.exact = base**length <= most
        width = base**length if self.exact else _HASH
        self._shift = self._moves(space, symbols, base, width)
        counts = len(self._places) + (len(self._sizes) if len(self._sizes) > 1 else 0)
        self.groups = {"places": slice(0, counts), "edges": slice(counts, counts + len(self._edges))}
        self.groups["paths"] = slice(counts + len(self._edges), counts + len(self._edges) + width)
        self.size = self.groups["paths"].stop

    def _moves(self, space: SearchSpace, symbols: Sequence[str], base: int, width: int) -> npt.NDArray[np.intp]:
        """For each label and new column, the old column whose count moves there; `width` is a column of zeros."""
        moves = np.tile(np.arange(width + 1), (len(space.ops) + 1, 1))  # fixed labels and identities move nothing
        old = np.arange(width)
        for number, op in enumerate(symbols, start=1):
            row = np.full(width + 1, width)
            if self.exact:  # a path is a number in base `base`; longer ones are dropped
                row[base * old[: width // base] + number] = old[: width // base]
            else:
                row[(_STEP * old + 101 * number) % width] = old
            moves[self._ids[op]] = row
        for op in space.zero_ops:
            moves[self._ids[op]] = width
        return moves

    def features(self, archs: Sequence[Architecture]) -> Features:
        """Features [B, F], one row per architecture."""
        found = np.zeros((len(archs), self.size), dtype=np.float32)
        for start in range(0, len(archs), 256):  # what fits in the cache
            self._fill(archs[start : start + 256], found[start : start + 256])
        return found

    def _fill(self, archs: Sequence[Architecture], found: Features) -> None:
        labels, wires = matrices(archs, self._ids, self._nodes)
        for column, (place, label) in enumerate(self._places):
            found[:, column] = labels[:, place] == label
        if len(self._sizes) > 1:
            sizes = np.array([len(arch.ops) for arch in archs])
            found[:, len(self._places) : self.groups["places"].stop] = sizes[:, None] == np.array(self._sizes)
        for column, (source, target) in enumerate(self._edges, start=self.groups["edges"].start):
            found[:, column] = wires[:, source, target]
        found[:, self.groups["paths"]] = self._paths(labels, wires)

    def _paths(self, labels: npt.NDArray[np.intp], wires: Features) -> Features:
        """Counts [B, W] of the paths by column, summed over the outputs."""
        width = self._shift.shape[1]
        rows = np.arange(len(labels))[:, None]
        counts = np.zeros((self._nodes, len(labels), width), dtype=np.float32)  # [N, B, W]
        ends = (wires.sum(2) == 0) & (labels < len(self._ids))  # [B, N]
        starts = (wires.sum(1) == 0) & (labels < len(self._ids))
        for node in range(self._nodes):
            here = counts[node]
            here[:, 0] = starts[:, node]
            for before in range(node):
                if (wired := wires[:, before, node]).any():
                    here += wired[:, None] * counts[before]
            counts[node] = here[rows, self._shift[labels[:, node]]]
        total: Features = np.einsum("bn,nbw->bw", ends.astype(np.float32), counts)[:, :-1]
        return total


def free_labels(space: SearchSpace) -> list[str]:
    """The labels that some node may choose, except zero operations and identities, in the order of the space."""
    frames = [space.frame(size) for size in space.sizes()]
    chosen = {op for frame in frames for labels in frame.labels if len(labels) > 1 for op in labels}
    return [op for op in space.ops if op in chosen and op not in space.identity_ops | space.zero_ops]


def _deepest(frame: Frame) -> int:
    """The largest number of free labels on a path."""
    deep = [int(len(labels) > 1) for labels in frame.labels]
    for source, target in sorted((*frame.edges, *frame.open_edges), key=lambda edge: edge[1]):
        deep[target] = max(deep[target], deep[source] + (len(frame.labels[target]) > 1))
    return max(deep)
